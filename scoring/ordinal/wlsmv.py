"""Confirmatory factor analysis of ordered answers, by weighted least squares (WLSMV)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import nan
from typing import Final

import numpy as np

from scoring.cfa.model import FactorModel
from scoring.findings import Finding
from scoring.keyed import KeyedAnswers
from scoring.ordinal.asymptotic import AsymptoticCovariance, asymptotic_covariance
from scoring.ordinal.categories import (
    Categories,
    categorise,
    constant_items,
    empty_categories,
    of_the_model,
    pairs_of,
    tables_of,
    what_stands_in_the_way,
)
from scoring.ordinal.fit_indices import OrdinalFitIndices, ordinal_fit_indices
from scoring.ordinal.polychoric import PolychoricMatrix, matrix_of, no_matrix
from scoring.ordinal.structure import Structure, least_squares, structure_of
from scoring.rules import Floats

FEW_PEOPLE: Final = 200
"""With fewer the weights are unsteady, and the test rejects models that are right too often."""

_UNIDENTIFIED: Final = 1e-8
"""A smallest singular value of the slopes, against their largest, below this carries nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class OrdinalEstimates:
    """A factor model of latent responses of variance 1 and factors of variance 1.

    Each factor points the way in which the sum of its loadings is positive. Rows are the model's
    items, columns its factors; all are NaN where there are no numbers.

    Attributes
    ----------
    loadings, loadings_se : array of float, shape (items, factors)
        Standardised; 0 where an item does not belong to a factor.
    residual_variances : array of float, shape (items,)
        Of the latent responses: what the factors leave of 1.
    factor_correlations, factor_correlations_se : array of float, shape (factors, factors)
    thresholds, thresholds_se : tuple of arrays of float, one an item
        In standard deviations of the latent response.
    """

    loadings: Floats
    loadings_se: Floats
    residual_variances: Floats
    factor_correlations: Floats
    factor_correlations_se: Floats
    thresholds: tuple[Floats, ...]
    thresholds_se: tuple[Floats, ...]


@dataclass(frozen=True, slots=True, eq=False)
class OrdinalFit:
    """A factor model fitted to ordered answers.

    Attributes
    ----------
    model : FactorModel
    n : int
        People used: those who answered every item of the model.
    estimates : OrdinalEstimates
    indices : OrdinalFitIndices or None
        None where there are no numbers.
    polychoric : PolychoricMatrix
        What was fitted, in the model's order of items.
    findings : tuple of Finding
        What a person should know before reading the numbers, or why there are none. Those of the
        polychoric correlations are among them.
    """

    model: FactorModel
    n: int
    estimates: OrdinalEstimates
    indices: OrdinalFitIndices | None
    polychoric: PolychoricMatrix
    findings: tuple[Finding, ...]


def fit_wlsmv(keyed: KeyedAnswers, model: FactorModel) -> OrdinalFit:
    """Return a factor model of the latent responses behind ordered answers, with its fit.

    Only people who answered every item of the model are used. There are no numbers, and a finding
    says why, with fewer than 40 people, a constant item, items of which one follows from another,
    a model that the correlations cannot settle, or a best fit that no people could have (a
    negative residual variance, factors correlated at or beyond 1).

    Parameters
    ----------
    keyed : KeyedAnswers
        Items that are not in the model are not used.
    model : FactorModel

    Returns
    -------
    OrdinalFit

    Raises
    ------
    ValueError
        When the model has an item that is not among the answers'.

    Notes
    -----
    Polychoric correlations r in two steps; their asymptotic covariance G; weights 1 / diag G;
    least squares of r minus the implied correlations, with latent responses of variance 1 (the
    delta parameterisation) and factors of variance 1. Standard errors are the sandwich of the
    weights and G, over n - 1. The test is scaled and shifted; with U the weights less their
    projection on the slopes, scale = sqrt(tr((U G)^2) / df) and shift = df - tr(U G) / scale.
    chi2 and RMSEA carry n - 1 too, and SRMR divides by the k (k + 1) / 2 elements of the matrix,
    as lavaan has them. Nothing is added to empty cells, and cells are floored at 1e-15, so that
    on thin tables the figures part from lavaan's.

    References
    ----------
    Muthen B, du Toit SHC, Spisic D (1997), unpublished. Asparouhov T, Muthen B (2010), "Simple
    second order chi-square correction", Mplus technical appendix.
    """
    answers = of_the_model(keyed, model)
    categories = categorise(answers)
    findings = [
        *_model_findings(model),
        *what_stands_in_the_way(answers, categories),
        *constant_items(categories),
    ]
    if _is_impossible(findings):
        return _without_numbers(model, categories, findings)
    findings += [*empty_categories(answers, categories), *_people_findings(answers, categories)]
    tables = tables_of(categories)
    polychoric = matrix_of(categories, tables, title=answers.title, findings=findings)
    findings = [*polychoric.findings, *_perfect_findings(polychoric)]
    if _is_impossible(findings):
        return _without_numbers(model, categories, findings, polychoric)
    covariance = asymptotic_covariance(categories, tables, _above(polychoric))
    weights = 1 / covariance.correlations.diagonal()
    structure = structure_of(model)
    values, converged = least_squares(structure, polychoric.correlations, weights)
    findings += _solution_findings(model, structure, values, weights, converged=converged)
    if _is_impossible(findings):
        return _without_numbers(model, categories, findings, polychoric)
    estimates, indices = _judged(model, structure, values, polychoric, covariance)
    findings += _saturated(model)
    return OrdinalFit(model, categories.n, estimates, indices, polychoric, tuple(findings))


def _judged(
    model: FactorModel,
    structure: Structure,
    values: Floats,
    polychoric: PolychoricMatrix,
    covariance: AsymptoticCovariance,
) -> tuple[OrdinalEstimates, OrdinalFitIndices]:
    """The estimates with their standard errors, and the fit."""
    spread, n = covariance.correlations, polychoric.n
    weights = 1 / spread.diagonal()
    slopes = structure.slopes(values)
    weighted = slopes * weights[:, None]
    bread = np.linalg.inv(slopes.T @ weighted)
    errors = np.sqrt((bread @ (weighted.T @ spread @ weighted) @ bread).diagonal() / (n - 1))
    correlations = _above(polychoric)
    residuals = correlations - structure.implied(values)
    left = np.diag(weights) - weighted @ bread @ weighted.T
    indices = ordinal_fit_indices(
        model,
        polychoric,
        chi2=(n - 1) * float(weights @ residuals**2),
        spread=left @ spread,
        baseline_chi2=(n - 1) * float(weights @ correlations**2),
        baseline_spread=weights[:, None] * spread,
        residuals=residuals,
    )
    threshold_errors = np.sqrt(covariance.thresholds / (n - 1))
    return _estimates(structure, values, errors, polychoric, threshold_errors), indices


def _above(polychoric: PolychoricMatrix) -> Floats:
    """The correlation of each pair."""
    found: Floats = polychoric.correlations[pairs_of(len(polychoric.items))]
    return found


def _estimates(
    structure: Structure,
    values: Floats,
    errors: Floats,
    polychoric: PolychoricMatrix,
    threshold_errors: Floats,
) -> OrdinalEstimates:
    loadings, factors = structure.matrices(values)
    loadings_se, factors_se = structure.matrices(errors)
    np.fill_diagonal(factors_se, 0.0)
    return OrdinalEstimates(
        loadings=loadings,
        loadings_se=loadings_se,
        residual_variances=1 - ((loadings @ factors) * loadings).sum(axis=1),
        factor_correlations=factors,
        factor_correlations_se=factors_se,
        thresholds=polychoric.thresholds,
        thresholds_se=tuple(
            row[: len(thresholds)]
            for row, thresholds in zip(threshold_errors, polychoric.thresholds, strict=True)
        ),
    )


def _model_findings(model: FactorModel) -> Iterator[Finding]:
    for factor in model.factors:
        if len(factor.items) < 2:
            yield Finding(
                "error",
                factor.name,
                f"One item, {factor.items[0]}, cannot tell a factor from its own error; a factor "
                "needs at least two, and three when it stands alone.",
            )
    if model.df < 0:
        k = len(model.items)
        yield Finding(
            "error",
            " ".join(model.names),
            f"{k} items have {k * (k - 1) // 2} correlations, too few for the "
            f"{model.n_parameters - k} numbers the model asks of them.",
        )


def _people_findings(keyed: KeyedAnswers, categories: Categories) -> Iterator[Finding]:
    if categories.n < FEW_PEOPLE:
        yield Finding(
            "warning",
            keyed.title,
            f"{categories.n} people are few for ordered answers: below {FEW_PEOPLE} the chi2, what "
            "follows from it and the standard errors are only rough.",
        )


def _perfect_findings(polychoric: PolychoricMatrix) -> Iterator[Finding]:
    above = np.triu(np.abs(polychoric.correlations) == 1, 1)
    for first, second in np.argwhere(above):
        yield Finding(
            "error",
            polychoric.items[second],
            f"It correlates perfectly with {polychoric.items[first]}, so it has no weight in a "
            "model with both, and none is fitted.",
        )


def _solution_findings(
    model: FactorModel, structure: Structure, values: Floats, weights: Floats, *, converged: bool
) -> Iterator[Finding]:
    subject = " ".join(model.names)
    if not converged:
        yield Finding(
            "error",
            subject,
            "The search for the best loadings did not come to an end: the model does not suit "
            "these answers, or there are too few of them for it.",
        )
        return
    loadings, factors = structure.matrices(values)
    explained = ((loadings @ factors) * loadings).sum(axis=1)
    for number in np.flatnonzero(explained >= 1):
        yield Finding(
            "error",
            model.items[number],
            "The residual variance of its latent response comes out at or below 0 (a Heywood "
            "case): the factor would explain more than all of the item, so the estimates are not "
            "usable. Too few people, too few items a factor or a wrong model are the usual "
            "reasons.",
        )
    if np.linalg.eigvalsh(factors)[0] <= 0:
        yield Finding(
            "error",
            subject,
            "The factors come out correlated at or beyond 1, which no people could have: these "
            "answers do not tell the factors apart.",
        )
    sizes = np.linalg.svd(np.sqrt(weights)[:, None] * structure.slopes(values), compute_uv=False)
    if sizes[-1] < _UNIDENTIFIED * sizes[0]:
        yield Finding(
            "error",
            subject,
            "Different loadings fit these answers equally well: the model asks more than they "
            "can settle.",
        )


def _saturated(model: FactorModel) -> Iterator[Finding]:
    if model.df == 0:
        yield Finding(
            "note",
            " ".join(model.names),
            "The model has no degrees of freedom: it fits any answers perfectly, and its fit says "
            "nothing.",
        )


def _is_impossible(findings: Sequence[Finding]) -> bool:
    return any(finding.severity == "error" for finding in findings)


def _without_numbers(
    model: FactorModel,
    categories: Categories,
    findings: Sequence[Finding],
    polychoric: PolychoricMatrix | None = None,
) -> OrdinalFit:
    k, m = len(model.items), len(model.factors)
    none = (np.empty(0),) * k
    return OrdinalFit(
        model=model,
        n=categories.n,
        estimates=OrdinalEstimates(
            loadings=np.full((k, m), nan),
            loadings_se=np.full((k, m), nan),
            residual_variances=np.full(k, nan),
            factor_correlations=np.full((m, m), nan),
            factor_correlations_se=np.full((m, m), nan),
            thresholds=none,
            thresholds_se=none,
        ),
        indices=None,
        polychoric=polychoric or no_matrix(categories, findings),
        findings=tuple(findings),
    )
