"""Factor models of people who left some items out, by full-information maximum likelihood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log, nan, pi

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
from scoring.cfa.patterns import (
    Patterns,
    Saturated,
    against_saturated,
    gap_findings,
    patterns_of,
    saturated_findings,
    saturated_of,
)
from scoring.cfa.sample import columns_of, is_impossible
from scoring.cfa.structure import Structure
from scoring.findings import Finding
from scoring.rules import Floats


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


def scaled_test(chi2: Chi2, trace: float) -> ScaledTest:
    """Return the test scaled by a trace over its degrees of freedom (Yuan-Bentler)."""
    scale = trace / chi2.df if chi2.df else nan
    scaled = chi2.model / scale if chi2.df else nan
    return ScaledTest(scale, scaled, p_value(scaled, chi2.df))


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
    findings = list(gap_findings(model, chosen, n_complete, model.n_parameters))
    if is_impossible(findings):
        return _no_fit(model, len(chosen), n_complete, findings)
    # Answered values of an item have mean 0 and variance 1.
    patterns = patterns_of(chosen, np.nanmean(chosen, axis=0), np.nanstd(chosen, axis=0))
    saturated = saturated_of(patterns)
    findings += saturated_findings(model, chosen, saturated)
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


def _structure(model: FactorModel) -> Structure:
    """The standard structure with free intercepts."""
    k = len(model.items)
    return replace(
        standard_structure(model),
        intercepts=np.arange(k),
        parameters=np.arange(model.n_parameters + k),
    )


def _start(model: FactorModel, saturated: Saturated, n: int) -> Floats:
    """Begin from the model of the saturated covariances."""
    k = len(model.items)
    sample = Sample(n, np.zeros(k), saturated.covariance, np.arange(k))
    likelihood = Likelihood((standard_structure(model),), ((sample,),), model.n_parameters)
    start = minimise(likelihood, start_values(model)).values
    return np.concatenate([start, saturated.mean])


def _fit(
    model: FactorModel,
    n_complete: int,
    patterns: Patterns,
    saturated: Saturated,
    likelihood: Likelihood,
    values: Floats,
    findings: tuple[Finding, ...],
) -> MissingFit:
    n, k, (structure,) = patterns.n, len(patterns.mean), likelihood.groups
    inverse = np.linalg.inv(likelihood.observed_information(values))
    products = likelihood.score_products(values, (patterns.rows,))
    against = against_saturated(patterns, saturated)
    reached, _ = likelihood.value_and_gradient(values)
    chi2 = Chi2(
        model=max(n * (reached - against.fit_function), 0.0) if model.df else 0.0,
        df=model.df,
        baseline=against.baseline,
        baseline_df=k * (k - 1) // 2,
        n=n,
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
        scaled=scaled_test(chi2, against.trace - float((products * inverse).sum())),
        findings=findings,
    )


def _no_fit(model: FactorModel, n: int, n_complete: int, findings: Sequence[Finding]) -> MissingFit:
    nothing = no_estimates(model)
    return MissingFit(model, n, n_complete, nothing, nothing, None, None, tuple(findings))
