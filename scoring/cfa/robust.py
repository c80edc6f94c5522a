"""Robust maximum likelihood (MLR): the same loadings, with a chi2 and errors for skewed answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import nan

import numpy as np

from scoring.cfa.fit_indices import Chi2, FitIndices, cfi, p_value, rmsea, tli
from scoring.cfa.ml import (
    Estimates,
    estimates,
    fit_correlations,
    indices_of,
    no_estimates,
)
from scoring.cfa.model import FactorModel
from scoring.cfa.sample import columns_of, moments
from scoring.findings import Finding
from scoring.rules import Floats


@dataclass(frozen=True, slots=True)
class ScaledIndices:
    """How well a model fits when answers are not normal.

    The *scaled* figures use chi2 / scale as if it were the chi2. The *robust* ones estimate what
    the index would be in the population; they are the ones to print.

    Attributes
    ----------
    scale, baseline_scale : float
        Yuan-Bentler correction of the model and of the baseline model, 1 for normal answers; NaN
        without degrees of freedom.
    chi2, p : float
        Scaled.
    cfi_scaled, tli_scaled, rmsea_scaled : float
    cfi_robust, tli_robust, rmsea_robust, rmsea_robust_low, rmsea_robust_high : float
    """

    scale: float
    baseline_scale: float
    chi2: float
    p: float
    cfi_scaled: float
    tli_scaled: float
    rmsea_scaled: float
    cfi_robust: float
    tli_robust: float
    rmsea_robust: float
    rmsea_robust_low: float
    rmsea_robust_high: float


@dataclass(frozen=True, slots=True, eq=False)
class RobustFit:
    """A factor model fitted by robust maximum likelihood.

    Attributes
    ----------
    model : FactorModel
    n : int
        People used.
    estimates : Estimates
        The estimates of maximum likelihood, with robust standard errors.
    indices : FitIndices or None
        The indices before any correction; None where there are no numbers. AIC and BIC do not
        count the means.
    robust : ScaledIndices or None
        None where there are no numbers.
    findings : tuple of Finding
        What a person should know before reading the numbers, or why there are none.
    """

    model: FactorModel
    n: int
    estimates: Estimates
    indices: FitIndices | None
    robust: ScaledIndices | None
    findings: tuple[Finding, ...]


def fit_mlr(values: Floats, items: Sequence[str], model: FactorModel) -> RobustFit:
    """Return a factor model fitted by robust maximum likelihood, with its fit.

    Where there are no numbers, a finding says why, as in `scoring.cfa.ml.fit_ml`.

    Parameters
    ----------
    values : array of float, shape (people, columns)
        Complete rows of answers, reversed items turned.
    items : sequence of str
        Names of the columns; columns that are not in the model are not used.
    model : FactorModel

    Returns
    -------
    RobustFit

    Raises
    ------
    ValueError
        When an answer is missing or the model has an item that is not among `items`.

    Notes
    -----
    J0 is the mean outer product of the people's scores, H0 the observed information of a person;
    the standard errors are the root of H0^-1 J0 H0^-1 / n. The scale is
    [tr(J1 H1^-1) - tr(J0 H0^-1)] / df, with J1 and H1 those of the saturated model. That first
    trace needs no matrix of all variances and covariances: it is (k + mean of D^4) / 2, D the
    Mahalanobis distance of each person, because H1^-1 of the covariances is twice S (x) S.

    References
    ----------
    Yuan KH, Bentler PM (2000). Sociological Methodology 30, 165-200. Brosseau-Liard PE,
    Savalei V (2014). Multivariate Behavioral Research 49, 460-470, for robust CFI and TLI.
    Brosseau-Liard PE, Savalei V, Li L (2012). Multivariate Behavioral Research 47, 904-930, for
    robust RMSEA. Conventions: lavaan with `estimator = "MLR", std.lv = TRUE`.
    """
    found = moments(columns_of(values, items, model))
    fitted, findings = fit_correlations(found, model)
    if fitted is None:
        return RobustFit(model, found.n, no_estimates(model), None, None, findings)
    deviations = (found.values - found.mean) / found.spread
    products = fitted.likelihood.score_products(fitted.values, ((deviations,),))
    inverse = np.linalg.inv(fitted.likelihood.observed_information(fitted.values))
    # At the minimum tr(Sigma^-1 S) = k, which is what the means' own trace comes to.
    means_trace = float(len(found.spread))
    trace = float((products * inverse).sum()) + means_trace
    return RobustFit(
        model,
        found.n,
        estimates(
            fitted.structure, fitted.values, found.spread, inverse @ products @ inverse / found.n
        ),
        indices_of(fitted),
        scaled_indices(
            fitted.chi2,
            trace=trace,
            saturated_trace=saturated_trace(deviations, found.correlation),
            baseline_trace=baseline_trace(deviations),
        ),
        findings,
    )


def saturated_trace(deviations: Floats, covariance: Floats) -> float:
    """Return tr(J1 H1^-1) of the saturated model of means and covariances.

    Parameters
    ----------
    deviations : array of float, shape (people, items)
        Answers less their means.
    covariance : array of float, shape (items, items)
        Of these deviations, with divisor n.
    """
    root = np.linalg.inv(np.linalg.cholesky(covariance))
    squared = ((deviations @ root.T) ** 2).sum(axis=1)
    fourth = float((squared**2).mean())
    return (len(covariance) + fourth) / 2


def baseline_trace(deviations: Floats) -> float:
    """Return tr(JB HB^-1) of the model in which no items correlate, means and variances free."""
    squared = deviations**2
    kurtosis = (squared**2).mean(axis=0) / squared.mean(axis=0) ** 2
    total = float((kurtosis + 1).sum())
    return total / 2


def scaled_indices(
    chi2: Chi2, *, trace: float, saturated_trace: float, baseline_trace: float
) -> ScaledIndices:
    """Return scaled and robust indices from a chi2 and the traces of model, saturated, baseline.

    With groups, the traces of the saturated and the baseline model are summed over them.
    """
    scale = (saturated_trace - trace) / chi2.df if chi2.df else nan
    baseline_scale = (saturated_trace - baseline_trace) / chi2.baseline_df
    by = 1.0 if chi2.df == 0 else scale
    scaled = replace(chi2, model=chi2.model / by, baseline=chi2.baseline / baseline_scale)
    as_robust = rmsea(chi2, scale=by)
    return ScaledIndices(
        scale=scale,
        baseline_scale=baseline_scale,
        chi2=scaled.model,
        p=p_value(scaled.model, chi2.df),
        cfi_scaled=cfi(scaled),
        tli_scaled=tli(scaled),
        rmsea_scaled=rmsea(scaled).value,
        cfi_robust=cfi(chi2, scale=by, baseline_scale=baseline_scale),
        tli_robust=tli(chi2, scale=by, baseline_scale=baseline_scale),
        rmsea_robust=as_robust.value,
        rmsea_robust_low=as_robust.low,
        rmsea_robust_high=as_robust.high,
    )
