"""Omega of the sum of ordered answers, from a factor model of the latent responses behind them."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np
from scipy.special import ndtr

from scoring.cfa.model import one_factor
from scoring.findings import Finding
from scoring.keyed import KeyedAnswers
from scoring.ordinal.bivariate_normal import FURTHEST, bivariate_cdf
from scoring.ordinal.categories import Codes, pairs_of
from scoring.ordinal.polychoric import PolychoricMatrix
from scoring.ordinal.wlsmv import OrdinalFit, fit_wlsmv
from scoring.rules import Floats


@dataclass(frozen=True, slots=True, eq=False)
class CategoricalOmega:
    """Reliability of the sum of ordered answers when one factor is behind them.

    Attributes
    ----------
    omega : float
        Of the sum of the answers as they were given; NaN where there is none.
    latent_response_omega : float
        Of the sum of the latent responses, which nobody can form: another quantity, as a rule
        larger, and not the reliability of the score.
    fit : OrdinalFit
        The model with one factor; where it fits badly, neither omega means much.
    n : int
        People used: those who answered every item.
    findings : tuple of Finding
        Those of the fit, among them why there is no number where there is none.
    """

    omega: float
    latent_response_omega: float
    fit: OrdinalFit
    n: int
    findings: tuple[Finding, ...]


def categorical_omega(keyed: KeyedAnswers) -> CategoricalOmega:
    """Return Green and Yang's omega of the sum of a scale's answers.

    There is none where `fit_wlsmv` has no model with one factor; three items or more are needed.

    Notes
    -----
    With c(j, l, r) the covariance of two items' answers whose latent responses correlate r, omega
    is the sum of c(j, l, loading_j loading_l) over the sum of c(j, l, polychoric_jl), both over
    all pairs with the diagonal. Answers are counted as they stand: where nobody chose one, the
    step over it is as long as it is. The latent responses' omega is the squared sum of loadings
    over the sum of polychoric correlations.

    References
    ----------
    Green SB, Yang Y (2009). Psychometrika 74, 155-167. Conventions: semTools `compRelSEM` with
    `ord.scale = TRUE`, and `FALSE` for the latent responses.
    """
    fit = fit_wlsmv(keyed, one_factor(keyed.items))
    if fit.indices is None:
        return CategoricalOmega(nan, nan, fit, fit.n, fit.findings)
    loadings, correlations = fit.estimates.loadings[:, 0], fit.polychoric.correlations
    of_the_factor = _summed_covariance(fit.polychoric, np.outer(loadings, loadings))
    return CategoricalOmega(
        omega=of_the_factor / _summed_covariance(fit.polychoric, correlations),
        latent_response_omega=float(loadings.sum() ** 2 / correlations.sum()),
        fit=fit,
        n=fit.n,
        findings=fit.findings,
    )


def _summed_covariance(polychoric: PolychoricMatrix, correlations: Floats) -> float:
    """The sum of the covariances of all pairs of answers, the diagonal once, others twice."""
    k = len(polychoric.items)
    widest = max(len(thresholds) for thresholds in polychoric.thresholds)
    thresholds, steps = np.full((k, widest), FURTHEST), np.zeros((k, widest))
    for number, values in enumerate(polychoric.categories):
        thresholds[number, : len(values) - 1] = polychoric.thresholds[number]
        steps[number, : len(values) - 1] = np.diff(values)
    first, second = pairs_of(k)
    beside = _covariances(thresholds, steps, first, second, correlations[first, second])
    every = np.arange(k)
    own = _covariances(thresholds, steps, every, every, correlations.diagonal())
    return float(own.sum() + 2 * beside.sum())


def _covariances(
    thresholds: Floats, steps: Floats, first: Codes, second: Codes, rho: Floats
) -> Floats:
    rows, columns = thresholds[first][:, :, None], thresholds[second][:, None, :]
    together = np.where(
        (rho == 1)[:, None, None],
        ndtr(np.minimum(rows, columns)),
        bivariate_cdf(rows, columns, np.where(rho == 1, 0.0, rho)),
    )
    apart = ndtr(rows) * ndtr(columns)
    found: Floats = np.einsum("pa,pab,pb->p", steps[first], together - apart, steps[second])
    return found
