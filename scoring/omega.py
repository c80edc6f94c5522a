"""McDonald's omega: how much of the sum's variance its factors are behind.

Three coefficients go by the name, and they part widely where one factor fits badly, so each is
named for what it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import nan
from typing import Final

import numpy as np

from scoring.cfa.ml import fit_ml
from scoring.cfa.model import Factor, FactorModel
from scoring.consistency import correlations
from scoring.factors import factor_analysis, solve_factors
from scoring.findings import Finding
from scoring.keyed import KeyedAnswers
from scoring.rules import Floats

_AT_THE_BOUND: Final = 0.0026
"""A uniqueness at factor_analyzer's bound, .005, is a loading this near to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class OneFactorOmega:
    """Omega total of a one-factor model.

    Attributes
    ----------
    model_implied : float
        Over the variance of the sum that the model implies; at most 1; NaN where there is none.
    observed_variance : float
        Over the variance of the sum found, as `semTools::compRelSEM`.
    loadings : array of float, shape (k,)
        Standardised; NaN where there is none.
    n : int
        People used: those who answered every item.
    findings : tuple of Finding
    """

    model_implied: float
    observed_variance: float
    loadings: Floats
    n: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, eq=False)
class HierarchicalOmega:
    """Omega by the Schmid-Leiman transformation, of items brought to equal SDs.

    Attributes
    ----------
    hierarchical : float
        Share of the sum's variance behind which the general factor is; NaN where there is none.
    total : float
        Share behind which the general or the group factors are.
    general : array of float, shape (k,)
        Loadings on the general factor.
    group : array of float, shape (k, factors)
        Loadings on the group factors, which do not correlate with it nor with each other.
    higher : array of float, shape (factors,)
        Loadings of the oblique factors on the general one.
    n, n_factors : int
        People used (those who answered every item); group factors.
    findings : tuple of Finding
    """

    hierarchical: float
    total: float
    general: Floats
    group: Floats
    higher: Floats
    n: int
    n_factors: int
    findings: tuple[Finding, ...]


def one_factor_omega(keyed: KeyedAnswers) -> OneFactorOmega:
    """Return omega total of one factor, of the items' sum as it is scored (not standardised).

    The factor is fitted by maximum likelihood to people who answered every item; where
    `scoring.cfa.ml.fit_ml` has no numbers there is none here.

    Notes
    -----
    With loadings l and residual variances t in the items' own units: model-implied
    (sum l)^2 / ((sum l)^2 + sum t); over the observed variance (sum l)^2 / sum S, S the
    covariances with divisor n.

    References
    ----------
    McDonald RP (1999). Test Theory: A Unified Treatment.
    """
    complete = keyed.complete
    k = len(keyed.items)
    if k < 3:
        refusal = Finding("error", keyed.title, "Fewer than 3 items do not determine a factor.")
        return OneFactorOmega(nan, nan, np.full(k, nan), len(complete), (refusal,))
    model = FactorModel((Factor(keyed.title, keyed.items),))
    fit = fit_ml(complete, keyed.items, model)
    loadings = fit.estimates.loadings[:, 0]
    explained = float(loadings.sum()) ** 2
    residual = float(fit.estimates.residual_variances.sum())
    return OneFactorOmega(
        model_implied=explained / (explained + residual),
        observed_variance=explained / float(np.cov(complete, rowvar=False, ddof=0).sum())
        if fit.indices is not None
        else nan,
        loadings=fit.estimates.standardised_loadings[:, 0],
        n=fit.n,
        findings=fit.findings,
    )


def hierarchical_omega(keyed: KeyedAnswers, n_factors: int = 3) -> HierarchicalOmega:
    """Return omega hierarchical and total by the Schmid-Leiman transformation.

    Where `factor_analysis` has no solution there is none here.

    Parameters
    ----------
    keyed : KeyedAnswers
        People who answered every item are used.
    n_factors : int
        Group factors, at least 2. Three or more determine the general factor; of two its loadings
        are set equal, which is said in the findings.

    Returns
    -------
    HierarchicalOmega

    Raises
    ------
    ValueError
        When `n_factors` is below 2.

    Notes
    -----
    Minres factors of the correlations R, oblimin rotation: pattern L, factor correlations P. One
    minres factor of P has the loadings c (of two factors both sqrt|P12|, the second with the
    sign of P12). General loadings g = L c; group loadings L sqrt(1 - c^2) by column. Hierarchical
    (sum g)^2 / sum R; total 1 - sum u / sum R with the uniquenesses u.

    References
    ----------
    Schmid J, Leiman JM (1957). Psychometrika 22, 53-61. Zinbarg RE, Revelle W, Yovel I, Li W
    (2005). Psychometrika 70, 123-133. Conventions: `psych::omega`.
    """
    if n_factors < 2:
        raise ValueError(f"found {n_factors} group factors; expected at least 2")
    found = factor_analysis(keyed, n_factors)
    if found.factors is None:
        none = np.empty(0)
        return HierarchicalOmega(nan, nan, none, none, none, found.n, n_factors, found.findings)
    factors = found.factors
    higher = _higher_order(factors.phi)
    general = factors.loadings @ higher
    group = factors.loadings * np.sqrt(np.maximum(1 - higher**2, 0))
    correlation = correlations(np.cov(keyed.complete, rowvar=False))
    total = float(correlation.sum())
    return HierarchicalOmega(
        hierarchical=float(general.sum()) ** 2 / total,
        total=1 - float(factors.uniquenesses.sum()) / total,
        general=general,
        group=group,
        higher=higher,
        n=found.n,
        n_factors=n_factors,
        findings=(*found.findings, *_general_findings(keyed, general, higher)),
    )


def _higher_order(phi: Floats) -> Floats:
    if len(phi) > 2:
        return solve_factors(phi, 1, method="minres", rotation="none").loadings[:, 0]
    size = np.sqrt(abs(phi[0, 1]))
    return np.array([size, np.sign(phi[0, 1]) * size])


def _general_findings(keyed: KeyedAnswers, general: Floats, higher: Floats) -> Iterator[Finding]:
    if len(higher) == 2:
        yield Finding(
            "note",
            keyed.title,
            "Two group factors do not determine a general one: their loadings on it are set equal.",
        )
    if (np.abs(higher) > 1 - _AT_THE_BOUND).any():
        yield Finding(
            "warning",
            keyed.title,
            "The general factor accounts for all there is to a group factor (a Heywood case): ask "
            "for fewer group factors.",
        )
    if (higher < 0).any():
        yield Finding(
            "warning",
            keyed.title,
            "A group factor runs against the general one: omega hierarchical of such a scale is "
            "not to be relied on.",
        )
    for number in np.flatnonzero(general < 0):
        yield Finding(
            "warning",
            keyed.items[number],
            "It runs against the general factor, which makes omega too small: look at its keying.",
        )
