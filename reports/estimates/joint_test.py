"""One test of several contrasts at once, for trials of more than two arms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from reports.errors import EstimationError, TableShapeError

if TYPE_CHECKING:
    from reports.estimates.regression import ClusteredFit


@dataclass(frozen=True, slots=True)
class JointTest:
    """A test that several contrasts are all 0.

    Attributes
    ----------
    statistic : float
        F.
    numerator_df, denominator_df : float
    p : float
    """

    statistic: float
    numerator_df: float
    denominator_df: float
    p: float


def joint_test(fit: ClusteredFit, contrasts: ArrayLike) -> JointTest:
    """Return the approximate Hotelling test (HTZ) that all contrasts of a clustered fit are 0.

    With one contrast it is the square of its Satterthwaite t test.

    Parameters
    ----------
    fit : ClusteredFit
        With CR2 errors for a test that is right with few schools.
    contrasts : array_like of float, shape (q, k)
        One row a contrast, one weight for each term asked for.

    Raises
    ------
    TableShapeError
        The shape is another.
    EstimationError
        A contrast is not identified, one repeats others, or too few schools carry them.

    Notes
    -----
    eta is the df of the Wishart distribution that matches the total variance of the contrasts'
    covariance estimate; F = (eta - q + 1) / (eta q) Q on q and eta - q + 1 degrees of freedom. The
    sums over pairs of schools are taken apart, so that nothing is G by G.

    References
    ----------
    Tipton & Pustejovsky (2015), J. Educ. Behav. Stat. 40:604, equation 12.
    """
    wanted = np.asarray(contrasts, dtype=np.float64)
    if wanted.ndim != 2 or not len(wanted):
        raise TableShapeError(f"contrasts: found shape {wanted.shape}, expected one row a contrast")
    weights = np.stack([fit.basis.kept_weights(each) for each in wanted])
    q = len(weights)
    if np.linalg.matrix_rank(weights) < q:
        raise EstimationError("a contrast repeats what the others say")
    estimates = weights @ fit.coefficients
    covariance = weights @ fit.covariance @ weights.T
    eta = _wishart_df(fit, fit.basis.r_inverse.T @ weights.T)
    if not eta > q - 1 or np.linalg.matrix_rank(covariance) < q:
        raise EstimationError(
            "the contrasts have no degrees of freedom: too few schools carry them"
        )
    wald = float(estimates @ np.linalg.solve(covariance, estimates))
    statistic = (eta - q + 1.0) / (eta * q) * wald
    denominator = eta - q + 1.0
    return JointTest(
        statistic=statistic,
        numerator_df=float(q),
        denominator_df=denominator,
        p=float(stats.f.sf(statistic, q, denominator)),
    )


def _wishart_df(fit: ClusteredFit, directions: NDArray[np.float64]) -> float:
    """eta, from the blocks P_gh = p_g'p_h of the whitened contrasts, directions of shape (r, q)."""
    q = directions.shape[1]
    whitened = directions @ _inverse_root(_blocks(fit, directions)[0].sum(axis=0))
    blocks, carried = _blocks(fit, whitened)
    # own: what a school's residuals give; shared: what fitting the model takes from all pairs.
    own = blocks + np.einsum("gis,git->gst", carried, carried)
    shared = np.einsum("gis,git->gst", carried, carried)
    crossed = np.einsum("gis,gjt->stij", carried, carried)

    def products(a: int, b: int, c: int, d: int) -> float:
        """The sum over pairs of schools of P_gh[a, b] P_gh[c, d]."""
        return float(
            own[:, a, b] @ own[:, c, d]
            - own[:, a, b] @ shared[:, c, d]
            - own[:, c, d] @ shared[:, a, b]
            + np.sum(crossed[a, c] * crossed[b, d])
        )

    variance = sum(products(s, s, t, t) + products(s, t, t, s) for s in range(q) for t in range(q))
    if not variance > 0.0:
        raise EstimationError(
            "the contrasts have no degrees of freedom: too few schools carry them"
        )
    return float(q * (q + 1) / variance)


def _blocks(
    fit: ClusteredFit, directions: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """P_gg, shape (G, q, q), and S_g F_g of the directions, shape (G, r, q)."""
    spread = fit.adjustments @ directions
    carried = fit.leverages @ spread
    own = np.einsum("gis,git->gst", spread, carried)
    return own - np.einsum("gis,git->gst", carried, carried), carried


def _inverse_root(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(matrix)
    if not values[0] > 1e-12 * values[-1]:
        raise EstimationError(
            "the contrasts have no degrees of freedom: too few schools carry them"
        )
    return np.asarray((vectors / np.sqrt(values)) @ vectors.T, dtype=np.float64)
