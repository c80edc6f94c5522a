"""Linear regression with standard errors by school and Satterthwaite degrees of freedom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from reports.errors import EstimationError, TableShapeError
from reports.estimates.design_matrix import (
    Basis,
    Clusters,
    checked_outcome,
    group_by_cluster,
    is_rounding,
    orthonormal_basis,
)

Correction = Literal["CR0", "CR1", "CR1S", "CR2"]
DegreesOfFreedom = Literal["satterthwaite", "clusters", "residual"]

# Leverage this close to 1 means that the model reproduces that direction of a school exactly.
FULL_LEVERAGE = 1e-10
# A robust variance below this share of the ordinary one is rounding, not variation.
NEGLIGIBLE_SHARE = 1e-12


@dataclass(frozen=True, slots=True)
class Contrast:
    """A weighted sum of coefficients, with its uncertainty.

    Attributes
    ----------
    estimate, se : float
        In units of the outcome.
    df : float
        Degrees of freedom of the t distribution that p and the interval use.
    statistic : float
        estimate / se.
    p : float
        Two-sided.
    low, high : float
        Limits of the interval at the given confidence.
    confidence : float
        Between 0 and 1.
    """

    estimate: float
    se: float
    df: float
    statistic: float
    p: float
    low: float
    high: float
    confidence: float


@dataclass(frozen=True, slots=True)
class ClusteredFit:
    """A least-squares fit whose covariance allows for people within a school being alike.

    Attributes
    ----------
    basis : Basis
        Which of the k terms asked for have one of the r coefficients.
    coefficients : ndarray of float, shape (r,)
    covariance : ndarray of float, shape (r, r)
        Cluster-robust, of the chosen kind.
    residuals : ndarray of float, shape (N,)
    kind : str
        CR0, CR1, CR1S or CR2.
    n, n_clusters : int
    leverages : ndarray of float, shape (G, r, r)
        S_g, the cross-products of the orthonormal columns within each cluster.
    adjustments : ndarray of float, shape (G, r, r)
        F_g, the small-sample adjustment of each cluster, in the same basis.
    """

    basis: Basis
    coefficients: NDArray[np.float64]
    covariance: NDArray[np.float64]
    residuals: NDArray[np.float64]
    kind: Correction
    n: int
    n_clusters: int
    leverages: NDArray[np.float64]
    adjustments: NDArray[np.float64]

    @property
    def terms(self) -> tuple[str, ...]:
        """The terms that have a coefficient, in the order of the coefficients."""
        return self.basis.kept_terms

    @property
    def dropped_terms(self) -> tuple[str, ...]:
        """The terms that repeat what earlier terms say and have no coefficient."""
        return self.basis.dropped_terms

    @property
    def residual_df(self) -> int:
        """People less coefficients."""
        return self.n - len(self.coefficients)

    @property
    def residual_variance(self) -> float:
        """Residual mean square."""
        return float(self.residuals @ self.residuals) / self.residual_df

    def contrast(
        self,
        c: ArrayLike,
        *,
        degrees_of_freedom: DegreesOfFreedom = "satterthwaite",
        confidence: float = 0.95,
    ) -> Contrast:
        """Return the weighted sum of coefficients with its t interval and two-sided p.

        Parameters
        ----------
        c : array_like of float, shape (k,)
            One weight for each term asked for, dropped ones included.
        degrees_of_freedom : {"satterthwaite", "clusters", "residual"}
            Of this contrast by Satterthwaite; clusters less one; or people less coefficients.
            The last two are what other programs print, and too many with few schools.
        confidence : float
            Between 0 and 1.

        Raises
        ------
        EstimationError
            The terms do not identify the contrast, or its standard error is zero.

        References
        ----------
        Bell & McCaffrey (2002), Survey Methodology 28:169; Pustejovsky & Tipton (2018),
        J. Bus. Econ. Stat. 36:672.
        """
        weights = self.basis.kept_weights(c)
        variance = float(weights @ self.covariance @ weights)
        model_variance = self.residual_variance * float(
            np.sum((self.basis.r_inverse.T @ weights) ** 2)
        )
        if not variance > NEGLIGIBLE_SHARE * model_variance:
            raise EstimationError(
                "the contrast has no standard error: the schools leave no residual variation "
                "to judge it by"
            )
        return t_contrast(
            estimate=float(weights @ self.coefficients),
            se=float(np.sqrt(variance)),
            df=self._df(weights, degrees_of_freedom),
            confidence=confidence,
        )

    def _df(self, weights: NDArray[np.float64], choice: DegreesOfFreedom) -> float:
        if choice == "clusters":
            return float(self.n_clusters - 1)
        if choice == "residual":
            return float(self.residual_df)
        return _satterthwaite_df(self.basis.r_inverse.T @ weights, self.leverages, self.adjustments)


def t_contrast(*, estimate: float, se: float, df: float, confidence: float) -> Contrast:
    """Return an estimate with its two-sided t test and interval on the given df."""
    if not 0.0 < confidence < 1.0:
        raise TableShapeError(f"confidence: found {confidence}, expected between 0 and 1")
    statistic = estimate / se
    half_width = float(stats.t.ppf(0.5 + confidence / 2.0, df)) * se
    return Contrast(
        estimate=estimate,
        se=se,
        df=df,
        statistic=statistic,
        p=2.0 * float(stats.t.sf(abs(statistic), df)),
        low=estimate - half_width,
        high=estimate + half_width,
        confidence=confidence,
    )


def fit_clustered(
    y: ArrayLike, X: ArrayLike, clusters: ArrayLike, *, terms: Sequence[str], kind: Correction
) -> ClusteredFit:
    """Return the least-squares fit of y on X with a covariance clustered by school.

    Rows must be complete. Columns that repeat earlier ones are dropped and named in
    ``dropped_terms``, never a failure. Schools with one person, strata with one school and
    schools the model reproduces exactly are all allowed.

    Parameters
    ----------
    y : array_like of float, shape (N,)
        The outcome, one value a person.
    X : array_like of float, shape (N, k)
        The regressors, the intercept among them.
    clusters : array_like, shape (N,)
        The school of each person.
    terms : sequence of str, length k
        A name for each column, for messages.
    kind : {"CR0", "CR1", "CR1S", "CR2"}
        CR0 has no small-sample factor; CR1 has G/(G-1); CR1S, which Stata prints, also
        (N-1)/(N-k); CR2 weighs each school's residuals by the inverse root of I - H.

    Raises
    ------
    TableShapeError
        Shapes disagree or a value is missing.
    EstimationError
        Fewer than two schools, no more people than coefficients, or an exact fit.

    Notes
    -----
    With X = U R (U orthonormal), S_g = U_g'U_g = Q diag(l) Q' and F_g = Q diag(f(l)) Q', the
    adjusted scores are s_g = F_g U_g'e_g and V = R^-1 (sum s_g s_g') R^-T. Nothing larger than
    k by k is made for a school, so the cost is O(N k^2). f(l) is 1, or (1 - l)^(-1/2) for CR2,
    and 0 where l = 1 (the Moore-Penrose root).

    References
    ----------
    Bell & McCaffrey (2002); Pustejovsky & Tipton (2018), theorem 1, for the singular case.
    """
    outcome = checked_outcome(y)
    basis = orthonormal_basis(X, terms)
    groups = group_by_cluster(clusters, n=len(outcome))
    _check_enough(basis, groups, n=len(outcome))
    projected = basis.q.T @ outcome
    residuals = outcome - basis.q @ projected
    if is_rounding(float(residuals @ residuals), outcome):
        raise EstimationError("the terms reproduce the outcome exactly")
    leverages = groups.products(basis.q)
    adjustments = _cluster_adjustments(leverages, kind)
    scores = np.einsum("gij,gj->gi", adjustments, groups.sums(basis.q * residuals[:, np.newaxis]))
    factor = _small_sample_factor(kind, n=len(outcome), k=len(basis.kept), n_clusters=groups.n)
    return ClusteredFit(
        basis=basis,
        coefficients=basis.r_inverse @ projected,
        covariance=factor * (basis.r_inverse @ (scores.T @ scores) @ basis.r_inverse.T),
        residuals=residuals,
        kind=kind,
        n=len(outcome),
        n_clusters=groups.n,
        leverages=leverages,
        adjustments=adjustments,
    )


def _check_enough(basis: Basis, groups: Clusters, *, n: int) -> None:
    if basis.q.shape[0] != n:
        raise TableShapeError(f"X: found {basis.q.shape[0]} rows, expected {n} as in y")
    if groups.n < 2:
        raise EstimationError(f"found {groups.n} school, expected at least 2 to compare")
    if n <= len(basis.kept):
        raise EstimationError(
            f"found {n} people for {len(basis.kept)} coefficients, expected more people"
        )


def _cluster_adjustments(leverages: NDArray[np.float64], kind: Correction) -> NDArray[np.float64]:
    if kind != "CR2":
        return np.broadcast_to(np.eye(leverages.shape[1]), leverages.shape)
    values, vectors = np.linalg.eigh(leverages)
    free = 1.0 - values
    roots = np.where(free < FULL_LEVERAGE, 0.0, 1.0 / np.sqrt(np.maximum(free, FULL_LEVERAGE)))
    adjustments: NDArray[np.float64] = (vectors * roots[:, np.newaxis, :]) @ np.swapaxes(
        vectors, 1, 2
    )
    return adjustments


def _small_sample_factor(kind: Correction, *, n: int, k: int, n_clusters: int) -> float:
    if kind in ("CR0", "CR2"):
        return 1.0
    by_clusters = n_clusters / (n_clusters - 1)
    return by_clusters if kind == "CR1" else by_clusters * (n - 1) / (n - k)


def _satterthwaite_df(
    d: NDArray[np.float64],
    leverages: NDArray[np.float64],
    adjustments: NDArray[np.float64],
) -> float:
    """Twice the squared mean over the variance of the variance estimate.

    With p_g = (I - H)_g' A_g X_g M c and P_gh = p_g'p_h, the mean is the trace of P and the
    variance twice the sum of its squares. P_gg = a_g - q_g'q_g and P_gh = -q_g'q_h, so P is
    never made: it would be G by G.
    """
    spread = adjustments @ d
    q = np.einsum("gij,gj->gi", leverages, spread)
    a = np.einsum("gi,gi->g", spread, q)
    q_squared = np.einsum("gi,gi->g", q, q)
    crossed = q.T @ q
    trace = float(a.sum() - np.trace(crossed))
    squares = float(a @ a - 2.0 * (a @ q_squared) + np.sum(crossed**2))
    if not squares > 0.0 or not trace > 0.0:
        raise EstimationError("the contrast has no degrees of freedom: too few schools carry it")
    return trace**2 / squares
