"""Standardised differences between arms, each named for what it is divided by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special, stats

from reports.errors import EstimationError, TableShapeError
from reports.estimates.design_matrix import checked_outcome, is_rounding

Standardiser = Literal[
    "within_conditional", "total_conditional", "within_unconditional", "total_unconditional"
]


class Variances(Protocol):
    """What an effect size needs of a random-intercept model."""

    @property
    def between_variance(self) -> float:
        """Variance between schools."""

    @property
    def within_variance(self) -> float:
        """Variance of people within schools."""


@dataclass(frozen=True, slots=True)
class EffectSize:
    """A difference in standard deviations; it has the sign of the difference.

    Attributes
    ----------
    estimate, se, low, high : float
        In standard deviations.
    standardiser : str
        Which standard deviation: within schools or total; of the adjusted model (conditional)
        or of the model without covariates (unconditional).
    confidence : float
    """

    estimate: float
    se: float
    low: float
    high: float
    standardiser: Standardiser
    confidence: float


@dataclass(frozen=True, slots=True)
class UnsplitVariance:
    """The variance of people where no school has two, so that its parts cannot be told apart.

    What is standardised by the total needs no parts: with one person a school, Hedges' formulae
    give the same whatever the share between schools is.
    """

    total: float

    @property
    def between_variance(self) -> float:
        """0, standing for a share that is unknown and without effect."""
        return 0.0

    @property
    def within_variance(self) -> float:
        """The whole variance."""
        return self.total


@dataclass(frozen=True, slots=True)
class ClusterEffectSizes:
    """The four effect sizes of Hedges (2007) for one difference.

    Attributes
    ----------
    within_conditional, within_unconditional : EffectSize or None
        None where no school has two people.
    total_conditional, total_unconditional : EffectSize
    """

    within_conditional: EffectSize | None
    total_conditional: EffectSize
    within_unconditional: EffectSize | None
    total_unconditional: EffectSize

    def named(self, standardiser: Standardiser) -> EffectSize | None:
        """The one the plan names; None where no school has two people to give it."""
        return {
            "within_conditional": self.within_conditional,
            "total_conditional": self.total_conditional,
            "within_unconditional": self.within_unconditional,
            "total_unconditional": self.total_unconditional,
        }[standardiser]


@dataclass(frozen=True, slots=True)
class HedgesG:
    """The standardised difference of two independent groups, bias removed.

    Attributes
    ----------
    g : float
        J times d.
    d : float
        Difference of means over the pooled standard deviation.
    low, high : float
        Exact limits for the population difference, by the noncentral t. They need no J: the
        bias is in the estimate, not in the parameter.
    pooled_sd : float
    df : int
        n1 + n2 - 2.
    confidence : float
    """

    g: float
    d: float
    low: float
    high: float
    pooled_sd: float
    df: int
    confidence: float


def cluster_effect_sizes(
    difference: float,
    *,
    conditional: Variances,
    unconditional: Variances,
    treated_sizes: ArrayLike,
    reference_sizes: ArrayLike,
    confidence: float = 0.95,
) -> ClusterEffectSizes:
    """Return the four effect sizes of a cluster trial for one difference between two arms.

    Parameters
    ----------
    difference : float
        Adjusted difference, in units of the outcome.
    conditional : Variances
        Between and within schools, of the adjusted random-intercept model.
    unconditional : Variances
        The same of the model without covariates.
    treated_sizes, reference_sizes : array_like of int
        People analysed in each school, by arm; at least two schools an arm.
    confidence : float
        The limits are d plus or minus a normal quantile times the standard error, as in the
        paper; the test of the difference itself is the t test of the regression.

    Raises
    ------
    EstimationError
        An arm has fewer than two schools, or nothing varies within.

    Notes
    -----
    No small-sample factor J is applied: with unequal schools none is exact.

    References
    ----------
    Hedges (2007), J. Educ. Behav. Stat. 32:341, with unequal cluster sizes.
    """
    arms = _ArmSizes.of(treated_sizes, reference_sizes)
    z = float(stats.norm.ppf(0.5 + confidence / 2.0))

    def size(variances: Variances, standardiser: Standardiser) -> EffectSize:
        formula = _within if standardiser.startswith("within") else _total
        estimate, variance = formula(difference, variances, arms)
        se = float(np.sqrt(variance))
        return EffectSize(
            estimate=estimate,
            se=se,
            low=estimate - z * se,
            high=estimate + z * se,
            standardiser=standardiser,
            confidence=confidence,
        )

    has_pairs = arms.n > arms.n_clusters
    return ClusterEffectSizes(
        within_conditional=size(conditional, "within_conditional") if has_pairs else None,
        total_conditional=size(conditional, "total_conditional"),
        within_unconditional=size(unconditional, "within_unconditional") if has_pairs else None,
        total_unconditional=size(unconditional, "total_unconditional"),
    )


@dataclass(frozen=True, slots=True)
class _ArmSizes:
    """School sizes of the two arms and the averages of them that the formulae use."""

    treated: NDArray[np.float64]
    reference: NDArray[np.float64]

    @classmethod
    def of(cls, treated: ArrayLike, reference: ArrayLike) -> _ArmSizes:
        arms = cls(
            treated=np.asarray(treated, dtype=np.float64),
            reference=np.asarray(reference, dtype=np.float64),
        )
        for name, sizes in (("treated", arms.treated), ("reference", arms.reference)):
            if sizes.ndim != 1 or not (sizes >= 1).all():
                raise TableShapeError(f"{name}_sizes: expected one positive count for each school")
            if len(sizes) < 2:
                raise EstimationError(f"found {len(sizes)} {name} school, expected at least 2")
        return arms

    @property
    def n(self) -> float:
        return float(self.treated.sum() + self.reference.sum())

    @property
    def n_clusters(self) -> int:
        return len(self.treated) + len(self.reference)

    @property
    def inverse_sizes(self) -> float:
        n_treated, n_reference = float(self.treated.sum()), float(self.reference.sum())
        return (n_treated + n_reference) / (n_treated * n_reference)

    @property
    def average_size(self) -> float:
        """n-tilde of the paper: the school size that the variance of the difference sees."""
        n_treated, n_reference = float(self.treated.sum()), float(self.reference.sum())
        return n_reference * float(self.treated @ self.treated) / (
            n_treated * self.n
        ) + n_treated * float(self.reference @ self.reference) / (n_reference * self.n)


def _shares(variances: Variances) -> tuple[float, float]:
    total = variances.between_variance + variances.within_variance
    if not variances.within_variance > 0.0:
        raise EstimationError("nothing varies within schools to standardise by")
    return total, variances.between_variance / total


def _within(difference: float, variances: Variances, arms: _ArmSizes) -> tuple[float, float]:
    _, rho = _shares(variances)
    d = difference / float(np.sqrt(variances.within_variance))
    variance = arms.inverse_sizes * (1.0 + (arms.average_size - 1.0) * rho) / (1.0 - rho)
    return d, variance + d**2 / (2.0 * (arms.n - arms.n_clusters))


def _total(difference: float, variances: Variances, arms: _ArmSizes) -> tuple[float, float]:
    total, rho = _shares(variances)
    n, spread, pooled = arms.n, 0.0, 0.0
    for sizes in (arms.treated, arms.reference):
        people, squares, cubes = (float(np.sum(sizes**power)) for power in (1, 2, 3))
        average = (people**2 - squares) / (people * (len(sizes) - 1))
        spread += (people**2 * squares + squares**2 - 2.0 * people * cubes) / people**2
        pooled += average * (len(sizes) - 1)
    shrink = 1.0 - rho * (n - 2.0 - pooled) / (n - 2.0)
    d = difference / float(np.sqrt(total)) * float(np.sqrt(shrink))
    numerator = (n - 2.0) * (1.0 - rho) ** 2 + spread * rho**2 + 2.0 * pooled * rho * (1.0 - rho)
    denominator = 2.0 * (n - 2.0) * ((n - 2.0) - rho * (n - 2.0 - pooled))
    variance = arms.inverse_sizes * (1.0 + (arms.average_size - 1.0) * rho)
    return d, variance + numerator * d**2 / denominator


def hedges_g(treated: ArrayLike, reference: ArrayLike, *, confidence: float = 0.95) -> HedgesG:
    """Return Hedges' g of two independent groups, positive when the first is higher.

    It knows nothing of schools: in a cluster trial its interval is too narrow, and it
    describes without testing.

    Parameters
    ----------
    treated, reference : array_like of float, shape (n1,) and (n2,)
        Complete values; at least two in each.
    confidence : float

    Raises
    ------
    EstimationError
        Fewer than two values in a group, or no variation within the groups.

    References
    ----------
    Hedges (1981), J. Educ. Stat. 6:107, for J(v) = G(v/2) / (sqrt(v/2) G((v-1)/2)).
    """
    first, second = checked_outcome(treated), checked_outcome(reference)
    n1, n2 = len(first), len(second)
    if min(n1, n2) < 2:
        raise EstimationError(f"found {n1} and {n2} values, expected at least 2 in each arm")
    df = n1 + n2 - 2
    squares = float(np.sum((first - first.mean()) ** 2) + np.sum((second - second.mean()) ** 2))
    if is_rounding(squares, np.concatenate((first, second))):
        raise EstimationError("nothing varies within the arms to standardise by")
    pooled_sd = float(np.sqrt(squares / df))
    d = float(first.mean() - second.mean()) / pooled_sd
    scale = float(np.sqrt(1.0 / n1 + 1.0 / n2))
    tail = (1.0 - confidence) / 2.0
    return HedgesG(
        g=d * small_sample_factor(df),
        d=d,
        low=_noncentrality(d / scale, df, 1.0 - tail) * scale,
        high=_noncentrality(d / scale, df, tail) * scale,
        pooled_sd=pooled_sd,
        df=df,
        confidence=confidence,
    )


def small_sample_factor(df: int) -> float:
    """Return J, between 0 and 1, that takes the bias out of d on df degrees of freedom."""
    if df < 2:
        raise EstimationError(f"found {df} degrees of freedom, expected at least 2")
    return float(np.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2))) / float(
        np.sqrt(df / 2)
    )


def _noncentrality(t: float, df: int, share: float) -> float:
    """The noncentrality at which a share of the distribution lies below t."""

    def surplus(noncentrality: float) -> float:
        return float(stats.nct.cdf(t, df, noncentrality)) - share

    reach = 2.0
    while surplus(t - reach) < 0.0 or surplus(t + reach) > 0.0:
        reach *= 2.0
    return float(optimize.brentq(surplus, t - reach, t + reach, xtol=1e-12))
