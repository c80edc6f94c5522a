"""The comparison of arms in which each school counts once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reports.errors import EstimationError, TableShapeError
from reports.estimates.design_matrix import (
    checked_outcome,
    group_by_cluster,
    is_rounding,
    orthonormal_basis,
)
from reports.estimates.regression import Contrast, t_contrast


def difference_of_cluster_means(
    y: ArrayLike,
    covariates: ArrayLike,
    clusters: ArrayLike,
    *,
    terms: Sequence[str],
    in_arm: ArrayLike,
    confidence: float = 0.95,
) -> Contrast:
    """Return the difference between arms of schools' mean residuals, with its t interval and p.

    Each school counts once, however many people of it answered. Rows must be complete.

    Parameters
    ----------
    y : array_like of float, shape (N,)
    covariates : array_like of float, shape (N, k)
        Everything in the model but the arm, the intercept among them.
    clusters : array_like, shape (N,)
        The school of each person.
    terms : sequence of str, length k
    in_arm : array_like of bool, shape (N,)
        Whether the person's school is in the arm that is compared with the other.
    confidence : float

    Raises
    ------
    TableShapeError
        Shapes disagree, or a school stands in both arms.
    EstimationError
        An arm has no school, the schools leave no degree of freedom, or their means do not vary.

    Notes
    -----
    y is regressed on the covariates; the t test of two samples with equal variances compares the
    schools' mean residuals on G - 2 degrees of freedom, less one for each covariate that is the
    same for everyone in every school.

    References
    ----------
    Gail et al. (1996), Stat. Med. 15:1069; Hayes & Moulton (2017), Cluster Randomised Trials,
    2nd ed., sections 10.3 and 10.4.
    """
    outcome = checked_outcome(y)
    basis = orthonormal_basis(covariates, terms)
    groups = group_by_cluster(clusters, n=len(outcome))
    arm = np.asarray(in_arm, dtype=bool)
    if basis.q.shape[0] != len(outcome) or arm.shape != outcome.shape:
        raise TableShapeError(
            f"found {len(outcome)} outcomes, {basis.q.shape[0]} rows of covariates and arms of "
            f"shape {arm.shape}, expected as many of each"
        )
    residuals = outcome - basis.q @ (basis.q.T @ outcome)
    means = groups.sums(residuals) / groups.sizes
    shares = groups.sums(arm.astype(np.float64)) / groups.sizes
    if not np.isin(shares, (0.0, 1.0)).all():
        raise TableShapeError("in_arm: found a school in both arms, expected each in one")
    treated, reference = means[shares == 1.0], means[shares == 0.0]
    if not len(treated) or not len(reference):
        raise EstimationError("an arm has no school, so there is nothing to compare")
    kept = np.asarray(covariates, dtype=np.float64)[:, list(basis.kept)]
    df = groups.n - 1 - _n_between(kept, groups.order, groups.starts)
    if df < 1:
        raise EstimationError(f"found {groups.n} schools, too few for the covariates of schools")
    squares = float(np.sum((treated - treated.mean()) ** 2))
    squares += float(np.sum((reference - reference.mean()) ** 2))
    if is_rounding(squares, means):
        raise EstimationError("the schools' means do not vary within the arms")
    variance = squares / (groups.n - 2) * (1.0 / len(treated) + 1.0 / len(reference))
    return t_contrast(
        estimate=float(treated.mean() - reference.mean()),
        se=float(np.sqrt(variance)),
        df=float(df),
        confidence=confidence,
    )


def _n_between(
    columns: NDArray[np.float64], order: NDArray[np.intp], starts: NDArray[np.intp]
) -> int:
    """How many columns, the intercept among them, are the same for everyone in every school."""
    ordered = columns[order]
    highest = np.maximum.reduceat(ordered, starts, axis=0)
    lowest = np.minimum.reduceat(ordered, starts, axis=0)
    return int(np.count_nonzero((highest == lowest).all(axis=0)))
