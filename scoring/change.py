"""Caseness, and change from one wave to another, by the published thresholds of a score."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from instruments.model import CutPoint, Score

IMPROVED: Final = "improved"
UNCHANGED: Final = "no reliable change"
WORSENED: Final = "worsened"

CRITICAL_VALUE: Final = 1.96
"""Jacobson and Truax's: beyond it, measurement error alone is an unlikely reason."""

ReliabilityKind = Literal["alpha", "test_retest"]


@dataclass(frozen=True, slots=True)
class CaseShare:
    """How many are cases by a cut-point.

    Attributes
    ----------
    cases, n : int
        Cases, and people with a value.
    share : float
        0 to 1; NaN where nobody has a value.
    """

    cases: int
    n: int
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class ReliableChangeIndex:
    """Each person's change in units of its own error of measurement.

    Attributes
    ----------
    values : Series of float
        (after - before) divided by the standard error of a difference; higher is a higher score.
    labels : Series, ordered categorical
        "improved", "no reliable change" or "worsened".
    points : float
        A change of more than this many points is reliable.
    sd : float
        The SD before, that of the sample or the one given.
    reliability : float
    reliability_is : "alpha" or "test_retest"
        Which reliability it rests on: the choice can change the counts several times over, so it
        is named wherever they are shown.
    """

    values: pd.Series[float]
    labels: pd.Series[str]
    points: float
    sd: float
    reliability: float
    reliability_is: ReliabilityKind


def is_case(values: pd.Series[float], cut_point: CutPoint) -> pd.Series[bool]:
    """Return whether each value is a case by the cut-point; missing where there is no value.

    A case is at or over the cut-point, or at or under it where the definition says so.

    Returns
    -------
    Series of nullable boolean
        With the rows of `values`.
    """
    if cut_point.case_when == "at_or_over":
        cases = values >= cut_point.value
    else:
        cases = values <= cut_point.value
    return cases.astype("boolean").mask(values.isna())


def reliable_change(
    before: pd.Series[float], after: pd.Series[float], score: Score
) -> pd.Series[str]:
    """Return who improved, who worsened and who did neither by the score's threshold.

    Parameters
    ----------
    before, after : Series of float, one row a participant
        Values of this score at two waves, matched by their indexes; who has only one value has
        no label.
    score : Score
        Its `reliable_change` is the threshold, reached by a change of just that size; its
        direction says which way is better.

    Returns
    -------
    Series, ordered categorical
        "improved", "no reliable change" or "worsened", for every row of `before` or `after`.

    Raises
    ------
    ValueError
        When the score has no threshold.
    """
    if score.reliable_change is None:
        raise ValueError(f"{score.id} has no threshold of reliable change")
    gain = _gain(before, after, score)
    points = score.reliable_change.points
    return _labels(gain, gain >= points, gain <= -points)


def share_of_cases(values: pd.Series[float], cut_point: CutPoint) -> CaseShare:
    """Return how many of those with a value are cases: the statistic of a single item.

    Parameters
    ----------
    values : Series of float, one row a participant
        NaN where there is no value; those are in neither count.
    cut_point : CutPoint
        Of the score the values are of.
    """
    cases = int(is_case(values, cut_point).sum())
    n = int(values.notna().sum())
    return CaseShare(cases, n, cases / n if n else float("nan"))


def reliable_change_index(
    before: pd.Series[float],
    after: pd.Series[float],
    score: Score,
    *,
    reliability: float,
    reliability_is: ReliabilityKind,
    sd: float | None = None,
) -> ReliableChangeIndex:
    """Return Jacobson and Truax's index of each person's change, and who changed by it.

    Parameters
    ----------
    before, after : Series of float, one row a participant
        Values of this score at two waves, matched by their indexes; who has only one value has
        no index and no label.
    score : Score
        Its direction says which way is better.
    reliability : float
        From 0 up to, but not, 1.
    reliability_is : "alpha" or "test_retest"
        Which one that is.
    sd : float, optional
        The SD before; that of everybody with a value before where it is not given.

    Returns
    -------
    ReliableChangeIndex

    Raises
    ------
    ValueError
        When the reliability is not one, or the SD is not over 0.

    Notes
    -----
    RCI = (after - before) / (SD sqrt(2 (1 - r))); changed when it is beyond 1.96 either way.

    References
    ----------
    Jacobson NS, Truax P (1991). Journal of Consulting and Clinical Psychology 59(1), 12-19.
    """
    if not 0 <= reliability < 1:
        raise ValueError(f"found a reliability of {reliability:g}; expected 0 up to, but not, 1")
    spread = float(before.std(ddof=1)) if sd is None else sd
    if not spread > 0:
        raise ValueError(f"found an SD of {spread:g} before; expected one over 0")
    error = spread * sqrt(2 * (1 - reliability))
    index = (after - before) / error
    gain = _gain(before, after, score) / error
    return ReliableChangeIndex(
        values=index,
        labels=_labels(gain, gain > CRITICAL_VALUE, gain < -CRITICAL_VALUE),
        points=CRITICAL_VALUE * error,
        sd=spread,
        reliability=reliability,
        reliability_is=reliability_is,
    )


def _gain(before: pd.Series[float], after: pd.Series[float], score: Score) -> pd.Series[float]:
    """Return the change for the better."""
    gain = after - before
    return -gain if score.direction == "higher_is_worse" else gain


def _labels(
    gain: pd.Series[float], improved: pd.Series[bool], worsened: pd.Series[bool]
) -> pd.Series[str]:
    codes: npt.NDArray[np.int_] = np.select(
        [gain.isna(), improved, worsened], [-1, 0, 2], default=1
    )
    labels = pd.Categorical.from_codes(
        codes.astype(np.intp), categories=pd.Index([IMPROVED, UNCHANGED, WORSENED]), ordered=True
    )
    return pd.Series(labels, index=gain.index)
