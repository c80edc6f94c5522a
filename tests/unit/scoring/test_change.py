"""Caseness and reliable change at, just under and just over their thresholds."""

import numpy as np
import pandas as pd
import pytest

from instruments.catalogue import load_catalogue
from scoring.change import is_case, reliable_change, reliable_change_index, share_of_cases

CATALOGUE = load_catalogue()
TOTAL = CATALOGUE["gad7"].score("gad7_total")
CONFIDENCE = CATALOGUE["dsl_confidence"].score("dsl_confidence_total")


def test_a_case_is_at_or_over_the_cut_point() -> None:
    cut_point = next(cut for cut in TOTAL.cut_points if cut.value == 8)
    cases = is_case(pd.Series([7.9, 8.0, 21.0, np.nan]), cut_point)
    assert cases.iloc[:3].tolist() == [False, True, True]
    assert cases.isna().tolist() == [False, False, False, True]


def test_less_anxiety_is_an_improvement_and_a_change_of_just_the_threshold_counts() -> None:
    before = pd.Series([10.0, 10.0, 10.0, 10.0, 10.0])
    after = pd.Series([6.0, 6.5, 10.0, 13.5, 14.0])
    assert reliable_change(before, after, TOTAL).tolist() == [
        "improved",
        "no reliable change",
        "no reliable change",
        "no reliable change",
        "worsened",
    ]


def test_more_confidence_is_an_improvement() -> None:
    change = TOTAL.reliable_change
    assert change is not None
    score = CONFIDENCE.model_copy(update={"reliable_change": change})
    labels = reliable_change(pd.Series([1.0, 5.0]), pd.Series([5.0, 1.0]), score)
    assert labels.tolist() == ["improved", "worsened"]


def test_people_are_matched_and_who_has_one_value_has_no_label() -> None:
    before = pd.Series({"a": 10.0, "b": 10.0, "c": np.nan})
    after = pd.Series({"b": 2.0, "c": 3.0, "d": 4.0})
    labels = reliable_change(before, after, TOTAL)
    assert labels.loc["b"] == "improved"
    assert labels.isna().to_dict() == {"a": True, "b": False, "c": True, "d": True}


def test_refuses_a_score_without_a_threshold() -> None:
    with pytest.raises(ValueError, match="dsl_confidence_total has no threshold"):
        reliable_change(pd.Series([1.0]), pd.Series([2.0]), CONFIDENCE)


def test_an_index_of_change_is_the_change_in_units_of_its_error() -> None:
    before, after = pd.Series([10.0, 20, 30, 12]), pd.Series([4.0, 20, 36, 8])
    found = reliable_change_index(
        before, after, TOTAL, reliability=0.875, reliability_is="test_retest", sd=6.0
    )
    # 6 sqrt(2 (1 - .875)) = 6 x .5 = 3, so the changes are -2, 0, 2 and -4/3 of it
    assert found.values.tolist() == pytest.approx([-2, 0, 2, -4 / 3])
    assert found.labels.tolist() == [
        "improved",
        "no reliable change",
        "worsened",
        "no reliable change",
    ]
    assert found.points == pytest.approx(1.96 * 3)
    assert found.reliability_is == "test_retest"


def test_the_index_takes_the_sd_before_and_leaves_out_who_has_one_value_only() -> None:
    before = pd.Series([0.0, 10, 20], index=["a", "b", "c"])
    after = pd.Series([0.0, 10, 5], index=["a", "b", "d"])
    found = reliable_change_index(before, after, TOTAL, reliability=0.5, reliability_is="alpha")
    assert found.sd == pytest.approx(10)
    assert found.points == pytest.approx(19.6)
    assert found.labels.isna().tolist() == [False, False, True, True]


def test_which_reliability_is_taken_changes_who_changed() -> None:
    before, after = pd.Series([10.0, 14, 18]), pd.Series([5.0, 9, 13])
    loose, strict = (
        reliable_change_index(before, after, TOTAL, reliability=r, reliability_is=kind)
        for r, kind in ((0.85, "alpha"), (0.5, "test_retest"))
    )
    assert loose.labels.eq("improved").all()
    assert strict.labels.eq("no reliable change").all()


@pytest.mark.parametrize("r", [1.0, -0.1, float("nan")])
def test_refuses_a_reliability_that_is_none(r: float) -> None:
    values = pd.Series([1.0, 2.0])
    with pytest.raises(ValueError, match="found a reliability"):
        reliable_change_index(values, values, TOTAL, reliability=r, reliability_is="alpha")


def test_refuses_an_sd_of_nothing() -> None:
    values = pd.Series([2.0, 2.0])
    with pytest.raises(ValueError, match="found an SD of 0"):
        reliable_change_index(values, values, TOTAL, reliability=0.8, reliability_is="alpha")


def test_the_share_of_cases_is_of_those_with_a_value() -> None:
    item = CATALOGUE["hse_job_stress"].scores[0]
    found = share_of_cases(pd.Series([1.0, 4, 5, 3, np.nan]), item.cut_points[0])
    assert (found.cases, found.n, found.share) == (2, 4, 0.5)
    nobody = share_of_cases(pd.Series([np.nan]), item.cut_points[0])
    assert (nobody.cases, nobody.n) == (0, 0)
    assert np.isnan(nobody.share)
