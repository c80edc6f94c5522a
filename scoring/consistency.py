"""Coefficients of internal consistency, all from one covariance matrix of keyed items."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt
from typing import Final

import numpy as np

from scoring.rules import Floats

SMALLEST_EIGENVALUE: Final = 1e-10
"""A correlation matrix whose smallest eigenvalue is below this share of the largest is singular:
an item is the sum of others, or a copy of one."""


@dataclass(frozen=True, slots=True)
class Consistency:
    """What a covariance matrix says of a sum of items; each at most 1, higher is more consistent.

    Attributes
    ----------
    alpha : float
        Cronbach's raw alpha, also Guttman's lambda 3.
    standardised_alpha : float
        Alpha of the items brought to equal SDs; NaN with a constant item.
    average_r : float
        Mean correlation of two items; NaN with a constant item.
    lambda1, lambda2, lambda5 : float
        Guttman's, from covariances.
    lambda6 : float
        Guttman's, from correlations, psych's G6(smc); NaN where the matrix is singular.
    """

    alpha: float
    standardised_alpha: float
    average_r: float
    lambda1: float
    lambda2: float
    lambda5: float
    lambda6: float


NO_CONSISTENCY: Final = Consistency(nan, nan, nan, nan, nan, nan, nan)


def consistency(covariance: Floats) -> Consistency:
    """Return alpha, standardised alpha, average correlation and Guttman's lambdas.

    Parameters
    ----------
    covariance : array of float, shape (k, k)
        Of keyed items, complete rows; its entries do not sum to 0; k at least 2.

    Returns
    -------
    Consistency

    Notes
    -----
    With T the sum of all entries, lambda 1 = 1 - tr C / T; alpha = k/(k-1) lambda 1;
    lambda 2 adds sqrt(k/(k-1) times the sum of squared off-diagonal entries) / T;
    lambda 5 adds 2 sqrt(the largest row sum of squared off-diagonal entries) / T;
    lambda 6 = 1 - sum(1 / diag R^-1) / sum R.

    References
    ----------
    Cronbach LJ (1951). Psychometrika 16, 297-334. Guttman L (1945). Psychometrika 10, 255-282.
    """
    k = len(covariance)
    total = float(covariance.sum())
    lambda1 = 1 - float(np.trace(covariance)) / total
    squares = (covariance - np.diag(np.diag(covariance))) ** 2
    return Consistency(
        alpha=k / (k - 1) * lambda1,
        lambda1=lambda1,
        lambda2=lambda1 + sqrt(k / (k - 1) * float(squares.sum())) / total,
        lambda5=lambda1 + 2 * sqrt(float(squares.sum(axis=1).max())) / total,
        **_of_correlations(correlations(covariance)),
    )


def correlations(covariance: Floats) -> Floats:
    """Return the correlations behind covariances, shape (k, k); NaN beside a constant item."""
    sd = np.sqrt(np.diag(covariance))
    product = np.outer(sd, sd)
    found: Floats = np.divide(
        covariance, product, out=np.full_like(covariance, nan), where=product > 0
    )
    varies = sd > 0
    found[varies, varies] = 1.0
    return found


def is_singular(correlation: Floats) -> bool:
    """Return whether an item can be had from the others (rank below k), or is constant."""
    if not np.isfinite(correlation).all():
        return True
    roots = np.linalg.eigvalsh(correlation)
    return bool(roots[0] < SMALLEST_EIGENVALUE * roots[-1])


def item_rest(covariance: Floats) -> Floats:
    """Return each item's correlation with the sum of the others; NaN where one is constant.

    With s the row sums and v the diagonal: (s_i - v_i) / sqrt(v_i (T - 2 s_i + v_i)).
    """
    variances, sums = np.diag(covariance), covariance.sum(axis=1)
    rest = covariance.sum() - 2 * sums + variances
    product = variances * rest
    defined = (variances > 0) & (rest > 0)
    root = np.sqrt(np.where(defined, product, 1.0))
    found: Floats = np.where(defined, (sums - variances) / root, nan)
    return found


def alpha_if_dropped(covariance: Floats) -> Floats:
    """Return alpha of the other items, item by item; NaN with fewer than 3 items."""
    k = len(covariance)
    variances, sums = np.diag(covariance), covariance.sum(axis=1)
    rest = covariance.sum() - 2 * sums + variances
    if k < 3:
        return np.full(k, nan)
    share = np.divide(
        variances.sum() - variances, rest, out=np.full(k, nan), where=~np.isclose(rest, 0)
    )
    found: Floats = (k - 1) / (k - 2) * (1 - share)
    return found


def _of_correlations(correlation: Floats) -> dict[str, float]:
    k, total = len(correlation), float(correlation.sum())
    lambda6 = nan
    if not is_singular(correlation) and not np.isclose(total, 0):
        lambda6 = 1 - float((1 / np.diag(np.linalg.inv(correlation))).sum()) / total
    return {
        "standardised_alpha": nan if np.isclose(total, 0) else k / (k - 1) * (1 - k / total),
        "average_r": (total - k) / (k * (k - 1)),
        "lambda6": lambda6,
    }
