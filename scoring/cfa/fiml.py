"""Factor models of people who left some items out, by full-information maximum likelihood."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import log, nan, pi
from typing import Final

import numpy as np

from scoring.cfa.estimation import minimise
from scoring.cfa.fit_indices import Chi2, FitIndices, fit_indices, p_value, srmr
from scoring.cfa.likelihood import Likelihood, Sample
from scoring.cfa.ml import (
    Estimates,
    estimates,
    facing_up,
    no_estimates,
    solution_findings,
    standard_structure,
    start_values,
)
from scoring.cfa.model import FactorModel
from scoring.cfa.sample import (
    Moments,
    columns_of,
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


@dataclass(frozen=True, slots=True)
class ScaledTest:
    """The chi2 of a model corrected for answers that are not normal (Yuan-Bentler).

    Attributes
    ----------
    scale : float
        1 for normal answers; NaN without degrees of freedom.
    chi2, p : float
        Chi2 divided by the scale.
    """

    scale: float
    chi2: float
    p: float


@dataclass(frozen=True, slots=True, eq=False)
class MissingFit:
    """A factor model fitted to everybody who answered at least one item.

    Attributes
    ----------
    model : FactorModel
    n : int
        People who answered at least one item of the model.
    n_complete : int
        Those of them who answered every one.
    estimates : Estimates
        With standard errors from the observed information.
    robust_estimates : Estimates
        The same estimates with robust standard errors.
    indices : FitIndices or None
        None where there are no numbers. AIC and BIC count the means, and so does SRMR, whose
        sample is that of the saturated model.
    scaled : ScaledTest or None
        None where there are no numbers.
    findings : tuple of Finding
        What a person should know before reading the numbers, or why there are none.
    """

    model: FactorModel
    n: int
    n_complete: int
    estimates: Estimates
    robust_estimates: Estimates
    indices: FitIndices | None
    scaled: ScaledTest | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Patterns:
    """People by which items they answered; answered values of an item have mean 0, variance 1."""

    rows: tuple[Floats, ...]
    samples: tuple[Sample, ...]
    mean: Floats
    spread: Floats
    answered: Floats

    @property
    def n(self) -> int:
        return sum(sample.n for sample in self.samples)


@dataclass(frozen=True, slots=True, eq=False)
class _Saturated:
    """Means and covariances that hold every answer best, with no model of them."""

    mean: Floats
    covariance: Floats


def fit_fiml(values: Floats, items: Sequence[str], model: FactorModel) -> MissingFit:
    """Return a factor model fitted to all answers there are, with its fit.

    It holds where whether an answer is missing depends at most on answers that are there. Where
    there are no numbers a finding says why, as in `scoring.cfa.ml.fit_ml`; also where two items
    were answered together by fewer than 10 people.

    Parameters
    ----------
    values : array of float, shape (people, columns)
        Answers, reversed items turned, NaN where there is none. Who answered no item of the model
        is left out.
    items : sequence of str
        Names of the columns; columns that are not in the model are not used.
    model : FactorModel

    Returns
    -------
    MissingFit

    Raises
    ------
    ValueError
        When the model has an item that is not among `items`.

    Notes
    -----
    Log-likelihood = -1/2 sum over people of [k_i log 2 pi + log|Sigma_i| +
    (y_i - mu_i)' Sigma_i^-1 (y_i - mu_i)] over the k_i items each answered; people are taken
    together by which items these are. The saturated model is found by the EM algorithm, the
    baseline model is the means and variances of the answered values. The scale is that of
    `scoring.cfa.robust.fit_mlr`, with the saturated trace from its own scores and information.

    References
    ----------
    Arbuckle JL (1996), in Advanced structural equation modeling, 243-277. Dempster AP, Laird NM,
    Rubin DB (1977). J. Royal Statistical Society B 39, 1-38. Yuan KH, Bentler PM (2000).
    Sociological Methodology 30, 165-200. Conventions: lavaan with `missing = "fiml"`.
    """
    chosen = columns_of(values, items, model)
    chosen = chosen[~np.isnan(chosen).all(axis=1)]
    n_complete = int((~np.isnan(chosen)).all(axis=1).sum())
    findings = list(_findings(model, chosen, n_complete))
    if is_impossible(findings):
        return _no_fit(model, len(chosen), n_complete, findings)
    patterns = _patterns(chosen)
    saturated = _saturated(patterns)
    findings += _saturated_findings(model, chosen, saturated)
    if saturated is None or is_impossible(findings):
        return _no_fit(model, len(chosen), n_complete, findings)
    structure = _structure(model)
    likelihood = Likelihood((structure,), (patterns.samples,), len(structure.parameters))
    solution = minimise(likelihood, _start(model, saturated, patterns.n))
    findings += solution_findings(model, structure, likelihood, solution)
    if is_impossible(findings):
        return _no_fit(model, len(chosen), n_complete, findings)
    values = facing_up(structure, solution.values)
    return _fit(model, n_complete, patterns, saturated, likelihood, values, tuple(findings))


def _saturated_findings(
    model: FactorModel, chosen: Floats, saturated: _Saturated | None
) -> Iterator[Finding]:
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


def _findings(model: FactorModel, chosen: Floats, n_complete: int) -> Iterator[Finding]:
    subject, n = " ".join(model.names), len(chosen)
    yield from model_findings(model)
    if n_complete < n:
        yield Finding(
            "note",
            subject,
            f"{n_complete} of the {n} people answered every item; the others count with the items "
            "they did answer.",
        )
    too_few = list(people_findings(model.n_parameters, n, subject))
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


def _patterns(chosen: Floats) -> _Patterns:
    mean, spread = np.nanmean(chosen, axis=0), np.nanstd(chosen, axis=0)
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
    return _Patterns(
        tuple(rows), tuple(samples), mean, spread, answered.sum(axis=0).astype(np.float64)
    )


def _saturated(patterns: _Patterns) -> _Saturated | None:
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
            return _Saturated(mean, covariance)
    return None


def _expected_moments(
    patterns: _Patterns, mean: Floats, covariance: Floats
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


def _structure(model: FactorModel) -> Structure:
    """The standard structure with free intercepts."""
    k = len(model.items)
    return replace(
        standard_structure(model),
        intercepts=np.arange(k),
        parameters=np.arange(model.n_parameters + k),
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


def _start(model: FactorModel, saturated: _Saturated, n: int) -> Floats:
    """Begin from the model of the saturated covariances."""
    k = len(model.items)
    sample = Sample(n, np.zeros(k), saturated.covariance, np.arange(k))
    likelihood = Likelihood((standard_structure(model),), ((sample,),), model.n_parameters)
    start = minimise(likelihood, start_values(model)).values
    return np.concatenate([start, saturated.mean])


def _fit(
    model: FactorModel,
    n_complete: int,
    patterns: _Patterns,
    saturated: _Saturated,
    likelihood: Likelihood,
    values: Floats,
    findings: tuple[Finding, ...],
) -> MissingFit:
    n, k, (structure,) = patterns.n, len(patterns.mean), likelihood.groups
    inverse = np.linalg.inv(likelihood.observed_information(values))
    products = likelihood.score_products(values, (patterns.rows,))
    all_free = Likelihood((_saturated_structure(k),), (patterns.samples,), k * (k + 1) // 2 + k)
    at_best = np.concatenate([saturated.covariance[np.tril_indices(k)], saturated.mean])
    reached, _ = likelihood.value_and_gradient(values)
    best, _ = all_free.value_and_gradient(at_best)
    chi2 = Chi2(
        model=max(n * (reached - best), 0.0) if model.df else 0.0,
        df=model.df,
        baseline=_baseline(patterns) - n * best,
        baseline_df=k * (k - 1) // 2,
        n=n,
    )
    saturated_products = all_free.score_products(at_best, (patterns.rows,))
    saturated_inverse = np.linalg.inv(all_free.observed_information(at_best))
    scale = (
        float((saturated_products * saturated_inverse).sum() - (products * inverse).sum())
        / model.df
        if model.df
        else nan
    )
    at = structure.matrices(values)
    in_own_units = float(patterns.answered @ (log(2 * pi) + 2 * np.log(patterns.spread)))
    return MissingFit(
        model=model,
        n=n,
        n_complete=n_complete,
        estimates=estimates(structure, values, patterns.spread, inverse / n),
        robust_estimates=estimates(
            structure, values, patterns.spread, inverse @ products @ inverse / n
        ),
        indices=fit_indices(
            chi2,
            srmr=srmr(saturated.covariance, at.covariance, off=saturated.mean - at.mean),
            log_likelihood=-(n * reached + in_own_units) / 2,
            n_parameters=likelihood.n_parameters,
        ),
        scaled=ScaledTest(scale, chi2.model / scale, p_value(chi2.model / scale, model.df)),
        findings=findings,
    )


def _baseline(patterns: _Patterns) -> float:
    """n F of the model in which no items correlate: every item has variance 1 in its own units."""
    return float(patterns.answered.sum())


def _no_fit(model: FactorModel, n: int, n_complete: int, findings: Sequence[Finding]) -> MissingFit:
    nothing = no_estimates(model)
    return MissingFit(model, n, n_complete, nothing, nothing, None, None, tuple(findings))
