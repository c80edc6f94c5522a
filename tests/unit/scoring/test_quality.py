"""What answers look like before they are scored, and what is said where they look wrong."""

import numpy as np
import pytest

from scoring.keyed import KeyedAnswers
from scoring.quality import as_given, keying_alarms, longest_runs, quality, shifted_by

NAN = np.nan


def scale(
    values: np.ndarray | list[list[float]],
    *,
    reversed_items: tuple[int, ...] = (),
    top: float = 3.0,
    not_asked: np.ndarray | None = None,
) -> KeyedAnswers:
    """A scale from 0 to top; `values` as people gave them."""
    given = np.array(values, dtype=float)
    k = given.shape[1]
    items = tuple(f"item{number}" for number in range(1, k + 1))
    turned = [number - 1 for number in reversed_items]
    given[:, turned] = top - given[:, turned]
    names = tuple(items[number] for number in turned)
    return KeyedAnswers(items, given, np.zeros(k), np.full(k, top), "mood", names, not_asked)


def related(n: int = 200, k: int = 6, seed: int = 4) -> np.ndarray:
    """Answers 0 to 3 that go together."""
    rng = np.random.default_rng(seed)
    latent = rng.standard_normal((n, 1)) + rng.standard_normal((n, k))
    return np.clip(np.round(latent + 1.5), 0, 3)


def said(keyed: KeyedAnswers) -> str:
    return " ".join(finding.message for finding in quality(keyed).findings)


def alarms(keyed: KeyedAnswers) -> list[tuple[str, str]]:
    return [(finding.subject, finding.message) for finding in keying_alarms(keyed)]


def test_completion_counts_what_was_asked() -> None:
    not_asked = np.zeros((5, 3), dtype=bool)
    not_asked[4, :], not_asked[3, 2] = True, True
    values = [[1, 2, 3], [1, NAN, 3], [NAN] * 3, [1, 2, NAN], [NAN] * 3]
    found = quality(scale(values, not_asked=not_asked)).completion
    assert (found.n_rows, found.n_asked) == (5, 4)
    assert (found.n_complete, found.n_partial, found.n_empty) == (2, 1, 1)
    assert found.share == pytest.approx(7 / 11)


def test_nobody_asked_is_said() -> None:
    keyed = scale(np.full((3, 2), NAN), not_asked=np.ones((3, 2), dtype=bool))
    assert "Nobody was asked" in said(keyed)
    assert np.isnan(quality(keyed).completion.share)
    assert np.isnan(quality(keyed).floor_share)


def test_complete_answers_that_differ_say_nothing() -> None:
    assert quality(scale(related())).findings == ()
    assert keying_alarms(scale(related())) == ()


@pytest.mark.parametrize(
    ("row", "longest"),
    [
        ([1, 1, 2, 2, 2], 3),
        ([1, 2, 1, 2, 1], 1),
        ([1, 1, NAN, 1, 1], 2),
        ([NAN, NAN, NAN, NAN, 2], 1),
        ([NAN] * 5, 0),
        ([0] * 5, 5),
    ],
)
def test_the_longest_run_ends_at_another_answer_or_a_gap(row: list[float], longest: int) -> None:
    assert longest_runs(np.array([row])).tolist() == [longest]


def test_a_straight_line_is_one_as_it_was_given() -> None:
    values = [[2, 2, 2, 2, 2], [2, 1, 2, 1, 2], [2, 2, 2, 2, NAN]]
    keyed = scale(values, reversed_items=(2, 4))
    np.testing.assert_array_equal(as_given(keyed), np.array(values, dtype=float))
    assert quality(keyed).is_straight_line.tolist() == [True, False, False]


def test_of_few_items_no_line_is_called_straight() -> None:
    assert not quality(scale([[2, 2, 2, 2]])).is_straight_line.any()


def test_straight_lines_across_reversed_items_contradict_themselves() -> None:
    values = related()
    values[:20] = 1
    assert "contradicts itself" in said(scale(values, reversed_items=(1, 2)))
    assert "may be meant" in said(scale(values))
    values = related(k=10)
    values[:5] = 1
    assert "one answer throughout" not in said(scale(values))


def test_rows_with_the_answers_of_an_earlier_one_are_copies() -> None:
    values = related(60, 12)
    values[50] = values[3]
    values[51] = values[3]
    found = quality(scale(values))
    assert np.flatnonzero(found.is_copy).tolist() == [50, 51]
    assert "2 rows have just the answers" in said(scale(values))


def test_neither_few_items_nor_straight_lines_nor_gaps_make_copies() -> None:
    few = related(60, 9)
    few[50] = few[3]
    lines = related(60, 12)
    lines[[3, 50]] = 1
    gaps = related(60, 12)
    gaps[[3, 50], 0] = NAN
    gaps[50, 1:] = gaps[3, 1:]
    for values in (few, lines, gaps):
        assert not quality(scale(values)).is_copy.any()


def test_floor_and_ceiling_are_shares_of_complete_rows() -> None:
    values = related(100)
    values[:, 0] = 2
    values[:20], values[20:24] = 0, 3
    values[99, 3] = NAN
    found = quality(scale(values))
    assert found.n_complete == 99
    assert found.floor_share == pytest.approx(20 / 99)
    assert found.ceiling_share == pytest.approx(4 / 99)
    (finding,) = [each for each in found.findings if "effect" in each.message]
    assert "20% of 99 people have the lowest possible score (floor effect" in finding.message


def test_says_which_item_runs_against_the_others() -> None:
    values = related()
    values[:, 2] = 3 - values[:, 2]
    ((subject, message),) = alarms(scale(values))
    assert subject == "item3"
    assert "may be unreversed" in message
    ((subject, message),) = alarms(scale(related(), reversed_items=(5,)))
    assert subject == "item5"
    assert "wrongly reversed" in message


def test_many_items_against_the_others_point_at_the_list() -> None:
    ((subject, message),) = alarms(scale(related(k=6), reversed_items=(1, 3, 5)))
    assert subject == "mood"
    assert "another version" in message


def test_answers_that_never_reach_one_end_may_be_shifted() -> None:
    up = np.maximum(related(), 1)
    assert "shifted up" in dict(alarms(scale(up)))["mood"]
    down = np.minimum(related(), 2)
    assert "shifted down" in dict(alarms(scale(down)))["mood"]
    reversed_too = scale(up, reversed_items=(2,))
    assert "shifted up" in dict(alarms(reversed_too))["mood"]


def test_answers_that_reach_neither_end_are_not_called_shifted() -> None:
    assert alarms(scale(np.clip(related(), 1, 2))) == []


def test_an_item_with_one_answer_is_impossible() -> None:
    values = related()
    values[:, 1] = 1
    values[:9, 1] = 2
    found = dict(alarms(scale(values)))
    assert "96% of 200 people give the same answer" in found["item2"]


def test_an_item_with_only_its_two_ends_may_be_yes_and_no() -> None:
    values = related()
    values[:, 1] = np.where(values[:, 1] > 1, 3, 0)
    assert "yes and no" in dict(alarms(scale(values)))["item2"]
    assert alarms(scale(np.minimum(np.round(related() / 3), 1), top=1)) == []


def test_few_answers_raise_no_alarm() -> None:
    assert keying_alarms(scale(np.ones((9, 4)))) == ()


@pytest.mark.parametrize(
    ("values", "by"),
    [
        ([1, 2, 3, 4], 1),
        ([-1, 0, 2], -1),
        ([0, 1, 3], 0),
        ([0, 1, 4], 0),
        ([1, 2, 5], 0),
        ([-1, 3], 0),
        ([NAN, NAN], 0),
        ([NAN, 1, 4], 1),
    ],
)
def test_tells_by_how_much_answers_lie_off_the_range(values: list[float], by: int) -> None:
    assert shifted_by(np.array(values), 0, 3) == by
