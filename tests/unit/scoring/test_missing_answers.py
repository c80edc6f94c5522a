"""Three ways of having no answer stay three counts."""

from __future__ import annotations

import pandas as pd
import pytest

from instruments.missing import NOT_ANSWERED, NOT_ASKED, PREFER_NOT_TO_SAY
from scoring.errors import AnswersError
from scoring.missing_answers import COUNTS, count_answers


def test_each_reason_for_no_answer_is_counted_apart() -> None:
    answers = pd.DataFrame(
        {
            "a": [0, 3, NOT_ANSWERED, NOT_ASKED],
            "b": [PREFER_NOT_TO_SAY, PREFER_NOT_TO_SAY, 1, NOT_ASKED],
        },
        dtype="int8",
    )
    counts = count_answers(answers)
    assert counts.columns.tolist() == list(COUNTS)
    assert counts.loc["a"].tolist() == [2, 1, 0, 1]
    assert counts.loc["b"].tolist() == [1, 0, 2, 1]
    assert (counts.sum(axis=1) == len(answers)).all()


def test_nobody_answered_nothing() -> None:
    counts = count_answers(pd.DataFrame({"a": []}, dtype="int8"))
    assert counts.loc["a"].tolist() == [0, 0, 0, 0]


def test_what_is_not_a_code_is_refused() -> None:
    with pytest.raises(AnswersError, match="column a"):
        count_answers(pd.DataFrame({"a": [0.5]}))
