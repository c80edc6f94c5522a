"""How well a score measured twice agrees with itself, among people who should not have changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import nan
from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from scoring.findings import Finding
from scoring.from_pingouin import IccPoints, intraclass_correlations
from scoring.reliability import FEWEST_PEOPLE
from scoring.rules import Floats

_OCCASIONS: Final = 2


@dataclass(frozen=True, slots=True)
class Icc:
    """An intraclass correlation, at most 1, higher is more stable; NaN where there is none."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class RetestReliability:
    """Test-retest reliability of one score.

    Attributes
    ----------
    absolute : Icc
        ICC(A,1), absolute agreement: a shift of everybody counts against it. Also ICC(2,1).
    consistency : Icc
        ICC(C,1): a shift of everybody does not count. Also ICC(3,1).
    confidence : float
        0.95 for 95 % intervals.
    n : int
        People used: those with both values.
    findings : tuple of Finding
        Why there are no numbers, where there are none.
    """

    absolute: Icc
    consistency: Icc
    confidence: float
    n: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _MeanSquares:
    people: float
    occasions: float
    residual: float


def icc_test_retest(
    before: pd.Series[float], after: pd.Series[float], *, confidence: float = 0.95
) -> RetestReliability:
    """Return ICC(A,1) and ICC(C,1) of a score at two occasions, with their intervals.

    Only people with both values are used. With fewer than 10 of them, or values that do not vary
    between people, there is no number, and a finding says so.

    Parameters
    ----------
    before, after : Series of float, one row a participant
        Values of one score, matched by their indexes, each of which names a person once.
    confidence : float
        Of the intervals.

    Returns
    -------
    RetestReliability

    Raises
    ------
    ValueError
        When an index names a person twice.

    References
    ----------
    McGraw KO, Wong SP (1996). Psychological Methods 1, 30-46, table 7 for the intervals. Point
    values: `pingouin.intraclass_corr`.
    """
    return _retest(before, after, confidence, points=intraclass_correlations)


def icc_in_bulk(
    before: pd.Series[float], after: pd.Series[float], *, confidence: float = 0.95
) -> RetestReliability:
    """Return what `icc_test_retest` returns, to rounding, from the mean squares alone.

    For many scores at once: pingouin's point values cost a table and an analysis of variance each.
    """
    return _retest(before, after, confidence, points=None)


def _retest(
    before: pd.Series[float],
    after: pd.Series[float],
    confidence: float,
    *,
    points: Callable[[Floats], IccPoints] | None,
) -> RetestReliability:
    if before.index.has_duplicates or after.index.has_duplicates:
        raise ValueError("a person has more than one value at one occasion; expected one")
    pairs = pd.concat([before, after], axis=1, join="inner").dropna()
    complete = pairs.to_numpy(dtype=np.float64)
    n = len(complete)
    subject = str(before.name or "score")
    nothing = Icc(nan, nan, nan)
    if n < FEWEST_PEOPLE:
        message = (
            f"Only {n} people have both values; fewer than {FEWEST_PEOPLE} give no test-retest "
            "reliability worth printing."
        )
        finding = Finding("error", subject, message)
        return RetestReliability(nothing, nothing, confidence, n, (finding,))
    squares = _mean_squares(complete)
    if np.isclose(squares.people, 0):
        finding = Finding(
            "error", subject, "People do not differ, so there is nothing to be stable."
        )
        return RetestReliability(nothing, nothing, confidence, n, (finding,))
    if np.isclose(squares.residual, 0):
        finding = Finding(
            "warning",
            subject,
            "Everybody moved by the same amount: the second values may be copies of the first, "
            "and there are no correlations with an interval to give.",
        )
        return RetestReliability(nothing, nothing, confidence, n, (finding,))
    found = _points(squares, n) if points is None else points(complete)
    return RetestReliability(
        absolute=_absolute(found.absolute, squares, n, confidence),
        consistency=_consistency(found.consistency, squares, n, confidence),
        confidence=confidence,
        n=n,
        findings=(),
    )


def _mean_squares(complete: Floats) -> _MeanSquares:
    n, k = complete.shape
    grand = complete.mean()
    people = complete.mean(axis=1, keepdims=True)
    occasions = complete.mean(axis=0, keepdims=True)
    residual = complete - people - occasions + grand
    return _MeanSquares(
        people=float(k * ((people - grand) ** 2).sum() / (n - 1)),
        occasions=float(n * ((occasions - grand) ** 2).sum() / (k - 1)),
        residual=float((residual**2).sum() / ((n - 1) * (k - 1))),
    )


def _points(squares: _MeanSquares, n: int) -> IccPoints:
    k, true = _OCCASIONS, squares.people - squares.residual
    apart = k * (squares.occasions - squares.residual) / n
    return IccPoints(
        absolute=true / (squares.people + (k - 1) * squares.residual + apart),
        consistency=true / (squares.people + (k - 1) * squares.residual),
    )


def _consistency(point: float, squares: _MeanSquares, n: int, confidence: float) -> Icc:
    k = _OCCASIONS
    upper = (1 + confidence) / 2
    degrees = (n - 1, (n - 1) * (k - 1))
    ratio = squares.people / squares.residual
    low = ratio / float(stats.f.ppf(upper, *degrees))
    high = ratio * float(stats.f.ppf(upper, *reversed(degrees)))
    return Icc(point, (low - 1) / (low + k - 1), (high - 1) / (high + k - 1))


def _absolute(point: float, squares: _MeanSquares, n: int, confidence: float) -> Icc:
    k = _OCCASIONS
    upper = (1 + confidence) / 2
    a = k * point / (n * (1 - point))
    b = 1 + k * point * (n - 1) / (n * (1 - point))
    shift, residual = a * squares.occasions, b * squares.residual
    freedom = (shift + residual) ** 2 / (shift**2 / (k - 1) + residual**2 / ((n - 1) * (k - 1)))
    other = k * squares.occasions + (k * n - k - n) * squares.residual
    low_f = float(stats.f.ppf(upper, n - 1, freedom))
    high_f = float(stats.f.ppf(upper, freedom, n - 1))
    low = n * (squares.people - low_f * squares.residual) / (low_f * other + n * squares.people)
    high = n * (high_f * squares.people - squares.residual) / (other + n * high_f * squares.people)
    return Icc(point, low, high)
