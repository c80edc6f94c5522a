"""People by which items they answered, and the means and covariances behind all their answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from scoring.cfa.likelihood import Likelihood, Sample
from scoring.cfa.model import FactorModel
from scoring.cfa.sample import (
    Moments,
    is_impossible,
    item_findings,
    model_findings,
    people_findings,
)
from scoring.cfa.structure import Matrices, Structure
from scoring.findings import Finding
from scoring.rules import Floats

_MOST_ROUNDS: Final = 5000
_SMALLEST_CHANGE: Final = 1e-10
_FEWEST_TOGETHER: Final = 10
"""Our choice: a correlation of fewer people than this would carry the model by chance."""


@dataclass(frozen=True, slots=True, eq=False)
class Patterns:
    """People by which items they answered.

    Attributes
    ----------
    rows : tuple of arrays of float, shape (people, items answered)
        Answers in units of `spread` from `mean`, a pattern at a time.
    samples : tuple of Sample
        Their moments.
    mean, spread : array of float, shape (items,)
        The zero and the unit of each item.
    answered : array of float, shape (items,)
        People who answered it.
    """

    rows: tuple[Floats, ...]
    samples: tuple[Sample, ...]
    mean: Floats
    spread: Floats
    answered: Floats

    @property
    def n(self) -> int:
        """People."""
        return sum(sample.n for sample in self.samples)


@dataclass(frozen=True, slots=True, eq=False)
class Saturated:
    """Means and covariances that hold every answer best, with no model of them."""

    mean: Floats
    covariance: Floats


def gap_findings(
    model: FactorModel, chosen: Floats, n_complete: int, n_parameters: int
) -> Iterator[Finding]:
    """Say why answers with gaps have no model, and how many of the people have some."""
    subject, n = " ".join(model.names), len(chosen)
    yield from model_findings(model)
    if n_complete < n:
        yield Finding(
            "note",
            subject,
            f"{n_complete} of the {n} people answered every item; the others count with the items "
            "they did answer.",
        )
    too_few = list(people_findings(n_parameters, n, subject))
    yield from too_few
    if is_impossible(too_few):
        return
    answered = (~np.isnan(chosen)).astype(np.float64)
    together = answered.T @ answered
    unanswered = np.flatnonzero(together.diagonal() < _FEWEST_TOGETHER)
    for number in unanswered:
        yield Finding(
            "error",
            model.items[number],
            f"Fewer than {_FEWEST_TOGETHER} people answered it, so nothing can be said of it.",
        )
    if len(unanswered):
        return
    for first, second in np.argwhere(np.triu(together < _FEWEST_TOGETHER))[:1]:
        yield Finding(
            "error",
            model.items[second],
            f"Fewer than {_FEWEST_TOGETHER} people answered both it and {model.items[first]}, so "
            "how the two go together cannot be known.",
        )
        return
    # The saturated model shows later which items are copies or sums of others.
    apart = np.eye(len(model.items))
    found = Moments(chosen, np.nanmean(chosen, axis=0), np.nanstd(chosen, axis=0), apart)
    yield from item_findings(model, found, subject)


def saturated_findings(
    model: FactorModel, chosen: Floats, saturated: Saturated | None
) -> Iterator[Finding]:
    """Say why the saturated model is not there, or which items it shows to be made of others."""
    subject = " ".join(model.names)
    if saturated is None:
        yield Finding(
            "error",
            subject,
            "The means and covariances behind the answers cannot be found: too many answers are "
            "missing, or some item is a copy or an exact sum of others.",
        )
        return
    spread = np.sqrt(saturated.covariance.diagonal())
    correlation = saturated.covariance / np.outer(spread, spread)
    yield from item_findings(model, Moments(chosen, saturated.mean, spread, correlation), subject)


def patterns_of(chosen: Floats, mean: Floats, spread: Floats) -> Patterns:
    """Return the people of answers with gaps, in these units from this zero; nobody without any."""
    scaled = (chosen - mean) / spread
    answered = ~np.isnan(chosen)
    kinds, kind = np.unique(answered, axis=0, return_inverse=True)
    rows, samples = [], []
    for number, pattern in enumerate(kinds):
        observed = np.flatnonzero(pattern)
        own = scaled[kind == number][:, observed]
        centre = own.mean(axis=0)
        deviations = own - centre
        rows.append(own)
        samples.append(Sample(len(own), centre, deviations.T @ deviations / len(own), observed))
    return Patterns(
        tuple(rows), tuple(samples), mean, spread, answered.sum(axis=0).astype(np.float64)
    )


def saturated_of(patterns: Patterns) -> Saturated | None:
    """Means and covariances by the EM algorithm; None where it does not arrive."""
    k = len(patterns.mean)
    mean, covariance = np.zeros(k), np.eye(k)
    for _ in range(_MOST_ROUNDS):
        try:
            shift, spread = _expected_moments(patterns, mean, covariance)
        except np.linalg.LinAlgError:
            return None
        change = max(np.abs(shift).max(), np.abs(spread - covariance).max())
        mean, covariance = mean + shift, spread
        if change < _SMALLEST_CHANGE:
            return Saturated(mean, covariance)
    return None


def _expected_moments(
    patterns: Patterns, mean: Floats, covariance: Floats
) -> tuple[Floats, Floats]:
    """One round of EM: how far the means move, and the new covariances."""
    k = len(mean)
    shift, second = np.zeros(k), np.zeros((k, k))
    for sample in patterns.samples:
        observed = sample.observed
        np.linalg.cholesky(covariance[np.ix_(observed, observed)])  # raises where it is singular
        filled = np.linalg.solve(covariance[np.ix_(observed, observed)], covariance[observed]).T
        share, off = sample.n / patterns.n, sample.mean - mean[observed]
        shift += share * (filled @ off)
        second += share * (
            filled @ (sample.covariance + np.outer(off, off)) @ filled.T
            + covariance
            - filled @ covariance[observed]
        )
    return shift, second - np.outer(shift, shift)


@dataclass(frozen=True, slots=True, eq=False)
class AgainstSaturated:
    """What a model of answers with gaps is judged against.

    Attributes
    ----------
    fit_function : float
        F of the saturated model.
    baseline : float
        n times F of the model in which no items correlate, less n F of the saturated one.
    trace : float
        Of the products of scores by the inverse information of the saturated model.
    """

    fit_function: float
    baseline: float
    trace: float


def against_saturated(patterns: Patterns, saturated: Saturated) -> AgainstSaturated:
    """Return what models of these answers are judged against."""
    k, n = len(patterns.mean), patterns.n
    all_free = Likelihood((_saturated_structure(k),), (patterns.samples,), k * (k + 1) // 2 + k)
    at_best = np.concatenate([saturated.covariance[np.tril_indices(k)], saturated.mean])
    best, _ = all_free.value_and_gradient(at_best)
    products = all_free.score_products(at_best, (patterns.rows,))
    inverse = np.linalg.inv(all_free.observed_information(at_best))
    return AgainstSaturated(
        fit_function=best,
        baseline=_baseline(patterns) - n * best,
        trace=float((products * inverse).sum()),
    )


def _saturated_structure(k: int) -> Structure:
    """Every mean, variance and covariance free, with no factors."""
    none = np.zeros((2, 0), dtype=np.intp)
    return Structure(
        fixed=Matrices(
            np.zeros((k, 0)), np.zeros((0, 0)), np.zeros((k, k)), np.zeros(k), np.zeros(0)
        ),
        loadings=none,
        factors=none,
        residuals=np.array(np.tril_indices(k)),
        intercepts=np.arange(k),
        means=np.zeros(0, dtype=np.intp),
        parameters=np.arange(k * (k + 1) // 2 + k),
    )


def _baseline(patterns: Patterns) -> float:
    """n F of the model in which no items correlate: each has the variance of its own answers."""
    k = len(patterns.mean)
    sums, squares = np.zeros(k), np.zeros(k)
    for own, sample in zip(patterns.rows, patterns.samples, strict=True):
        sums[sample.observed] += own.sum(axis=0)
        squares[sample.observed] += (own**2).sum(axis=0)
    variances = squares / patterns.answered - (sums / patterns.answered) ** 2
    return float(patterns.answered @ (1 + np.log(variances)))
