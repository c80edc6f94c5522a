"""How well a factor model of ordered answers fits, by the conventions of lavaan."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np

from scoring.cfa.fit_indices import Chi2, Interval, cfi, p_value, rmsea, tli
from scoring.cfa.model import FactorModel
from scoring.ordinal.polychoric import PolychoricMatrix
from scoring.rules import Floats


@dataclass(frozen=True, slots=True)
class OrdinalFitIndices:
    """How well an ordinal factor model fits.

    The unscaled chi2 does not follow the distribution of its name: the scaled one does, about,
    and carries the test. Indices of both kinds are named apart.

    Attributes
    ----------
    chi2 : float
        (n - 1) F, 0 or more; lower is better.
    df : int
    scaled_chi2, p : float
        Scaled and shifted to the mean and variance of its distribution, and its p; NaN without
        degrees of freedom.
    scale, shift : float
        scaled_chi2 = chi2 / scale + shift.
    baseline_chi2, scaled_baseline_chi2 : float
        Of the model in which no items correlate.
    baseline_df : int
    cfi, scaled_cfi : float
        Comparative fit index, 0 to 1; higher is better.
    tli, scaled_tli : float
        Tucker-Lewis index, about 0 to 1; higher is better.
    rmsea, scaled_rmsea : Interval
        Root mean square error of approximation with its 90 % interval; lower is better.
    srmr : float
        Standardised root mean square residual of the correlations; lower is better.
    n : int
        People.
    n_parameters : int
        Loadings, factor correlations and thresholds.
    """

    chi2: float
    df: int
    scaled_chi2: float
    p: float
    scale: float
    shift: float
    baseline_chi2: float
    scaled_baseline_chi2: float
    baseline_df: int
    cfi: float
    scaled_cfi: float
    tli: float
    scaled_tli: float
    rmsea: Interval
    scaled_rmsea: Interval
    srmr: float
    n: int
    n_parameters: int


def ordinal_fit_indices(
    model: FactorModel,
    polychoric: PolychoricMatrix,
    *,
    chi2: float,
    spread: Floats,
    baseline_chi2: float,
    baseline_spread: Floats,
    residuals: Floats,
) -> OrdinalFitIndices:
    """Return the fit indices that follow from two chi2 and what spreads them.

    Parameters
    ----------
    model : FactorModel
    polychoric : PolychoricMatrix
    chi2, baseline_chi2 : float
        (n - 1) F of the model, and of the model in which no items correlate.
    spread, baseline_spread : array of float, shape (pairs, pairs)
        U G of each: the weights that are left for the residuals, times the asymptotic covariance.
    residuals : array of float, shape (pairs,)
        Correlations less the implied ones.

    References
    ----------
    Asparouhov T, Muthen B (2010), "Simple second order chi-square correction", Mplus technical
    appendix.
    """
    k, df, pairs = len(model.items), model.df, len(residuals)
    return grouped_fit_indices(
        chi2=chi2,
        df=df,
        spread=spread,
        baseline_chi2=baseline_chi2,
        baseline_df=pairs,
        baseline_spread=baseline_spread,
        srmr=sqrt(float((residuals**2).sum()) / (k * (k + 1) / 2)),
        n=polychoric.n,
        groups=1,
        n_parameters=pairs - df + sum(len(thresholds) for thresholds in polychoric.thresholds),
    )


def grouped_fit_indices(
    *,
    chi2: float,
    df: int,
    spread: Floats,
    baseline_chi2: float,
    baseline_df: int,
    baseline_spread: Floats,
    srmr: float,
    n: int,
    groups: int,
    n_parameters: int,
) -> OrdinalFitIndices:
    """Return the fit indices of one model of all groups; the arguments are those above."""
    scale, shift = scale_and_shift(spread, df)
    baseline_scale, baseline_shift = scale_and_shift(baseline_spread, baseline_df)
    scaled_chi2 = chi2 / scale + shift
    scaled_baseline = baseline_chi2 / baseline_scale + baseline_shift
    # n - 1 of each group in the place of n makes RMSEA that of lavaan's weighted least squares.
    plain = Chi2(chi2, df, baseline_chi2, baseline_df, n - groups, groups)
    scaled = Chi2(scaled_chi2 if df else 0.0, df, scaled_baseline, baseline_df, n - groups, groups)
    return OrdinalFitIndices(
        chi2=chi2,
        df=df,
        scaled_chi2=scaled_chi2,
        p=p_value(scaled_chi2, df),
        scale=scale,
        shift=shift,
        baseline_chi2=baseline_chi2,
        scaled_baseline_chi2=scaled_baseline,
        baseline_df=baseline_df,
        cfi=cfi(plain),
        scaled_cfi=cfi(scaled),
        tli=tli(plain),
        scaled_tli=tli(scaled),
        rmsea=rmsea(plain),
        scaled_rmsea=rmsea(scaled),
        srmr=srmr,
        n=n,
        n_parameters=n_parameters,
    )


def scale_and_shift(spread: Floats, df: int) -> tuple[float, float]:
    """Return what a chi2 is divided by and then shifted by, NaN without degrees of freedom."""
    if df == 0:
        return nan, nan
    scale = sqrt(float((spread * spread.T).sum()) / df)
    return scale, df - float(np.trace(spread)) / scale
