"""What whole questionnaires look like: how complete they are, how fast they came, which are copies.

Like the checks of one scale these know no arm, and what they notice is a finding for a person to
look at, never a reason to leave an answer out by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import Final

import numpy as np
import pandas as pd

from instruments.missing import NOT_ASKED
from scoring.findings import Finding
from scoring.frames import item_columns
from scoring.keyed import Booleans
from scoring.quality import Completion, completion_of, copies_of_earlier
from scoring.rules import Floats

FASTEST_CREDIBLE: Final = 2.0
"""Seconds an item below which it can hardly have been read: Huang and others (2012)."""


@dataclass(frozen=True, slots=True, eq=False)
class QuestionnaireQuality:
    """The quality of one set of whole questionnaires, as those of one wave.

    Attributes
    ----------
    completion : Completion
        Over all items.
    is_copy : array of bool, shape (n,)
        Whether an earlier row has just the same answers and gaps; never with fewer than 10
        answers, or with one answer throughout.
    seconds_per_item : array of float, shape (n,)
        As given; NaN where no time is known.
    n_timed : int
        Rows with a time.
    median_seconds : float
        Median of the times; NaN where there is none.
    is_fast : array of bool, shape (n,)
        Whether a row took less than 2 seconds an item.
    findings : tuple of Finding
    """

    completion: Completion
    is_copy: Booleans
    seconds_per_item: Floats
    n_timed: int
    median_seconds: float
    is_fast: Booleans
    findings: tuple[Finding, ...]


def questionnaire_quality(
    answers: pd.DataFrame, seconds_per_item: pd.Series[float], *, title: str
) -> QuestionnaireQuality:
    """Return how complete, how fast and how much alike whole questionnaires are.

    Parameters
    ----------
    answers : DataFrame of int8, one row a submission
        Every item asked; codes of `instruments.missing` where there is no answer.
    seconds_per_item : Series of float
        With the rows of `answers`: how long one item took, NaN where that is not known.
    title : str
        What the findings are about.

    Returns
    -------
    QuestionnaireQuality

    References
    ----------
    Huang JL, Curran PG, Keeney J, Poposki EM, DeShon RP (2012). Detecting and deterring
    insufficient effort responding to surveys. Journal of Business and Psychology 27, 99-114: a
    page answered in less than 2 seconds an item was hardly read.
    """
    columns = item_columns(answers, list(answers.columns))
    given = np.column_stack(list(columns.values())) if columns else np.empty((len(answers), 0))
    seconds = np.asarray(seconds_per_item.reindex(answers.index), dtype=np.float64)
    is_answered = given >= 0
    known = ~np.isnan(seconds)
    completion = completion_of(given != NOT_ASKED, is_answered)
    copies = copies_of_earlier(given, is_answered)
    fast: Booleans = known & (seconds < FASTEST_CREDIBLE)
    return QuestionnaireQuality(
        completion=completion,
        is_copy=copies,
        seconds_per_item=seconds,
        n_timed=int(known.sum()),
        median_seconds=float(np.median(seconds[known])) if known.any() else nan,
        is_fast=fast,
        findings=(
            *_speed_findings(title, int(fast.sum()), int(known.sum())),
            *_copy_findings(title, int(copies.sum())),
        ),
    )


def _speed_findings(title: str, n_fast: int, n_timed: int) -> tuple[Finding, ...]:
    if not n_fast:
        return ()
    return (
        Finding(
            "warning",
            title,
            f"{n_fast} of {n_timed} took less than {FASTEST_CREDIBLE:g} seconds an item, faster "
            "than the items can be read.",
        ),
    )


def _copy_findings(title: str, n_copies: int) -> tuple[Finding, ...]:
    if not n_copies:
        return ()
    rows = "1 has" if n_copies == 1 else f"{n_copies} have"
    return (
        Finding(
            "warning",
            title,
            f"{rows} just the answers of an earlier one: somebody may have been counted twice.",
        ),
    )
