"""How well a factor model fits, by the conventions of lavaan."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, nan, pi, sqrt
from typing import Final

import numpy as np
from scipy import optimize, stats

from scoring.rules import Floats

RMSEA_CONFIDENCE: Final = 0.90


@dataclass(frozen=True, slots=True)
class Chi2:
    """A model's chi2 and that of the model in which no items correlate.

    Attributes
    ----------
    model, baseline : float
    df, baseline_df : int
    n : int
        People.
    groups : int
    """

    model: float
    df: int
    baseline: float
    baseline_df: int
    n: int
    groups: int = 1


@dataclass(frozen=True, slots=True)
class Interval:
    """A root mean square error of approximation with its 90 % interval, 0 or more."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class FitIndices:
    """How well one model fits.

    Attributes
    ----------
    chi2 : float
        n F, 0 or more; lower is better.
    df : int
    p : float
        Of the chi2; NaN without degrees of freedom.
    baseline_chi2 : float
        Of the model in which no items correlate.
    baseline_df : int
    cfi : float
        Comparative fit index, 0 to 1; higher is better.
    tli : float
        Tucker-Lewis index, about 0 to 1; higher is better.
    rmsea, rmsea_low, rmsea_high : float
        Root mean square error of approximation with its 90 % interval; lower is better.
    srmr : float
        Standardised root mean square residual; lower is better.
    log_likelihood, aic, bic : float
        In natural logarithms of the items' own units; AIC and BIC lower is better.
    n : int
        People.
    n_parameters : int
        Counted in AIC and BIC.
    """

    chi2: float
    df: int
    p: float
    baseline_chi2: float
    baseline_df: int
    cfi: float
    tli: float
    rmsea: float
    rmsea_low: float
    rmsea_high: float
    srmr: float
    log_likelihood: float
    aic: float
    bic: float
    n: int
    n_parameters: int


def fit_indices(chi2: Chi2, *, srmr: float, log_likelihood: float, n_parameters: int) -> FitIndices:
    """Return the fit indices that follow from a chi2 and its baseline.

    Notes
    -----
    RMSEA divides by n, not n - 1, and is multiplied by the root of the number of groups. Its
    interval comes from the noncentral chi2 distribution and is 0 where there is no root.

    References
    ----------
    Bentler PM (1990). Psychological Bulletin 107, 238-246, for CFI. Tucker LR, Lewis C (1973).
    Psychometrika 38, 1-10. Browne MW, Cudeck R (1992). Sociological Methods & Research 21,
    230-258, for RMSEA and its interval.
    """
    error = rmsea(chi2)
    return FitIndices(
        chi2=chi2.model,
        df=chi2.df,
        p=p_value(chi2.model, chi2.df),
        baseline_chi2=chi2.baseline,
        baseline_df=chi2.baseline_df,
        cfi=cfi(chi2),
        tli=tli(chi2),
        rmsea=error.value,
        rmsea_low=error.low,
        rmsea_high=error.high,
        srmr=srmr,
        log_likelihood=log_likelihood,
        aic=-2 * log_likelihood + 2 * n_parameters,
        bic=-2 * log_likelihood + n_parameters * log(chi2.n),
        n=chi2.n,
        n_parameters=n_parameters,
    )


def p_value(chi2: float, df: int) -> float:
    """Return the chance of a chi2 at least as large, NaN without degrees of freedom."""
    return float(stats.chi2.sf(chi2, df)) if df > 0 else nan


def cfi(chi2: Chi2, *, scale: float = 1.0, baseline_scale: float = 1.0) -> float:
    """Return the comparative fit index; with scales, the robust one."""
    excess = max(chi2.model - scale * chi2.df, 0.0)
    worst = max(excess, chi2.baseline - baseline_scale * chi2.baseline_df, 0.0)
    return 1 - excess / worst if worst > 0 else 1.0


def tli(chi2: Chi2, *, scale: float = 1.0, baseline_scale: float = 1.0) -> float:
    """Return the Tucker-Lewis index; with scales, the robust one."""
    excess = (chi2.model - scale * chi2.df) * chi2.baseline_df
    worst = (chi2.baseline - baseline_scale * chi2.baseline_df) * chi2.df
    return 1 - excess / worst if chi2.df > 0 and abs(worst) > 0 else 1.0


def rmsea(chi2: Chi2, *, scale: float = 1.0) -> Interval:
    """Return the root mean square error of approximation; with a scale, the robust one.

    The robust interval is that of chi2 / scale, stretched by the root of the scale.
    """
    if chi2.df == 0:
        return Interval(0.0, 0.0, 0.0)
    unit = scale * chi2.groups / (chi2.df * chi2.n)
    scaled = chi2.model / scale
    low = noncentrality(scaled, chi2.df, (1 + RMSEA_CONFIDENCE) / 2)
    high = noncentrality(scaled, chi2.df, (1 - RMSEA_CONFIDENCE) / 2)
    return Interval(sqrt(max(scaled - chi2.df, 0.0) * unit), sqrt(low * unit), sqrt(high * unit))


def noncentrality(chi2: float, df: int, share: float) -> float:
    """Return the noncentrality with which this share of values is at most `chi2`, 0 if none."""
    if float(stats.chi2.cdf(chi2, df)) < share:
        return 0.0

    def missed(at: float) -> float:
        return float(stats.ncx2.cdf(chi2, df, at)) - share

    top = max(chi2, 1.0)
    while missed(top) > 0:
        top *= 2
    return float(optimize.brentq(missed, 0.0, top, xtol=1e-10, rtol=1e-14))


def srmr(covariance: Floats, implied: Floats, *, off: Floats | None = None) -> float:
    """Return the standardised root mean square residual of one group.

    Parameters
    ----------
    covariance, implied : array of float, shape (items, items)
    off : array of float, shape (items,), or None
        Sample means less implied means; None where the model says nothing about means.

    Notes
    -----
    Bentler's: residuals are divided by the standard deviations of the sample, the diagonal is
    counted, and so are the means where the model has them.
    """
    spread = np.sqrt(covariance.diagonal())
    residual = np.tril((covariance - implied) / np.outer(spread, spread))
    k = len(spread)
    total, counted = float((residual**2).sum()), k * (k + 1) // 2
    if off is not None:
        total, counted = total + float(((off / spread) ** 2).sum()), counted + k
    return sqrt(total / counted)


def log_likelihood(fit_function: float, n: int, k: int) -> float:
    """Return the log-likelihood of n people and k items at a value of the fit function."""
    return -n / 2 * (k * log(2 * pi) + fit_function)
