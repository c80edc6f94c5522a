"""Scores by the rules of the definitions, and the reason where there is none."""

import numpy as np
import pandas as pd
import pytest

from instruments.catalogue import load_catalogue
from instruments.missing import NOT_ANSWERED, NOT_ASKED, PREFER_NOT_TO_SAY
from instruments.model import Instrument, ResponseOption
from scoring.errors import OutOfRangeError
from scoring.scales import REASONS, bands, score

CATALOGUE = load_catalogue()
GAD7, PSS10, CONFIDENCE = (CATALOGUE[name] for name in ("gad7", "pss10", "dsl_confidence"))


def frame(instrument: Instrument, *rows: list[int]) -> pd.DataFrame:
    return pd.DataFrame(
        np.array(rows, dtype=np.int8), columns=[item.id for item in instrument.items]
    )


def test_adds_the_seven_items_of_the_gad7() -> None:
    scores = score(frame(GAD7, [0] * 7, [3] * 7, [0, 1, 2, 3, 2, 1, 0]), GAD7)
    assert scores.values["gad7_total"].tolist() == [0, 21, 9]
    assert scores.n_answered["gad7_total"].tolist() == [7, 7, 7]
    assert scores.reason["gad7_total"].tolist() == ["", "", ""]


def test_prorates_the_gad7_when_six_of_seven_are_answered() -> None:
    scores = score(frame(GAD7, [1, 2, 3, 1, 2, 1, NOT_ANSWERED]), GAD7)
    assert scores.values.loc[0, "gad7_total"] == pytest.approx(10 / 6 * 7, abs=1e-12)
    assert scores.n_answered.loc[0, "gad7_total"] == 6
    assert scores.reason.loc[0, "gad7_total"] == ""


def test_gives_no_score_when_too_few_are_answered() -> None:
    scores = score(frame(GAD7, [1, 2, 3, 1, 2, NOT_ANSWERED, PREFER_NOT_TO_SAY]), GAD7)
    assert np.isnan(scores.values.loc[0, "gad7_total"])
    assert scores.n_answered.loc[0, "gad7_total"] == 5
    assert scores.reason.loc[0, "gad7_total"] == "too few answered"


@pytest.mark.parametrize(
    ("codes", "reason"),
    [
        ([NOT_ASKED] * 7, "not asked"),
        ([NOT_ANSWERED] * 7, "not answered"),
        ([PREFER_NOT_TO_SAY] * 7, "prefer not to say"),
        ([NOT_ASKED] + [NOT_ANSWERED] * 6, "not answered"),
        ([NOT_ASKED] + [PREFER_NOT_TO_SAY] * 6, "prefer not to say"),
        ([NOT_ANSWERED] + [PREFER_NOT_TO_SAY] * 6, "too few answered"),
        ([NOT_ASKED] * 6 + [2], "too few answered"),
    ],
)
def test_keeps_three_reasons_for_no_answer_apart(codes: list[int], reason: str) -> None:
    scores = score(frame(GAD7, codes), GAD7)
    assert scores.reason.loc[0, "gad7_total"] == reason
    assert reason in REASONS
    assert np.isnan(scores.values.loc[0, "gad7_total"])


def test_turns_the_four_efficacy_items_of_the_pss10() -> None:
    all_often = [4] * 10
    only_efficacy = [0, 0, 0, 4, 4, 0, 4, 4, 0, 0]
    worst = [4, 4, 4, 0, 0, 4, 0, 0, 4, 4]
    scores = score(frame(PSS10, all_often, only_efficacy, worst), PSS10)
    assert scores.values["pss10_total"].tolist() == [24, 0, 40]


@pytest.mark.parametrize("options", [[1, 2, 3, 4, 5], [100, 127]])
def test_a_reversed_item_is_turned_within_its_own_options(options: list[int]) -> None:
    response_set = CONFIDENCE.response_sets[0].model_copy(
        update={"options": tuple(ResponseOption(value=n, label=str(n)) for n in options)}
    )
    total = CONFIDENCE.scores[0].model_copy(update={"reversed": ("dsl_confidence_2",)})
    turned = CONFIDENCE.model_copy(update={"response_sets": (response_set,), "scores": (total,)})
    least, most = options[0], options[-1]
    scores = score(frame(turned, [least] * 12, [least, most, *[least] * 10]), turned)
    assert scores.values["dsl_confidence_total"].tolist() == [(11 * least + most) / 12, least]


def test_a_missing_reversed_item_is_not_counted_as_an_extreme_answer() -> None:
    scores = score(frame(PSS10, [2, 2, 2, NOT_ANSWERED, 2, 2, 2, 2, 2, 2]), PSS10)
    assert scores.values.loc[0, "pss10_total"] == 20


def test_prorates_the_pss10_from_nine_items_and_not_from_eight() -> None:
    nine = [0, 0, 0, 4, 4, 0, 4, 4, NOT_ANSWERED, 3]
    eight = [NOT_ANSWERED, *nine[1:]]
    scores = score(frame(PSS10, nine, eight), PSS10)
    assert scores.values["pss10_total"].iloc[0] == pytest.approx(3 / 9 * 10, abs=1e-12)
    assert scores.reason["pss10_total"].tolist() == ["", "too few answered"]


def test_gives_confidence_as_a_mean_and_from_0_to_100() -> None:
    scores = score(frame(CONFIDENCE, [1] * 12, [5] * 12, [2, 4] * 6), CONFIDENCE)
    assert scores.values["dsl_confidence_total"].tolist() == [1, 5, 3]
    assert scores.values["dsl_confidence_percent"].tolist() == [0, 100, 50]


def test_confidence_needs_nine_of_twelve_and_its_subscales_three_quarters() -> None:
    nine = [3, 3, 3, 3, NOT_ANSWERED, 4, NOT_ANSWERED, 4, 4, 3, NOT_ANSWERED, 5]
    scores = score(frame(CONFIDENCE, nine), CONFIDENCE).values.iloc[0]
    assert scores["dsl_confidence_total"] == pytest.approx(32 / 9, abs=1e-12)
    assert scores["dsl_confidence_thresholds"] == 3
    assert scores["dsl_confidence_abuse"] == 4
    assert np.isnan(scores["dsl_confidence_others"])
    assert np.isnan(scores["dsl_confidence_coping"])
    eight = [NOT_ANSWERED, *nine[1:]]
    withheld = score(frame(CONFIDENCE, eight), CONFIDENCE)
    assert withheld.reason.loc[0, "dsl_confidence_total"] == "too few answered"
    assert withheld.reason.loc[0, "dsl_confidence_percent"] == "too few answered"


def test_refuses_a_value_that_no_option_has() -> None:
    with pytest.raises(OutOfRangeError, match="row 0, column gad7_4: 4"):
        score(frame(GAD7, [0, 0, 0, 4, 0, 0, 0]), GAD7)


def test_keeps_the_rows_and_looks_at_no_other_column() -> None:
    answers = frame(GAD7, [1] * 7, [2] * 7).assign(comment="words")
    answers.index = pd.Index(["b", "a"], name="submission")
    scores = score(answers, GAD7)
    for table in (scores.values, scores.n_answered, scores.reason):
        assert table.index.equals(answers.index)
        assert list(table.columns) == ["gad7_total"]


def test_does_not_change_the_answers() -> None:
    answers = frame(PSS10, [1] * 10)
    before = answers.copy()
    score(answers, PSS10)
    pd.testing.assert_frame_equal(answers, before)


def test_scores_a_frame_without_rows() -> None:
    scores = score(frame(GAD7, [1] * 7).iloc[:0], GAD7)
    assert scores.values.shape == scores.reason.shape == (0, 1)


@pytest.mark.parametrize(
    ("value", "label"),
    [
        (0, "Minimal"),
        (4, "Minimal"),
        (5, "Mild"),
        (9, "Mild"),
        (10, "Moderate"),
        (14, "Moderate"),
        (15, "Severe"),
        (21, "Severe"),
        (4.67, "Minimal"),
        (14.9, "Moderate"),
    ],
)
def test_a_band_begins_at_its_lower_end_and_reaches_to_the_next(value: float, label: str) -> None:
    assert bands(pd.Series([value]), GAD7.score("gad7_total")).tolist() == [label]


def test_no_value_has_no_band_and_every_band_is_a_category() -> None:
    labels = bands(pd.Series([np.nan, 3.0], index=[7, 8]), GAD7.score("gad7_total"))
    assert labels.isna().tolist() == [True, False]
    assert labels.index.tolist() == [7, 8]
    assert labels.cat.categories.tolist() == ["Minimal", "Mild", "Moderate", "Severe"]
    assert labels.cat.ordered


def test_refuses_to_band_a_value_outside_the_range() -> None:
    with pytest.raises(ValueError, match="gad7_total is 22 in row 5; expected 0 to 21"):
        bands(pd.Series([22.0], index=[5]), GAD7.score("gad7_total"))
    with pytest.raises(ValueError, match="is -1 in row 0"):
        bands(pd.Series([-1.0]), GAD7.score("gad7_total"))


def test_refuses_bands_of_a_score_that_has_none() -> None:
    with pytest.raises(ValueError, match="dsl_confidence_total has no bands"):
        bands(pd.Series([3.0]), CONFIDENCE.score("dsl_confidence_total"))
