"""What dimensions the items of a scale have: whether they share enough, and the factors."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import Final

import numpy as np

from scoring.consistency import correlations, is_singular
from scoring.findings import Finding
from scoring.from_factor_analyzer import (
    SMALLEST_UNIQUENESS,
    Extraction,
    Rotation,
    extract,
    rotate,
    sampling_adequacy,
    sphericity,
)
from scoring.keyed import KeyedAnswers
from scoring.rules import Floats

FEWEST_FOR_FACTORS: Final = 50
"""Our choice, after Comrey and Lee's "very poor": correlations of fewer move by .3 by chance."""

FEW_PER_ITEM: Final = 5
"""With fewer people an item than this the loadings are said to be unsure."""

_AT_THE_BOUND: Final = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Factorability:
    """Whether the items share enough for factors.

    Attributes
    ----------
    kmo : float
        Kaiser-Meyer-Olkin, 0 to 1, higher is better; NaN where there is none.
    kmo_items : array of float, shape (k,)
    chi2, p : float
        Bartlett's test that no two items correlate.
    df : int
        Its degrees of freedom, k (k - 1) / 2.
    n : int
        People used: those who answered every item.
    findings : tuple of Finding
    """

    kmo: float
    kmo_items: Floats
    chi2: float
    df: int
    p: float
    n: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Factors:
    """A solution: factors in the order of the variance they account for, each pointing where its
    loadings sum to more than 0.

    Attributes
    ----------
    loadings : array of float, shape (k, factors)
        Pattern loadings.
    phi : array of float, shape (factors, factors)
        Correlations of the factors, in the same order.
    structure : array of float, shape (k, factors)
        Correlations of items with factors: loadings times phi.
    communalities, uniquenesses : array of float, shape (k,)
        Share of each item's variance the factors account for, and the rest.
    variance : array of float, shape (factors,)
        What each factor accounts for, in items; divided by k, the share of all.
    residual_rms : float
        Root mean square of the off-diagonal residuals of the correlations.
    has_converged : bool
        Whether the search ended by itself.
    """

    loadings: Floats
    phi: Floats
    structure: Floats
    communalities: Floats
    uniquenesses: Floats
    variance: Floats
    residual_rms: float
    has_converged: bool


@dataclass(frozen=True, slots=True, eq=False)
class FactorAnalysis:
    """An exploratory factor analysis.

    Attributes
    ----------
    factors : Factors or None
        None where there is no solution; a finding says why.
    method : "minres" or "ml"
    rotation : "none", "oblimin" or "promax"
        One factor is never rotated.
    n, n_factors : int
        People used (those who answered every item); factors asked for.
    findings : tuple of Finding
    """

    factors: Factors | None
    method: Extraction
    rotation: Rotation
    n: int
    n_factors: int
    findings: tuple[Finding, ...]


def factorability(keyed: KeyedAnswers) -> Factorability:
    """Return KMO and Bartlett's test of people who answered every item.

    With fewer than 50 such people, fewer than 3 items, a constant item or a singular matrix there
    is no number, and a finding says so.

    References
    ----------
    Kaiser HF, Rice J (1974). Educational and Psychological Measurement 34, 111-117. Bartlett MS
    (1950). British Journal of Statistical Psychology 3, 77-85.
    """
    complete = keyed.complete
    n, k = complete.shape
    df = k * (k - 1) // 2
    refusal = reasons_against_factors(keyed)
    if refusal:
        return Factorability(nan, np.full(k, nan), nan, df, nan, n, refusal)
    adequacy, test = sampling_adequacy(complete), sphericity(complete)
    return Factorability(adequacy.overall, adequacy.items, test.chi2, df, test.p, n, ())


def factor_analysis(
    keyed: KeyedAnswers,
    n_factors: int,
    *,
    method: Extraction = "minres",
    rotation: Rotation = "oblimin",
) -> FactorAnalysis:
    """Return an exploratory factor analysis of people who answered every item.

    Where `factorability` has no number there is none here either, nor with more factors than the
    correlations can tell apart. An item without a uniqueness (a Heywood case) is a finding.

    Parameters
    ----------
    keyed : KeyedAnswers
        The items.
    n_factors : int
        At least 1.
    method : "minres" or "ml"
        Minimum residuals, as `psych::fa`; or maximum likelihood, as `factanal`.
    rotation : "none", "oblimin" or "promax"
        Oblimin has gamma 0 and no Kaiser normalisation; promax is psych's "promax", power 4 from
        a Kaiser-normalised varimax.

    Returns
    -------
    FactorAnalysis

    Raises
    ------
    ValueError
        When `n_factors` is below 1.

    References
    ----------
    Harman HH, Jones WH (1966). Psychometrika 31, 351-368 (minres). Jennrich RI (2002).
    Psychometrika 67, 7-19 (oblique rotation). Hendrickson AE, White PO (1964). British Journal of
    Statistical Psychology 17, 65-70 (promax).
    """
    if n_factors < 1:
        raise ValueError(f"found {n_factors} factors; expected at least 1")
    if n_factors == 1:
        rotation = "none"
    complete = keyed.complete
    n, k = complete.shape
    refusal = reasons_against_factors(keyed) or _too_many_factors(keyed, n_factors)
    if refusal:
        return FactorAnalysis(None, method, rotation, n, n_factors, refusal)
    correlation = correlations(np.cov(complete, rowvar=False))
    factors = solve_factors(correlation, n_factors, method=method, rotation=rotation)
    findings = (*_size_findings(keyed, n, k), *_solution_findings(keyed, factors))
    return FactorAnalysis(factors, method, rotation, n, n_factors, findings)


def solve_factors(
    correlation: Floats, n_factors: int, *, method: Extraction, rotation: Rotation
) -> Factors:
    """Return the factors of a correlation matrix of full rank.

    Parameters
    ----------
    correlation : array of float, shape (k, k)
    n_factors : int
    method, rotation
        As for `factor_analysis`.

    Returns
    -------
    Factors

    Notes
    -----
    With pattern L and factor correlations P: communalities diag(L P L'), variance of factor j
    (P L'L)_jj.
    """
    extracted = extract(correlation, n_factors, method)
    rotated = rotate(extracted.loadings, rotation if n_factors > 1 else "none")
    signs = np.where(rotated.loadings.sum(axis=0) < 0, -1.0, 1.0)
    variance = np.diag(rotated.phi @ rotated.loadings.T @ rotated.loadings)
    order = np.argsort(-variance, kind="stable")
    loadings = (rotated.loadings * signs)[:, order]
    phi = (rotated.phi * np.outer(signs, signs))[np.ix_(order, order)]
    structure = loadings @ phi
    common = structure @ loadings.T
    return Factors(
        loadings=loadings,
        phi=phi,
        structure=structure,
        communalities=np.diag(common).copy(),
        uniquenesses=1 - np.diag(common),
        variance=variance[order],
        residual_rms=_residual_rms(correlation - common),
        has_converged=extracted.has_converged,
    )


def reasons_against_factors(keyed: KeyedAnswers) -> tuple[Finding, ...]:
    """Return why these answers have no factors to be looked for; empty where they have."""
    complete = keyed.complete
    n, k = complete.shape

    def refused(subject: str, message: str) -> tuple[Finding, ...]:
        return (Finding("error", subject, message),)

    if k < 3:
        return refused(keyed.title, "Fewer than 3 items have no factors to tell apart.")
    if n < FEWEST_FOR_FACTORS or n <= k:
        fewest = max(FEWEST_FOR_FACTORS, k + 1)
        return refused(
            keyed.title,
            f"Only {n} people answered every item; fewer than {fewest} give no factors worth "
            "printing.",
        )
    constant = np.flatnonzero(np.ptp(complete, axis=0) == 0)
    if len(constant):
        return refused(
            keyed.items[constant[0]],
            "Everybody gave the same answer, so the item has no correlations to find factors in.",
        )
    if is_singular(correlations(np.cov(complete, rowvar=False))):
        return refused(
            keyed.title,
            "The answers to one item follow from those to others (the correlation matrix is "
            "singular): leave out copies and sums of other items first.",
        )
    return ()


def _too_many_factors(keyed: KeyedAnswers, n_factors: int) -> tuple[Finding, ...]:
    k = len(keyed.items)
    if n_factors < k and (k - n_factors) ** 2 >= k + n_factors:
        return ()
    wording = f"{n_factors} factor{'' if n_factors == 1 else 's'}"
    return (
        Finding(
            "error",
            keyed.title,
            f"{k} items cannot tell {wording} apart: there are more loadings than correlations.",
        ),
    )


def _size_findings(keyed: KeyedAnswers, n: int, k: int) -> tuple[Finding, ...]:
    if n >= FEW_PER_ITEM * k:
        return ()
    return (
        Finding(
            "warning",
            keyed.title,
            f"{n} people for {k} items are fewer than {FEW_PER_ITEM} an item: the loadings are "
            "unsure.",
        ),
    )


def _solution_findings(keyed: KeyedAnswers, factors: Factors) -> tuple[Finding, ...]:
    heywood = tuple(
        Finding(
            "warning",
            keyed.items[number],
            "The factors account for all there is to the item (a Heywood case): too many factors, "
            "too few people or a copy of another item.",
        )
        for number in np.flatnonzero(factors.uniquenesses < SMALLEST_UNIQUENESS + _AT_THE_BOUND)
    )
    if factors.has_converged:
        return heywood
    unfinished = Finding(
        "warning", keyed.title, "The search for factors did not end: the loadings are not final."
    )
    return (unfinished, *heywood)


def _residual_rms(residual: Floats) -> float:
    lower = residual[np.tril_indices(len(residual), -1)]
    return float(np.sqrt(np.mean(lower**2)))
