"""Alpha over the rows really used, its item table, and what is said where a number misleads."""

import math

import numpy as np
import pandas as pd
import pytest

from instruments.catalogue import load_catalogue
from instruments.missing import NOT_ANSWERED, NOT_ASKED
from instruments.model import Instrument
from scoring.findings import Finding
from scoring.reliability import Reliability, alpha, feldt_interval
from scoring.simulate import GRADED_ITEMS, simulate_answers

CATALOGUE = load_catalogue()
GAD7, PSS10, CONFIDENCE = (CATALOGUE[name] for name in ("gad7", "pss10", "dsl_confidence"))


def simulated(instrument: Instrument, people: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(20211)
    return simulate_answers(
        rng.standard_normal(people), instrument, GRADED_ITEMS[instrument.id], rng=rng
    )


def of(answers: pd.DataFrame, instrument: Instrument, score: str) -> Reliability:
    return alpha(answers, instrument.score(score), instrument)


def by_hand(keyed: pd.DataFrame) -> float:
    k = keyed.shape[1]
    return k / (k - 1) * (1 - keyed.var(ddof=1).sum() / keyed.sum(axis=1).var(ddof=1))


def messages(result: Reliability, subject: str) -> list[str]:
    return [finding.message for finding in result.findings if finding.subject == subject]


def test_agrees_with_the_variances_and_correlations_it_is_defined_by() -> None:
    answers = simulated(GAD7)
    result = of(answers, GAD7, "gad7_total")
    keyed = answers.astype(float)
    assert result.alpha == pytest.approx(by_hand(keyed), abs=1e-12)
    for item in keyed.columns:
        rest = keyed.drop(columns=item)
        assert result.item_rest[item] == pytest.approx(
            np.corrcoef(keyed[item], rest.sum(axis=1))[0, 1], abs=1e-12
        )
        assert result.alpha_if_dropped[item] == pytest.approx(by_hand(rest), abs=1e-12)
    assert (result.n, result.k, result.findings) == (60, 7, ())


def test_turns_reversed_items_first() -> None:
    answers = simulated(PSS10)
    keyed = answers.astype(float)
    for item in ("pss10_4", "pss10_5", "pss10_7", "pss10_8"):
        keyed[item] = 4 - keyed[item]
    result = of(answers, PSS10, "pss10_total")
    assert result.alpha == pytest.approx(by_hand(keyed), abs=1e-12)
    assert result.mean == pytest.approx(keyed.sum(axis=1).mean(), abs=1e-12)
    assert (result.item_rest > 0).all()


def test_uses_complete_rows_and_their_number_for_the_interval() -> None:
    answers = simulated(GAD7)
    with_gaps = answers.copy()
    with_gaps.iloc[:20, 3] = NOT_ANSWERED
    with_gaps.iloc[19, :] = NOT_ANSWERED
    with_gaps.iloc[20:25, :] = NOT_ASKED
    result = of(with_gaps, GAD7, "gad7_total")
    complete = of(answers.iloc[25:], GAD7, "gad7_total")
    assert result.n == 35
    assert (result.alpha, result.low, result.high) == (complete.alpha, complete.low, complete.high)
    assert (result.low, result.high) == feldt_interval(result.alpha, n=35, k=7)
    (finding,) = result.findings
    assert finding == Finding(
        "note",
        "gad7_total",
        "35 of the 55 people asked answered every item; only they are used.",
    )


def test_a_wider_confidence_makes_a_wider_interval() -> None:
    score, answers = GAD7.score("gad7_total"), simulated(GAD7)
    usual, wide = (alpha(answers, score, GAD7, confidence=level) for level in (0.95, 0.99))
    assert wide.low < usual.low < usual.alpha < usual.high < wide.high
    assert (usual.confidence, wide.confidence) == (0.95, 0.99)


def test_gives_the_error_of_measurement_in_units_of_the_score() -> None:
    answers = simulated(CONFIDENCE)
    mean = of(answers, CONFIDENCE, "dsl_confidence_total")
    percent = of(answers, CONFIDENCE, "dsl_confidence_percent")
    assert mean.sem == pytest.approx(mean.sd * math.sqrt(1 - mean.alpha), abs=1e-12)
    assert mean.mdc == pytest.approx(1.96 * math.sqrt(2) * mean.sem, abs=1e-12)
    assert percent.alpha == mean.alpha
    assert percent.sem == pytest.approx(25 * mean.sem, abs=1e-12)
    assert percent.mean == pytest.approx((mean.mean - 1) * 25, abs=1e-12)


def test_two_items_have_no_alpha_without_one_of_them() -> None:
    result = of(simulated(CONFIDENCE), CONFIDENCE, "dsl_confidence_abuse")
    assert result.k == 2
    assert math.isfinite(result.alpha)
    assert result.alpha_if_dropped.isna().all()
    assert result.item_rest.notna().all()
    assert "fewer than 3 items" in messages(result, "dsl_confidence_abuse")[0]


def test_a_single_item_has_no_internal_consistency() -> None:
    score = GAD7.score("gad7_total").model_copy(update={"items": ("gad7_1",)})
    result = alpha(simulated(GAD7), score, GAD7)
    assert math.isnan(result.alpha)
    assert [finding.severity for finding in result.findings] == ["error"]


@pytest.mark.parametrize(("people", "has_number"), [(9, False), (10, True)])
def test_gives_no_number_for_fewer_than_ten_people(people: int, has_number: bool) -> None:
    result = of(simulated(GAD7, people), GAD7, "gad7_total")
    assert result.n == people
    for number in (result.alpha, result.low, result.high, result.sd, result.sem, result.mdc):
        assert math.isfinite(number) is has_number
    assert result.item_rest.notna().all() == has_number
    assert result.alpha_if_dropped.notna().all() == has_number
    said = messages(result, "gad7_total")
    assert (said == []) is has_number
    assert has_number or said[0].startswith("Only 9 people answered every item")


def test_nobody_at_all_is_said_and_not_a_crash() -> None:
    result = of(simulated(GAD7).iloc[:0], GAD7, "gad7_total")
    assert (result.n, math.isnan(result.alpha)) == (0, True)


def test_says_which_item_everybody_answered_alike() -> None:
    answers = simulated(GAD7).assign(gad7_5=np.int8(2))
    result = of(answers, GAD7, "gad7_total")
    assert "tells nobody apart" in messages(result, "gad7_5")[0]
    assert math.isnan(result.item_rest["gad7_5"])
    assert math.isfinite(result.alpha)


def test_gives_no_number_when_every_total_is_the_same() -> None:
    answers = simulated(GAD7)
    answers.loc[:, :] = np.int8(1)
    result = of(answers, GAD7, "gad7_total")
    assert math.isnan(result.alpha)
    assert "nothing to measure" in messages(result, "gad7_total")[0]
    assert len(result.findings) == 8


def test_says_which_item_may_be_a_copy_of_which() -> None:
    answers = simulated(GAD7)
    answers["gad7_6"] = answers["gad7_2"]
    result = of(answers, GAD7, "gad7_total")
    assert "exactly as gad7_2" in messages(result, "gad7_6")[0]
    assert messages(result, "gad7_2") == []


def test_two_constant_items_are_not_called_copies() -> None:
    answers = simulated(GAD7).assign(gad7_5=np.int8(2), gad7_6=np.int8(2))
    result = of(answers, GAD7, "gad7_total")
    assert not any("copy" in finding.message for finding in result.findings)


def test_says_which_item_runs_against_the_others() -> None:
    answers = simulated(GAD7)
    answers["gad7_2"] = 3 - answers["gad7_2"]
    result = of(answers, GAD7, "gad7_total")
    assert result.item_rest["gad7_2"] < 0
    assert "may be unreversed" in messages(result, "gad7_2")[0]


def test_an_item_that_hardly_goes_with_the_others_is_not_called_unreversed() -> None:
    answers = simulated(GAD7, 400)
    rng = np.random.default_rng(4)
    unrelated = pd.Series(rng.integers(0, 4, 400).astype(np.int8), index=answers.index)
    answers["gad7_2"] = unrelated.where(rng.random(400) < 0.9, answers["gad7_2"])
    result = of(answers, GAD7, "gad7_total")
    assert 0 < result.item_rest["gad7_2"] < 0.25
    assert result.findings == ()


def test_says_that_a_reversed_item_may_be_wrongly_reversed() -> None:
    answers = simulated(PSS10)
    answers["pss10_7"] = 4 - answers["pss10_7"]
    result = of(answers, PSS10, "pss10_total")
    assert "wrongly reversed" in messages(result, "pss10_7")[0]
