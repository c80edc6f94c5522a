"""Agreement of a score with itself on two occasions."""

import math

import numpy as np
import pandas as pd
import pytest

from scoring.retest import icc_in_bulk, icc_test_retest


def occasions(people: int = 40, shift: float = 0.0) -> tuple[pd.Series, pd.Series]:
    rng = np.random.default_rng(5)
    true = rng.normal(10, 3, people)
    before = pd.Series(true + rng.normal(0, 1, people), name="gad7_total")
    after = pd.Series(true + rng.normal(0, 1, people) + shift, name="gad7_total")
    return before, after


def test_a_shift_of_everybody_counts_against_agreement_and_not_against_consistency() -> None:
    plain, shifted = icc_test_retest(*occasions()), icc_test_retest(*occasions(shift=4))
    assert shifted.consistency.value == pytest.approx(plain.consistency.value, abs=1e-12)
    assert shifted.absolute.value < plain.absolute.value - 0.2


def test_the_point_lies_within_its_interval_and_more_confidence_widens_it() -> None:
    usual = icc_test_retest(*occasions(shift=1))
    wide = icc_test_retest(*occasions(shift=1), confidence=0.99)
    for name in ("absolute", "consistency"):
        narrow, broad = getattr(usual, name), getattr(wide, name)
        assert broad.low < narrow.low < narrow.value < narrow.high < broad.high


def test_people_are_matched_by_name_and_those_with_one_value_left_out() -> None:
    before, after = occasions()
    shuffled = after.sample(frac=1, random_state=1)
    gaps = shuffled.drop(index=3)
    gaps.loc[4] = np.nan
    result = icc_test_retest(before, gaps)
    kept = [person for person in before.index if person not in (3, 4)]
    expected = icc_test_retest(before.loc[kept], after.loc[kept])
    assert result.n == 38
    assert result.consistency.value == pytest.approx(expected.consistency.value, abs=1e-12)
    assert result.findings == ()


@pytest.mark.parametrize(("people", "has_number"), [(9, False), (10, True)])
def test_gives_no_number_for_fewer_than_ten_people(people: int, has_number: bool) -> None:
    result = icc_test_retest(*occasions(people))
    assert result.n == people
    assert math.isfinite(result.absolute.value) is has_number
    assert math.isfinite(result.consistency.low) is has_number
    assert [finding.subject for finding in result.findings] == (
        [] if has_number else ["gad7_total"]
    )


def test_says_so_when_people_do_not_differ() -> None:
    same = pd.Series(np.full(20, 4.0))
    result = icc_test_retest(same, same + 1)
    assert math.isnan(result.consistency.value)
    assert "People do not differ" in result.findings[0].message


def test_says_so_when_the_second_values_may_be_copies() -> None:
    before, _ = occasions()
    result = icc_test_retest(before, before + 2)
    assert math.isnan(result.absolute.value)
    assert "may be copies" in result.findings[0].message


def test_refuses_a_person_with_two_values_at_one_occasion() -> None:
    before, after = occasions()
    with pytest.raises(ValueError, match="more than one value"):
        icc_test_retest(before, pd.concat([after, after.iloc[:1]]))


def test_in_bulk_is_the_same_to_rounding() -> None:
    rng = np.random.default_rng(8)
    before = pd.Series(rng.normal(10, 3, 60))
    after = before + 1 + rng.normal(0, 2, 60)
    one, other = icc_test_retest(before, after), icc_in_bulk(before, after)
    assert one.n == other.n
    for first, second in ((one.absolute, other.absolute), (one.consistency, other.consistency)):
        assert (first.value, first.low, first.high) == pytest.approx(
            (second.value, second.low, second.high), abs=1e-12
        )
