"""One estimate out of those of several imputed tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from reports.errors import EstimationError, TableShapeError
from reports.estimates.regression import Contrast, t_contrast


@dataclass(frozen=True, slots=True)
class PooledContrast:
    """A contrast pooled over imputed tables.

    Attributes
    ----------
    contrast : Contrast
        With the degrees of freedom of Barnard and Rubin.
    within_variance, between_variance : float
        Mean variance within a table, and the variance of the estimates between tables.
    share_missing : float
        Share of the total variance that is due to what is missing (lambda), 0 to 1.
    n_imputations : int
    """

    contrast: Contrast
    within_variance: float
    between_variance: float
    share_missing: float
    n_imputations: int


def pool(
    estimates: ArrayLike, variances: ArrayLike, *, complete_df: float, confidence: float = 0.95
) -> PooledContrast:
    """Return the pooled estimate by Rubin's rules with Barnard and Rubin's degrees of freedom.

    Parameters
    ----------
    estimates, variances : array_like of float, shape (m,)
        One for each imputed table; m at least 2, variances above 0.
    complete_df : float
        The degrees of freedom had nothing been missing.
    confidence : float

    Raises
    ------
    TableShapeError
        Shapes disagree, or a value is missing.
    EstimationError
        Fewer than two tables, or a variance or the degrees of freedom not above 0.

    References
    ----------
    Rubin (1987), Multiple Imputation for Nonresponse in Surveys; Barnard & Rubin (1999),
    Biometrika 86:948.
    """
    q, u = (np.asarray(each, dtype=np.float64) for each in (estimates, variances))
    if q.ndim != 1 or q.shape != u.shape or not np.isfinite([q, u]).all():
        raise TableShapeError(
            f"found estimates of shape {q.shape} and variances of shape {u.shape}, expected one "
            "finite number of each for each imputed table"
        )
    m = len(q)
    if m < 2 or not (u > 0.0).all() or not complete_df > 0.0:
        raise EstimationError(
            f"found {m} imputed tables and {complete_df:g} degrees of freedom, expected at least 2 "
            "tables, and variances and degrees of freedom above 0"
        )
    within, between = float(u.mean()), float(q.var(ddof=1))
    total = within + (1.0 + 1.0 / m) * between
    share = (1.0 + 1.0 / m) * between / total
    observed = (complete_df + 1.0) / (complete_df + 3.0) * complete_df * (1.0 - share)
    # Where the tables agree there is nothing but the data's own uncertainty.
    df = observed if share == 0.0 else 1.0 / (share**2 / (m - 1) + 1.0 / observed)
    return PooledContrast(
        contrast=t_contrast(
            estimate=float(q.mean()), se=float(np.sqrt(total)), df=df, confidence=confidence
        ),
        within_variance=within,
        between_variance=between,
        share_missing=share,
        n_imputations=m,
    )
