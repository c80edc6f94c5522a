"""Whole questionnaires: how fast they came and which are copies, whatever arm they are from."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from instruments.missing import NOT_ANSWERED, NOT_ASKED, PREFER_NOT_TO_SAY
from scoring.questionnaires import questionnaire_quality

ITEMS = [f"x{n}" for n in range(12)]


def answers(*rows: list[int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=ITEMS, index=range(7, 7 + len(rows)), dtype="int8")


def seconds(*values: float) -> pd.Series[float]:
    return pd.Series(values, index=range(7, 7 + len(values)), dtype=float)


MIXED = [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]


def test_under_two_seconds_an_item_is_too_fast_and_two_is_not() -> None:
    found = questionnaire_quality(
        answers(MIXED, MIXED[::-1], MIXED, MIXED), seconds(1.99, 2.0, np.nan, 6.0), title="Baseline"
    )
    assert found.is_fast.tolist() == [True, False, False, False]
    assert (found.n_timed, found.median_seconds) == (3, 2.0)
    assert found.findings[0].message.startswith("1 of 3 took less than 2 seconds an item")


def test_without_a_time_nobody_is_too_fast() -> None:
    found = questionnaire_quality(answers(MIXED), seconds(np.nan), title="Baseline")
    assert not found.is_fast.any()
    assert found.n_timed == 0
    assert np.isnan(found.median_seconds)


def test_a_copy_has_the_answers_and_the_gaps_of_an_earlier_row() -> None:
    gap = [NOT_ANSWERED, *MIXED[1:]]
    other_gap = [PREFER_NOT_TO_SAY, *MIXED[1:]]
    found = questionnaire_quality(
        answers(MIXED, gap, other_gap, gap, MIXED), seconds(*[5.0] * 5), title="Baseline"
    )
    assert found.is_copy.tolist() == [False, False, False, True, True]


def test_few_answers_and_one_answer_throughout_are_alike_by_chance() -> None:
    few = [*MIXED[:9], *[NOT_ANSWERED] * 3]
    line = [2] * 12
    line_with_a_gap = [NOT_ANSWERED, *[2] * 11]
    found = questionnaire_quality(
        answers(few, few, line, line, line_with_a_gap, line_with_a_gap),
        seconds(*[5.0] * 6),
        title="Baseline",
    )
    assert not found.is_copy.any()


def test_what_was_not_asked_is_not_missing() -> None:
    found = questionnaire_quality(
        answers([*MIXED[:10], NOT_ASKED, NOT_ASKED], [*MIXED[:11], NOT_ANSWERED]),
        seconds(5.0, 5.0),
        title="Baseline",
    )
    completion = found.completion
    assert (completion.n_complete, completion.n_partial) == (1, 1)
    assert (completion.n_items_asked, completion.n_items_answered) == (22, 21)
    assert completion.share == pytest.approx(21 / 22)


def test_a_wave_that_nobody_answered_says_nothing() -> None:
    found = questionnaire_quality(answers(), seconds(), title="Baseline")
    assert found.findings == ()
    assert found.completion.n_rows == 0
