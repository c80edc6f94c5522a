"""Rates of events by arm, and their ratio, with uncertainty between clusters."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from reports.errors import EstimationError, TableShapeError


@dataclass(frozen=True, slots=True)
class ArmRate:
    """The rate of one arm.

    Attributes
    ----------
    arm : str
    n_clusters : int
        Clusters with any exposure.
    events, exposure : float
        Sums over the arm; exposure in the unit of the table.
    rate, low, high : float
        Events per unit of exposure with its interval; NaN where there is no exposure, and the
        interval NaN where there is no event or only one cluster.
    variance_of_log : float
        Of the logarithm of the rate; NaN as the interval.
    """

    arm: str
    n_clusters: int
    events: float
    exposure: float
    rate: float
    low: float
    high: float
    variance_of_log: float


@dataclass(frozen=True, slots=True)
class RateRatio:
    """The rate of one arm over that of another.

    Attributes
    ----------
    ratio, low, high : float
    se_of_log, df, p : float
        p is two-sided, from a t test of the logarithm.
    """

    ratio: float
    low: float
    high: float
    se_of_log: float
    df: float
    p: float


def arm_rate(
    table: pd.DataFrame,
    arm: str,
    *,
    events: str = "events",
    exposure: str = "exposure",
    confidence: float = 0.95,
) -> ArmRate:
    """Return the rate of events of one arm with an interval that allows for overdispersion.

    Clusters without exposure do not enter.

    Parameters
    ----------
    table : DataFrame, one row a cluster
        With a column `arm`.
    arm : str
        The label of the arm.
    events, exposure : str
        Columns of counts, and of what they are out of: months, or contacts.
    confidence : float
        Of the interval, between 0 and 1.

    Raises
    ------
    TableShapeError
        A count or an exposure is missing, negative or not finite.

    Notes
    -----
    The rate is that of a Poisson regression on the arm with the logarithm of the exposure as
    offset, R = sum(y) / sum(t). The variance of log R is the cluster-robust one with the
    small-sample correction CR2 (Bell & McCaffrey 2002), which for one arm and one row a cluster is

        sum( (y - R t)^2 / (1 - t / sum(t)) ) / sum(y)^2

    It needs no Poisson variance and no equal exposures. The interval is that of log R on n - 1
    degrees of freedom.

    References
    ----------
    Bell & McCaffrey 2002, Survey Methodol. 28:169; Liang & Zeger 1986, Biometrika 73:13.
    """
    rows = table[table["arm"] == arm]
    y = rows[events].to_numpy(dtype=float)
    t = rows[exposure].to_numpy(dtype=float)
    if not (np.isfinite(y).all() and np.isfinite(t).all() and (y >= 0).all() and (t >= 0).all()):
        raise TableShapeError(
            f"arm_rate: found a count or an exposure of {arm} that is missing or negative; "
            "expected numbers of 0 or more"
        )
    y, t = y[t > 0], t[t > 0]
    if not len(t):
        return ArmRate(arm, 0, 0.0, 0.0, math.nan, math.nan, math.nan, math.nan)
    total, whole = float(y.sum()), float(t.sum())
    rate = total / whole
    if total == 0 or len(t) == 1:
        return ArmRate(arm, len(t), total, whole, rate, math.nan, math.nan, math.nan)
    variance = float(((y - rate * t) ** 2 / (1 - t / whole)).sum()) / total**2
    half = float(stats.t.ppf(0.5 + confidence / 2, len(t) - 1)) * math.sqrt(variance)
    return ArmRate(
        arm,
        len(t),
        total,
        whole,
        rate,
        rate * math.exp(-half),
        rate * math.exp(half),
        variance,
    )


def rate_ratio(arm: ArmRate, reference: ArmRate, *, confidence: float = 0.95) -> RateRatio:
    """Return one arm's rate over the reference arm's, above 1 when it is higher.

    Parameters
    ----------
    arm, reference : ArmRate
        As `arm_rate` gives them.
    confidence : float
        Of the interval, between 0 and 1.

    Raises
    ------
    EstimationError
        An arm has no event, or fewer than two clusters, or its clusters do not differ.

    Notes
    -----
    Arms are randomised apart, so the variances of the two logarithms add. The degrees of freedom
    are those of Welch and Satterthwaite on n - 1 clusters an arm.

    References
    ----------
    Satterthwaite 1946, Biometrics Bull. 2:110; Welch 1947, Biometrika 34:28.
    """
    variances = (arm.variance_of_log, reference.variance_of_log)
    if not all(math.isfinite(each) for each in variances) or sum(variances) <= 0:
        raise EstimationError(
            "a ratio needs events in two clusters of each arm that are not all alike"
        )
    sizes = (arm.n_clusters, reference.n_clusters)
    variance = sum(variances)
    df = variance**2 / sum(each**2 / (n - 1) for each, n in zip(variances, sizes, strict=True))
    se, log_ratio = math.sqrt(variance), math.log(arm.rate / reference.rate)
    half = float(stats.t.ppf(0.5 + confidence / 2, df)) * se
    return RateRatio(
        ratio=math.exp(log_ratio),
        low=math.exp(log_ratio - half),
        high=math.exp(log_ratio + half),
        se_of_log=se,
        df=df,
        p=2 * float(stats.t.sf(abs(log_ratio) / se, df)),
    )
