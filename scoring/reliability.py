"""How precisely a scale measures: Cronbach's alpha with its item table, and measurement error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import isnan, nan, sqrt
from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from instruments.model import Instrument, Score
from scoring.consistency import (
    NO_CONSISTENCY,
    Consistency,
    alpha_if_dropped,
    consistency,
    correlations,
    is_singular,
    item_rest,
)
from scoring.findings import Finding
from scoring.from_pingouin import cronbach_alpha
from scoring.keyed import KeyedAnswers, keyed_answers
from scoring.rules import Floats, apply_rule

FEWEST_PEOPLE: Final = 10
"""Our choice: a coefficient of fewer people is not worth its digits, and may point at somebody."""

MDC_PER_SEM: Final = 1.96 * sqrt(2)
"""A 95 % interval of the difference of two measurements, in standard errors of one."""

_EQUAL_TO_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """Internal consistency of one score.

    Attributes
    ----------
    alpha : float
        Cronbach's raw alpha, at most 1, higher is more consistent; NaN where there is none.
    low, high : float
        Feldt's interval at `confidence`.
    confidence : float
        0.95 for a 95 % interval.
    n : int
        People used: those who answered every item.
    k : int
        Items.
    mean, sd : float
        Of the score, in its own units, over the people used.
    sem, mdc : float
        Standard error of measurement and minimal detectable change (95 %), in units of the score.
    item_rest : Series of float, one row an item
        Correlation of the item with the sum of the others.
    alpha_if_dropped : Series of float, one row an item
        Alpha of the other items; NaN with fewer than 3 items.
    coefficients : Consistency
        Standardised alpha, average correlation and Guttman's lambdas, of the same people.
    findings : tuple of Finding
        What a person should know before reading the numbers, or why there are none.
    """

    alpha: float
    low: float
    high: float
    confidence: float
    n: int
    k: int
    mean: float
    sd: float
    sem: float
    mdc: float
    item_rest: pd.Series[float]
    alpha_if_dropped: pd.Series[float]
    coefficients: Consistency
    findings: tuple[Finding, ...]


def alpha(
    answers: pd.DataFrame, score: Score, instrument: Instrument, *, confidence: float = 0.95
) -> Reliability:
    """Return Cronbach's alpha of a score, its interval, its item table and what to look at.

    Only people who answered every item of the score are used; reversed items are turned first.
    With fewer than 10 such people, fewer than 2 items or a sum that never varies there is no
    number, and a finding says so.

    Parameters
    ----------
    answers : DataFrame, one row a submission
        Columns are item ids, of int8: the value of the option chosen or a code of
        `instruments.missing`.
    score : Score
        One of the instrument's scores.
    instrument : Instrument
        The items and their options.
    confidence : float
        Of the interval.

    Returns
    -------
    Reliability

    Raises
    ------
    AnswersError, OutOfRangeError
        As for `scoring.scales.score`.

    Notes
    -----
    From the covariance matrix C with the total T of all its entries, its diagonal v and its row
    sums s: item-rest of i is (s_i - v_i) / sqrt(v_i (T - 2 s_i + v_i)); alpha without i is
    (k-1)/(k-2) (1 - (tr C - v_i)/(T - 2 s_i + v_i)). The interval is 1 - (1 - alpha) F with
    n - 1 and (n - 1)(k - 1) degrees of freedom. SEM = SD sqrt(1 - alpha);
    MDC = 1.96 sqrt(2) SEM.

    References
    ----------
    Feldt LS (1965). Psychometrika 30, 357-370. Point value: `pingouin.cronbach_alpha`.
    """
    keyed = keyed_answers(answers, score, instrument)
    return _in_units_of(score, keyed.complete, alpha_of(keyed, confidence=confidence))


def alpha_of(keyed: KeyedAnswers, *, confidence: float = 0.95) -> Reliability:
    """Return Cronbach's alpha of a scale, its interval, its item table and what to look at.

    As `alpha`, for answers keyed already, whoever's they are; the mean, the SD, the standard
    error of measurement and the minimal detectable change are those of the sum of the items.

    Parameters
    ----------
    keyed : KeyedAnswers
        Only rows with every item are used.
    confidence : float
        Of the interval.

    Returns
    -------
    Reliability
    """
    return _reliability(keyed, confidence, point=cronbach_alpha)


def alpha_in_bulk(keyed: KeyedAnswers, *, confidence: float = 0.95) -> Reliability:
    """Return what `alpha_of` returns, to rounding, without leaving the one covariance matrix.

    For tables of any size: pingouin's point value alone costs a second pass and a second copy.
    """
    return _reliability(keyed, confidence, point=None)


def _reliability(
    keyed: KeyedAnswers, confidence: float, *, point: Callable[[Floats], float] | None
) -> Reliability:
    complete = keyed.complete
    n, k = complete.shape
    findings = [*_people_findings(keyed, n), *_size_findings(keyed, k)]
    if n < FEWEST_PEOPLE or k < 2:
        return _without_numbers(keyed, n, confidence, findings)
    covariance = np.atleast_2d(np.cov(complete, rowvar=False))
    findings += _constant_items(keyed, complete, covariance)
    if np.isclose(covariance.sum(), 0):
        findings.append(
            Finding(
                "error",
                keyed.title,
                "Everybody has the same total, so there is nothing to measure.",
            )
        )
        return _without_numbers(keyed, n, confidence, findings)
    rest = item_rest(covariance)
    findings += _dependent_items(keyed, complete, correlations(covariance))
    findings += _badly_keyed_items(keyed, rest)
    coefficients = consistency(covariance)
    alpha = coefficients.alpha if point is None else point(complete)
    low, high = feldt_interval(alpha, n=n, k=k, confidence=confidence)
    sd = sqrt(covariance.sum())
    sem = sd * sqrt(1 - alpha)
    return Reliability(
        alpha=alpha,
        low=low,
        high=high,
        confidence=confidence,
        n=n,
        k=k,
        mean=float(complete.mean(axis=0).sum()),
        sd=sd,
        sem=sem,
        mdc=MDC_PER_SEM * sem,
        item_rest=pd.Series(rest, index=list(keyed.items)),
        alpha_if_dropped=pd.Series(alpha_if_dropped(covariance), index=list(keyed.items)),
        coefficients=coefficients,
        findings=tuple(findings),
    )


def feldt_interval(
    point: float, *, n: int, k: int, confidence: float = 0.95
) -> tuple[float, float]:
    """Return Feldt's interval of an alpha found from n complete rows of k items.

    References
    ----------
    Feldt LS (1965). Psychometrika 30, 357-370.
    """
    tail = (1 - confidence) / 2
    degrees = (n - 1, (n - 1) * (k - 1))
    low = 1 - (1 - point) * float(stats.f.ppf(1 - tail, *degrees))
    high = 1 - (1 - point) * float(stats.f.ppf(tail, *degrees))
    return low, high


def _in_units_of(score: Score, complete: Floats, found: Reliability) -> Reliability:
    if isnan(found.alpha):
        return found
    n, k = complete.shape
    totals = apply_rule(score, complete.sum(axis=1), np.full(n, float(k)))
    sd = float(totals.std(ddof=1))
    sem = sd * sqrt(1 - found.alpha)
    return replace(found, mean=float(totals.mean()), sd=sd, sem=sem, mdc=MDC_PER_SEM * sem)


def _people_findings(keyed: KeyedAnswers, n: int) -> Iterator[Finding]:
    if n < keyed.n_asked:
        yield Finding(
            "note",
            keyed.title,
            f"{n} of the {keyed.n_asked} people asked answered every item; only they are used.",
        )
    if n < FEWEST_PEOPLE:
        yield Finding(
            "error",
            keyed.title,
            f"Only {n} people answered every item; fewer than {FEWEST_PEOPLE} give no "
            "reliability worth printing.",
        )


def _size_findings(keyed: KeyedAnswers, k: int) -> Iterator[Finding]:
    if k == 1:
        yield Finding("error", keyed.title, "A single item has no internal consistency.")
    elif k == 2:
        yield Finding(
            "note",
            keyed.title,
            "With fewer than 3 items there is no alpha without an item, and alpha says only how "
            "far two items agree.",
        )


def _constant_items(keyed: KeyedAnswers, complete: Floats, covariance: Floats) -> Iterator[Finding]:
    for number in np.flatnonzero(np.diag(covariance) < _EQUAL_TO_ROUNDING):
        if np.ptp(complete[:, number]) > 0:
            continue
        yield Finding(
            "warning",
            keyed.items[number],
            "Everybody gave the same answer: the item tells nobody apart and has no correlation "
            "with the others.",
        )


def _dependent_items(
    keyed: KeyedAnswers, complete: Floats, correlation: Floats
) -> Iterator[Finding]:
    # Only pairs that correlate perfectly are compared answer by answer.
    pairs = np.argwhere(np.triu(np.nan_to_num(correlation) > 1 - _EQUAL_TO_ROUNDING, 1))
    copies = [
        (first, second)
        for first, second in pairs
        if np.array_equal(complete[:, first], complete[:, second])
    ]
    for first, second in copies:
        yield Finding(
            "warning",
            keyed.items[second],
            f"Everybody answered it exactly as {keyed.items[first]}: one of the two may be a "
            "copy, and alpha is too high.",
        )
    varies = np.isfinite(np.diag(correlation))
    if not copies and is_singular(correlation[np.ix_(varies, varies)]):
        yield Finding(
            "warning",
            keyed.title,
            "The answers to one item follow from those to others (the correlation matrix is "
            "singular), so there is no lambda 6.",
        )


def _badly_keyed_items(keyed: KeyedAnswers, rest: Floats) -> Iterator[Finding]:
    for number in np.flatnonzero(rest < 0):
        yield Finding(
            "warning",
            keyed.items[number],
            f"It runs against the other items (item-rest correlation below 0): it may be "
            f"{'wrongly reversed' if keyed.items[number] in keyed.reversed else 'unreversed'}.",
        )


def _without_numbers(
    keyed: KeyedAnswers, n: int, confidence: float, findings: list[Finding]
) -> Reliability:
    empty = pd.Series(nan, index=list(keyed.items))
    return Reliability(
        alpha=nan,
        low=nan,
        high=nan,
        confidence=confidence,
        n=n,
        k=len(keyed.items),
        mean=nan,
        sd=nan,
        sem=nan,
        mdc=nan,
        item_rest=empty,
        alpha_if_dropped=empty,
        coefficients=NO_CONSISTENCY,
        findings=tuple(findings),
    )
