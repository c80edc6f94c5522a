"""Answers become keyed numbers alike, whether an instrument's or another platform's."""

import numpy as np
import pandas as pd
import pytest

from instruments.catalogue import load_catalogue
from instruments.missing import NOT_ANSWERED, NOT_ASKED, PREFER_NOT_TO_SAY
from scoring.errors import AnswersError, OutOfRangeError
from scoring.keyed import KeyedAnswers, keyed_answers, keyed_columns

PSS10 = load_catalogue()["pss10"]
TOTAL = PSS10.score("pss10_total")


def answers(rows: int = 3, value: int = 1) -> pd.DataFrame:
    return pd.DataFrame({item: [value] * rows for item in TOTAL.items}, dtype=np.int8)


def test_reversed_items_of_an_instrument_are_turned() -> None:
    keyed = keyed_answers(answers(), TOTAL, PSS10)
    expected = [3.0 if item in TOTAL.reversed else 1.0 for item in TOTAL.items]
    assert keyed.values.tolist() == [expected] * 3
    assert (keyed.title, keyed.items, keyed.reversed) == (
        "pss10_total",
        tuple(TOTAL.items),
        tuple(TOTAL.reversed),
    )
    assert (keyed.minimum.tolist(), keyed.maximum.tolist()) == ([0.0] * 10, [4.0] * 10)


def test_recoded_answers_are_what_they_count_as_in_the_score() -> None:
    ghq12 = load_catalogue()["ghq12"]
    bimodal = ghq12.score("ghq12_bimodal")
    frame = pd.DataFrame(
        {item: [0, 1, 2, 3, NOT_ANSWERED] for item in bimodal.items}, dtype=np.int8
    )
    keyed = keyed_answers(frame, bimodal, ghq12)
    assert keyed.values[:4, 0].tolist() == [0, 0, 1, 1]
    assert np.isnan(keyed.values[4]).all()
    assert (keyed.minimum[0], keyed.maximum[0]) == (0, 1)


def test_no_answer_of_any_kind_is_not_a_number_and_only_not_asked_is_not_asked() -> None:
    frame = answers(5)
    frame.iloc[0, 0], frame.iloc[1, 0] = NOT_ANSWERED, PREFER_NOT_TO_SAY
    frame.iloc[2, 0] = NOT_ASKED
    frame.iloc[3, :] = NOT_ASKED
    keyed = keyed_answers(frame, TOTAL, PSS10)
    assert np.isnan(keyed.values[:3, 0]).all()
    assert keyed.n_asked == 4
    assert len(keyed.complete) == 1
    assert keyed.not_asked is not None
    assert keyed.not_asked.sum() == 11


def test_everybody_was_asked_where_nothing_says_otherwise() -> None:
    keyed = keyed_answers(answers(), TOTAL, PSS10)
    assert keyed.not_asked is None
    assert keyed.n_asked == 3
    assert keyed.complete is keyed.values


def test_some_rows_of_a_scale_are_a_scale() -> None:
    frame = answers(3)
    frame.iloc[2, :] = NOT_ASKED
    chosen = keyed_answers(frame, TOTAL, PSS10).rows(np.array([False, True, True]))
    assert (len(chosen.values), chosen.n_asked, chosen.title) == (2, 1, "pss10_total")


def test_a_minus_turns_a_column_within_the_limits() -> None:
    table = pd.DataFrame({"a": [1, 2, 6], "b": [1.0, np.nan, 6.0], "other": ["x", "y", "z"]})
    keyed = keyed_columns(table, ["a", "-b"], (1, 6), title="mood")
    np.testing.assert_array_equal(keyed.values, [[1, 6], [2, np.nan], [6, 1]])
    assert (keyed.items, keyed.reversed, keyed.title) == (("a", "b"), ("b",), "mood")
    assert (keyed.minimum.tolist(), keyed.maximum.tolist()) == ([1, 1], [6, 6])


def test_a_column_whose_own_name_begins_with_a_minus_is_not_reversed() -> None:
    table = pd.DataFrame({"-b": [1, 2]})
    keyed = keyed_columns(table, ["-b"], (1, 6))
    assert (keyed.values[:, 0].tolist(), keyed.reversed) == ([1.0, 2.0], ())


def test_numbers_written_as_text_are_numbers_and_empty_cells_no_answer() -> None:
    table = pd.DataFrame({"a": ["1", " 2 ", "", None, "3.0"]})
    keyed = keyed_columns(table, ["a"], (1, 3))
    np.testing.assert_array_equal(keyed.values[:, 0], [1, 2, np.nan, np.nan, 3])


@pytest.mark.parametrize("fault", [7, 0, -9, 2.5, "two", "inf", float("inf")])
def test_refuses_a_value_that_cannot_be_an_answer_with_its_row_and_column(fault: object) -> None:
    table = pd.DataFrame({"a": [1, 2, 3], "b": pd.Series([1, fault, 3], dtype=object)}).set_axis(
        [11, 12, 13]
    )
    with pytest.raises(OutOfRangeError) as refusal:
        keyed_columns(table, ["a", "b"], (1, 6))
    assert f"row 12, column b: {fault}" in str(refusal.value)
    assert "a whole number from 1 to 6" in str(refusal.value)
    assert len(refusal.value.values) == 1


@pytest.mark.parametrize(
    ("items", "limits", "message"),
    [
        (["a", "c"], (1, 6), "no column c"),
        (["a", "-a"], (1, 6), "names a more than once"),
        ([], (1, 6), "without items"),
        (["a"], (6, 1), "lowest answer first"),
        (["twice"], (1, 6), "more than one column twice"),
    ],
)
def test_refuses_a_scale_the_table_cannot_give(
    items: list[str], limits: tuple[int, int], message: str
) -> None:
    table = pd.DataFrame([[1, 2, 3]], columns=["a", "twice", "twice"])
    with pytest.raises(AnswersError, match=message):
        keyed_columns(table, items, limits)


@pytest.mark.parametrize(
    ("values", "minimum", "message"),
    [(np.ones((3, 1)), np.zeros(2), "2 columns"), (np.ones((3, 2)), np.zeros(1), "1 lowest")],
)
def test_refuses_parts_that_do_not_fit_together(
    values: np.ndarray, minimum: np.ndarray, message: str
) -> None:
    with pytest.raises(AnswersError, match=message):
        KeyedAnswers(("a", "b"), values, minimum, np.ones(2), "mood")


def test_refuses_a_record_of_what_was_asked_for_other_rows() -> None:
    with pytest.raises(AnswersError, match="not_asked of shape"):
        KeyedAnswers(
            ("a",), np.ones((3, 1)), np.zeros(1), np.ones(1), "mood", (), np.ones((2, 1), bool)
        )
