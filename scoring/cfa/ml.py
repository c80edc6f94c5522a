"""Confirmatory factor analysis by maximum likelihood, on complete rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import nan
from typing import Final

import numpy as np

from scoring.cfa.estimation import Solution, minimise
from scoring.cfa.fit_indices import Chi2, FitIndices, fit_indices, log_likelihood, srmr
from scoring.cfa.likelihood import Likelihood, Sample
from scoring.cfa.model import FactorModel
from scoring.cfa.sample import (
    Moments,
    columns_of,
    is_impossible,
    item_findings,
    model_findings,
    moments,
    people_findings,
)
from scoring.cfa.structure import Ints, Matrices, Structure
from scoring.findings import Finding
from scoring.rules import Floats

START_LOADING: Final = 0.6
START_CORRELATION: Final = 0.3
_UNIDENTIFIED: Final = 1e-9
"""A smallest eigenvalue of the information, against its largest, below this carries none."""


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """Estimates and standard errors of a factor model whose factors have variance 1.

    Each factor points the way in which the sum of its loadings is positive. Rows are the model's
    items, columns its factors; all are NaN where there are no numbers.

    Attributes
    ----------
    loadings, loadings_se : array of float, shape (items, factors)
        In the items' own units; 0 where an item does not belong to a factor.
    residual_variances, residual_variances_se : array of float, shape (items,)
        In the items' own units, squared.
    factor_correlations, factor_correlations_se : array of float, shape (factors, factors)
        -1 to 1.
    standardised_loadings, standardised_loadings_se : array of float, shape (items, factors)
        With items of variance 1.
    """

    loadings: Floats
    loadings_se: Floats
    residual_variances: Floats
    residual_variances_se: Floats
    factor_correlations: Floats
    factor_correlations_se: Floats
    standardised_loadings: Floats
    standardised_loadings_se: Floats


@dataclass(frozen=True, slots=True, eq=False)
class FactorFit:
    """A factor model fitted to complete rows by maximum likelihood.

    Attributes
    ----------
    model : FactorModel
    n : int
        People used.
    estimates : Estimates
        With standard errors from the expected information.
    indices : FitIndices or None
        None where there are no numbers. AIC and BIC do not count the means.
    findings : tuple of Finding
        What a person should know before reading the numbers, or why there are none.
    """

    model: FactorModel
    n: int
    estimates: Estimates
    indices: FitIndices | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A minimum that was found and is a possible model, in the metric of correlations.

    Attributes
    ----------
    moments : Moments
    structure : Structure
    likelihood : Likelihood
    values : array of float, shape (parameters,)
    chi2 : Chi2
    """

    moments: Moments
    structure: Structure
    likelihood: Likelihood
    values: Floats
    chi2: Chi2


def fit_ml(values: Floats, items: Sequence[str], model: FactorModel) -> FactorFit:
    """Return a factor model fitted by maximum likelihood, with its fit.

    There are no numbers, and a finding says why, where an item is constant or repeats others,
    people are too few (`scoring.cfa.sample` has the rule), no minimum is found, or the minimum
    has a negative residual variance or factor correlations that no people could have.

    Parameters
    ----------
    values : array of float, shape (people, columns)
        Complete rows of answers, reversed items turned.
    items : sequence of str
        Names of the columns; columns that are not in the model are not used.
    model : FactorModel

    Returns
    -------
    FactorFit

    Raises
    ------
    ValueError
        When an answer is missing or the model has an item that is not among `items`.

    Notes
    -----
    F = log|Sigma| + tr(R Sigma^-1) - log|R| - k on the correlations R, Sigma = L P L' + T with
    factors of variance 1; chi2 = n F. Estimates return to the items' units by their standard
    deviations with divisor n. The standard errors are the root of the inverse expected
    information over n; those of the standardised loadings follow by the delta method.

    References
    ----------
    Joreskog KG (1969). Psychometrika 34, 183-202. Conventions: lavaan with `std.lv = TRUE`.
    """
    found = moments(columns_of(values, items, model))
    fitted, findings = fit_correlations(found, model)
    if fitted is None:
        return FactorFit(model, found.n, no_estimates(model), None, findings)
    information = fitted.likelihood.expected_information(fitted.values)
    covariance = np.linalg.inv(information) / found.n
    return FactorFit(
        model,
        found.n,
        estimates(fitted.structure, fitted.values, found.spread, covariance),
        indices_of(fitted),
        findings,
    )


def fit_correlations(
    found: Moments, model: FactorModel
) -> tuple[Fitted | None, tuple[Finding, ...]]:
    """Return the minimum on the correlations, None where a finding says there is none."""
    subject = " ".join(model.names)
    findings = [*model_findings(model), *people_findings(model.n_parameters, found.n, subject)]
    if not is_impossible(findings):
        findings += item_findings(model, found, subject)
    if is_impossible(findings):
        return None, tuple(findings)
    structure = standard_structure(model)
    sample = Sample(
        found.n, np.zeros(len(found.spread)), found.correlation, np.arange(len(found.spread))
    )
    likelihood = Likelihood((structure,), ((sample,),), model.n_parameters)
    solution = minimise(likelihood, start_values(model))
    findings += solution_findings(model, structure, likelihood, solution)
    if is_impossible(findings):
        return None, tuple(findings)
    if model.df == 0:
        findings.append(
            Finding(
                "note",
                subject,
                "The model has no degrees of freedom: it fits any answers perfectly, and its fit "
                "says nothing.",
            )
        )
    k = len(found.spread)
    log_determinant = float(np.linalg.slogdet(found.correlation)[1])
    chi2 = Chi2(
        # Without degrees of freedom what is left is rounding, which an index would divide by.
        model=max(found.n * (solution.fit_function - log_determinant - k), 0.0)
        if model.df
        else 0.0,
        df=model.df,
        baseline=-found.n * log_determinant,
        baseline_df=k * (k - 1) // 2,
        n=found.n,
    )
    values = facing_up(structure, solution.values)
    return Fitted(found, structure, likelihood, values, chi2), tuple(findings)


def standard_structure(model: FactorModel) -> Structure:
    """Return the structure with factors of variance 1, free to correlate, and no means."""
    k, m = len(model.items), len(model.factors)
    return Structure(
        fixed=Matrices(np.zeros((k, m)), np.eye(m), np.zeros((k, k)), np.zeros(k), np.zeros(m)),
        loadings=loading_places(model),
        factors=np.array(np.tril_indices(m, -1)),
        residuals=np.array([np.arange(k), np.arange(k)]),
        intercepts=np.zeros(0, dtype=np.intp),
        means=np.zeros(0, dtype=np.intp),
        parameters=np.arange(model.n_parameters),
    )


def loading_places(model: FactorModel) -> Ints:
    """Return rows and columns of the loadings, shape (2, loadings), factor by factor."""
    place = {item: row for row, item in enumerate(model.items)}
    pairs = [
        (place[item], column)
        for column, factor in enumerate(model.factors)
        for item in factor.items
    ]
    return np.array(pairs, dtype=np.intp).T


def start_values(model: FactorModel) -> Floats:
    """Return values to begin from: every item measures its factors fairly well."""
    m = len(model.factors)
    return np.concatenate(
        [
            np.full(model.n_loadings, START_LOADING),
            np.full(m * (m - 1) // 2, START_CORRELATION),
            np.full(len(model.items), 1 - START_LOADING**2),
        ]
    )


def solution_findings(
    model: FactorModel, structure: Structure, likelihood: Likelihood, solution: Solution
) -> Iterator[Finding]:
    """Say why a minimum is none, or is one that no people could have."""
    at = structure.matrices(solution.values)
    subject = " ".join(model.names)
    impossible = list(impossible_findings(model, at))
    yield from impossible
    if not solution.converged:
        yield Finding(
            "error",
            subject,
            "The search for the best loadings did not come to an end: the model does not suit "
            "these answers, or there are too few of them for it.",
        )
    elif not impossible and carries_nothing(likelihood.expected_information(solution.values)):
        yield Finding(
            "error",
            subject,
            "Different loadings fit these answers equally well: the model asks more than they "
            "can settle.",
        )


def impossible_findings(model: FactorModel, at: Matrices) -> Iterator[Finding]:
    """Name negative residual variances and impossible factor correlations."""
    for number in np.flatnonzero(at.residuals.diagonal() <= 0):
        yield Finding(
            "error",
            model.items[number],
            "Its residual variance comes out at or below 0 (a Heywood case): the factor would "
            "explain more than all of the item, so the estimates are not usable. Too few people, "
            "too few items a factor or a wrong model are the usual reasons.",
        )
    if np.linalg.eigvalsh(at.factors)[0] <= 0:
        yield Finding(
            "error",
            " ".join(model.names),
            "The factors come out correlated at or beyond 1, which no people could have: these "
            "answers do not tell the factors apart.",
        )


def carries_nothing(information: Floats) -> bool:
    """Whether some direction of the parameters changes nothing that people show."""
    eigenvalues = np.linalg.eigvalsh(information)
    return bool(eigenvalues[0] < _UNIDENTIFIED * eigenvalues[-1])


def facing_up(structure: Structure, values: Floats) -> Floats:
    """Turn every factor so that the sum of its loadings is positive."""
    sums = structure.matrices(values).loadings.sum(axis=0)
    sign = np.where(sums < 0, -1.0, 1.0)
    turned = np.ones(len(values))
    loading, factor, *_ = structure.places()
    turned[loading] = sign[structure.loadings[1]]
    turned[factor] = sign[structure.factors[0]] * sign[structure.factors[1]]
    return values * turned


def indices_of(fitted: Fitted) -> FitIndices:
    """Return the fit indices of a minimum."""
    found, k = fitted.moments, len(fitted.moments.spread)
    implied = fitted.structure.matrices(fitted.values).covariance
    value, _ = fitted.likelihood.value_and_gradient(fitted.values)
    in_own_units = value + 2 * float(np.log(found.spread).sum())
    return fit_indices(
        fitted.chi2,
        srmr=srmr(found.correlation, implied),
        log_likelihood=log_likelihood(in_own_units, found.n, k),
        n_parameters=len(fitted.values),
    )


def estimates(
    structure: Structure, values: Floats, spread: Floats, covariance: Floats
) -> Estimates:
    """Return estimates in the items' units, given those units and the parameters' covariances."""
    at = structure.matrices(values)
    errors = np.sqrt(covariance.diagonal())
    loading, factor, residual, *_ = structure.places()
    loadings_se = np.zeros_like(at.loadings)
    loadings_se[structure.loadings[0], structure.loadings[1]] = errors[loading]
    factors_se = np.zeros_like(at.factors)
    factors_se[structure.factors[0], structure.factors[1]] = errors[factor]
    slopes = _standardised_slopes(structure, at)
    standardised_se = np.zeros_like(at.loadings)
    standardised_se[structure.loadings[0], structure.loadings[1]] = np.sqrt(
        np.einsum("ij,jk,ik->i", slopes, covariance, slopes)
    )
    return Estimates(
        loadings=at.loadings * spread[:, None],
        loadings_se=loadings_se * spread[:, None],
        residual_variances=at.residuals.diagonal() * spread**2,
        residual_variances_se=errors[residual] * spread**2,
        factor_correlations=at.factors,
        factor_correlations_se=factors_se + factors_se.T,
        standardised_loadings=at.loadings / np.sqrt(at.covariance.diagonal())[:, None],
        standardised_loadings_se=standardised_se,
    )


def _standardised_slopes(structure: Structure, at: Matrices) -> Floats:
    """Derivatives of the standardised loadings by the parameters, shape (loadings, parameters)."""
    along = structure.directions(at)
    variances = at.covariance.diagonal()
    by_variance = 2 * along.weight * along.u * along.v
    rows, columns = structure.loadings
    loadings = at.loadings[rows, columns]
    slopes: Floats = -0.5 * (loadings / variances[rows] ** 1.5)[:, None] * by_variance[rows]
    own = np.arange(len(rows))
    slopes[own, own] += 1 / np.sqrt(variances[rows])
    return slopes


def no_estimates(model: FactorModel) -> Estimates:
    """Return estimates that are all NaN."""
    k, m = len(model.items), len(model.factors)
    by_factor, by_item, between = np.full((k, m), nan), np.full(k, nan), np.full((m, m), nan)
    return Estimates(by_factor, by_factor, by_item, by_item, between, between, by_factor, by_factor)
