"""The random-intercept model for people in schools, and how alike people of a school are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

from reports.errors import EstimationError, TableShapeError
from reports.estimates.design_matrix import (
    Basis,
    Clusters,
    checked_outcome,
    group_by_cluster,
    is_rounding,
    orthonormal_basis,
)
from reports.estimates.mixed_inference import (
    ClusterSums,
    kenward_roger,
    satterthwaite,
    variance_information,
)
from reports.estimates.regression import Contrast, t_contrast

Criterion = Literal["REML", "ML"]
SmallSample = Literal["kenward_roger", "satterthwaite"]

# Ratios of between to within variance at which the slope of the deviance is looked at. An ICC
# below 1e-8 is 0 for every purpose here; one above 1 - 1e-6 leaves nothing within schools.
RATIO_GRID = np.concatenate(([0.0], np.geomspace(1e-8, 1e6, 85)))
RATIO_PRECISION = 1e-14


@dataclass(frozen=True, slots=True)
class RandomInterceptFit:
    """A linear model with a random intercept by school.

    Attributes
    ----------
    basis : Basis
        Which of the terms asked for have one of the r coefficients.
    coefficients : ndarray of float, shape (r,)
    covariance : ndarray of float, shape (r, r)
        Of the coefficients, the variances taken as known.
    between_variance, within_variance : float
        Between schools and of people within schools, in squared units of the outcome.
    log_likelihood : float
        Restricted under REML, as lme4 counts it.
    criterion : str
        REML or ML.
    is_singular : bool
        The best between-school variance is 0, the boundary.
    n, n_clusters : int
    sums : ClusterSums
        What the data come to in sums over schools.
    correction : ndarray of float, shape (r,)
        How far the coefficients lie from least squares, in the orthonormal basis.
    """

    basis: Basis
    coefficients: NDArray[np.float64]
    covariance: NDArray[np.float64]
    between_variance: float
    within_variance: float
    log_likelihood: float
    criterion: Criterion
    is_singular: bool
    n: int
    n_clusters: int
    sums: ClusterSums
    correction: NDArray[np.float64]

    @property
    def terms(self) -> tuple[str, ...]:
        """The terms that have a coefficient, in the order of the coefficients."""
        return self.basis.kept_terms

    @property
    def dropped_terms(self) -> tuple[str, ...]:
        """The terms that repeat what earlier terms say."""
        return self.basis.dropped_terms

    @property
    def icc(self) -> float:
        """Share of the residual variance that lies between schools, 0 to 1."""
        return self.between_variance / (self.between_variance + self.within_variance)

    def coefficient(self, term: str) -> float:
        """The coefficient of a kept term, in units of the outcome."""
        return float(self.coefficients[self.terms.index(term)])

    def standard_error(self, term: str) -> float:
        """The model's standard error of a kept term's coefficient."""
        position = self.terms.index(term)
        return float(np.sqrt(self.covariance[position, position]))

    def contrast(
        self,
        c: ArrayLike,
        *,
        degrees_of_freedom: SmallSample = "kenward_roger",
        confidence: float = 0.95,
    ) -> Contrast:
        """Return the weighted sum of coefficients with its t interval and two-sided p.

        Kenward and Roger also enlarge the standard error for the variances being estimated.

        Parameters
        ----------
        c : array_like of float, shape (k,)
            One weight for each term asked for, dropped ones included.
        degrees_of_freedom : {"kenward_roger", "satterthwaite"}
        confidence : float
            Between 0 and 1.

        Raises
        ------
        EstimationError
            The fit is by ML; the terms do not identify the contrast; or Satterthwaite's method is
            asked for where the between-school variance is 0, which it cannot judge.

        References
        ----------
        Kenward & Roger (1997), Biometrics 53:983; Satterthwaite (1941), Psychometrika 6:309.
        """
        if self.criterion != "REML":
            raise EstimationError("found a fit by ML, expected REML: its tests are made for that")
        weights = self.basis.kept_weights(c)
        direction = self.basis.r_inverse.T @ weights
        information = variance_information(
            self.sums, self.correction, between=self.between_variance, within=self.within_variance
        )
        if degrees_of_freedom == "kenward_roger":
            se, df = kenward_roger(information, direction)
        elif self.is_singular:
            raise EstimationError(
                "the variance between schools was estimated as 0, and Satterthwaite's degrees of "
                "freedom are not defined there; Kenward and Roger's are"
            )
        else:
            se, df = satterthwaite(information, direction)
        return t_contrast(
            estimate=float(weights @ self.coefficients), se=se, df=df, confidence=confidence
        )


@dataclass(frozen=True, slots=True)
class _Profile:
    """The criterion at one variance ratio, with what falls out on the way."""

    deviance: float
    slope: float
    correction: NDArray[np.float64]
    information: NDArray[np.float64]
    residual: float


def fit_random_intercept(
    y: ArrayLike,
    X: ArrayLike,
    clusters: ArrayLike,
    *,
    terms: Sequence[str],
    criterion: Criterion = "REML",
) -> RandomInterceptFit:
    """Return the random-intercept model of y on X, by REML or ML.

    Rows must be complete. A between-school variance of 0 is a result like any other, marked
    ``is_singular``. Dependent columns are dropped and named in ``dropped_terms``.

    Parameters
    ----------
    y : array_like of float, shape (N,)
    X : array_like of float, shape (N, k)
        The fixed part, the intercept among them.
    clusters : array_like, shape (N,)
        The school of each person.
    terms : sequence of str, length k
    criterion : {"REML", "ML"}

    Raises
    ------
    TableShapeError
        Shapes disagree or a value is missing.
    EstimationError
        No school has two people, fewer than two schools, no more people than coefficients, or
        nothing varies within schools: the two variances cannot be told apart.

    Notes
    -----
    The deviance is profiled to the ratio of the variances, whose best value is a root of its
    analytic slope; every sign change of the slope on a grid is followed and the lowest
    deviance, 0 included, is kept. After the sums over schools a step costs O(G k^2).

    References
    ----------
    Bates, Maechler, Bolker & Walker (2015), J. Stat. Softw. 67(1), for the profiled criterion.
    """
    outcome = checked_outcome(y)
    basis = orthonormal_basis(X, terms)
    groups = group_by_cluster(clusters, n=len(outcome))
    _check_identified(basis, groups, n=len(outcome))
    projected = basis.q.T @ outcome
    residuals = outcome - basis.q @ projected
    if is_rounding(float(residuals @ residuals), outcome):
        raise EstimationError("the terms reproduce the outcome exactly")
    sums = ClusterSums(
        x=groups.sums(basis.q),
        e=groups.sums(residuals),
        sizes=groups.sizes.astype(np.float64),
        total=float(residuals @ residuals),
        log_scale=2.0 * float(np.sum(np.log(np.diag(basis.r)))),
    )
    divisor = len(outcome) - (len(basis.kept) if criterion == "REML" else 0)
    ratio = _best_ratio(sums, divisor, criterion)
    best = _profile(ratio, sums, divisor, criterion)
    within = best.residual / divisor
    inverse = np.linalg.inv(best.information)
    return RandomInterceptFit(
        basis=basis,
        coefficients=basis.r_inverse @ (projected + best.correction),
        covariance=within * (basis.r_inverse @ inverse @ basis.r_inverse.T),
        between_variance=ratio * within,
        within_variance=within,
        log_likelihood=-0.5 * best.deviance,
        criterion=criterion,
        is_singular=ratio == 0.0,
        n=len(outcome),
        n_clusters=groups.n,
        sums=sums,
        correction=best.correction,
    )


def _check_identified(basis: Basis, groups: Clusters, *, n: int) -> None:
    if basis.q.shape[0] != n:
        raise TableShapeError(f"X: found {basis.q.shape[0]} rows, expected {n} as in y")
    if groups.n < 2:
        raise EstimationError(f"found {groups.n} school, expected at least 2 to compare")
    if int(groups.sizes.max()) < 2:
        raise EstimationError(
            "no school has two people, so variation between schools cannot be told from "
            "variation within them"
        )
    if n <= len(basis.kept):
        raise EstimationError(
            f"found {n} people for {len(basis.kept)} coefficients, expected more people"
        )


def _profile(ratio: float, sums: ClusterSums, divisor: int, criterion: Criterion) -> _Profile:
    """The deviance at a variance ratio and its slope, by the envelope theorem."""
    growth = 1.0 + sums.sizes * ratio
    weights = ratio / growth
    information = np.eye(sums.x.shape[1]) - sums.x.T @ (weights[:, np.newaxis] * sums.x)
    crossed = -sums.x.T @ (weights * sums.e)
    correction = np.asarray(np.linalg.solve(information, crossed), dtype=np.float64)
    residual = sums.total - float(weights @ sums.e**2) - float(correction @ crossed)
    slopes = growth**-2.0
    residual_slope = -float(slopes @ (sums.e - sums.x @ correction) ** 2)
    deviance = divisor * (1.0 + np.log(2.0 * np.pi * residual / divisor)) + np.log(growth).sum()
    slope = divisor * residual_slope / residual + float(np.sum(sums.sizes / growth))
    if criterion == "REML":
        deviance += float(np.linalg.slogdet(information)[1]) + sums.log_scale
        information_slope = -sums.x.T @ (slopes[:, np.newaxis] * sums.x)
        slope += float(np.trace(np.linalg.solve(information, information_slope)))
    return _Profile(
        deviance=float(deviance),
        slope=slope,
        correction=correction,
        information=information,
        residual=residual,
    )


def _best_ratio(sums: ClusterSums, divisor: int, criterion: Criterion) -> float:
    def slope(ratio: float) -> float:
        return _profile(ratio, sums, divisor, criterion).slope

    def deviance(ratio: float) -> float:
        return _profile(ratio, sums, divisor, criterion).deviance

    slopes = [slope(float(each)) for each in RATIO_GRID]
    if slopes[-1] < 0.0:
        raise EstimationError(
            "nothing varies within schools, so the share between schools cannot be estimated"
        )
    candidates = [0.0] if slopes[0] >= 0.0 else []
    candidates.extend(
        _root(slope, low=float(RATIO_GRID[position - 1]), high=float(RATIO_GRID[position]))
        for position in range(1, len(RATIO_GRID))
        if slopes[position - 1] < 0.0 <= slopes[position]
    )
    return min(candidates, key=deviance)


def _root(slope: Callable[[float], float], *, low: float, high: float) -> float:
    return optimize.brentq(slope, low, high, xtol=1e-300, rtol=RATIO_PRECISION)


@dataclass(frozen=True, slots=True)
class IntraclassCorrelation:
    """How alike people of one school are, from the model without covariates, by REML.

    Attributes
    ----------
    icc : float
        0 to 1; 0 when the between-school variance is at its boundary.
    between_variance, within_variance : float
        Squared units of the outcome.
    mean : float
        The model's mean.
    is_singular : bool
    n, n_clusters : int
    design_effect : float
        How many times the variance of a mean is that of as many unrelated people.
    """

    icc: float
    between_variance: float
    within_variance: float
    mean: float
    is_singular: bool
    n: int
    n_clusters: int
    design_effect: float


@dataclass(frozen=True, slots=True)
class AnovaIntraclassCorrelation:
    """ICC(1) from the analysis of variance between and within schools.

    Attributes
    ----------
    icc : float
        May be negative, which is never cut off.
    low, high : float
        Searle's interval; exact only for schools of equal size.
    n0 : float
        The average size that unequal schools amount to.
    between_mean_square, within_mean_square : float
    reliability_of_means : float
        ICC(2), of school means.
    n, n_clusters : int
    """

    icc: float
    low: float
    high: float
    n0: float
    between_mean_square: float
    within_mean_square: float
    reliability_of_means: float
    n: int
    n_clusters: int


def icc(y: ArrayLike, clusters: ArrayLike) -> IntraclassCorrelation:
    """Return the intraclass correlation of schools from the null model, by REML.

    Parameters
    ----------
    y : array_like of float, shape (N,)
        Complete values.
    clusters : array_like, shape (N,)
        The school of each person.

    Raises
    ------
    EstimationError
        As `fit_random_intercept`.
    """
    outcome = checked_outcome(y)
    null_model = fit_random_intercept(
        outcome, np.ones((len(outcome), 1)), clusters, terms=("intercept",)
    )
    sizes = group_by_cluster(clusters, n=len(outcome)).sizes
    return IntraclassCorrelation(
        icc=null_model.icc,
        between_variance=null_model.between_variance,
        within_variance=null_model.within_variance,
        mean=float(null_model.coefficients[0]),
        is_singular=null_model.is_singular,
        n=null_model.n,
        n_clusters=null_model.n_clusters,
        design_effect=design_effect(sizes, icc=null_model.icc),
    )


def icc_anova(
    y: ArrayLike, clusters: ArrayLike, *, confidence: float = 0.95
) -> AnovaIntraclassCorrelation:
    """Return ICC(1) of schools from mean squares, with Searle's interval.

    Parameters
    ----------
    y : array_like of float, shape (N,)
        Complete values.
    clusters : array_like, shape (N,)
    confidence : float
        Between 0 and 1.

    Raises
    ------
    EstimationError
        Fewer than two schools, no school with two people, or nothing varies.

    Notes
    -----
    n0 = (N - sum n_g^2 / N) / (G - 1); ICC = (MSB - MSW) / (MSB + (n0 - 1) MSW). R's
    multilevel::ICC1 takes the mean size in place of n0 and so differs in the third digit.

    References
    ----------
    Searle (1971), Linear Models, ch. 9; Donner & Koval (1980), Biometrics 36:19.
    """
    outcome = checked_outcome(y)
    groups = group_by_cluster(clusters, n=len(outcome))
    n, n_clusters = len(outcome), groups.n
    if n_clusters < 2 or n == n_clusters:
        raise EstimationError(
            f"found {n} people in {n_clusters} schools, expected at least 2 schools, one of "
            "them with two people"
        )
    centred = outcome - outcome.mean()
    between_square = float(np.sum(groups.sums(centred) ** 2 / groups.sizes))
    total_square = float(centred @ centred)
    if is_rounding(total_square, outcome):
        raise EstimationError("the outcome does not vary")
    between = between_square / (n_clusters - 1)
    within = max(total_square - between_square, 0.0) / (n - n_clusters)
    n0 = (n - float(np.sum(groups.sizes.astype(np.float64) ** 2)) / n) / (n_clusters - 1)
    low, high = _searle_interval(between, within, n0, n, n_clusters, confidence)
    return AnovaIntraclassCorrelation(
        icc=(between - within) / (between + (n0 - 1.0) * within),
        low=low,
        high=high,
        n0=n0,
        between_mean_square=between,
        within_mean_square=within,
        reliability_of_means=(between - within) / between if between > 0.0 else float("-inf"),
        n=n,
        n_clusters=n_clusters,
    )


def _searle_interval(
    between: float, within: float, n0: float, n: int, n_clusters: int, confidence: float
) -> tuple[float, float]:
    tail = (1.0 - confidence) / 2.0
    df = (n_clusters - 1, n - n_clusters)
    limits = []
    for share in (1.0 - tail, tail):
        # Multiplied through by the within mean square, so that 0 within gives 1, not a division.
        scaled = between / float(stats.f.ppf(share, *df))
        limits.append((scaled - within) / (scaled + (n0 - 1.0) * within))
    return limits[0], limits[1]


def design_effect(sizes: ArrayLike, *, icc: float) -> float:
    """Return how many times clustering multiplies the variance of a mean.

    Parameters
    ----------
    sizes : array_like of int, shape (G,)
        People in each school.
    icc : float

    Notes
    -----
    1 + (sum n_g^2 / N - 1) icc, which is 1 + ((cv^2 + 1) mean - 1) icc with the coefficient of
    variation of the school sizes (divisor G), and 1 + (mean - 1) icc for equal sizes.

    References
    ----------
    Kish (1965); Eldridge, Ashby & Kerry (2006), Int. J. Epidemiol. 35:1292.
    """
    people = np.asarray(sizes, dtype=np.float64)
    if people.ndim != 1 or not people.size or not (people >= 1).all():
        raise TableShapeError("sizes: expected one positive count for each school")
    return 1.0 + (float(people @ people) / float(people.sum()) - 1.0) * icc
