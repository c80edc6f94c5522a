"""One level of invariance, fitted to all groups or waves at once with some parameters equal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from math import nan
from typing import Final, Literal, Protocol

import numpy as np

from scoring.cfa.estimation import Solution, minimise
from scoring.cfa.fit_indices import Chi2, FitIndices, fit_indices, log_likelihood, srmr
from scoring.cfa.likelihood import Likelihood, Sample
from scoring.cfa.ml import carries_nothing
from scoring.cfa.model import FactorModel
from scoring.cfa.robust import (
    ScaledIndices,
    baseline_trace,
    saturated_trace,
    scaled_indices,
)
from scoring.cfa.structure import Matrices, Structure
from scoring.findings import Finding
from scoring.rules import Floats

Level = Literal["configural", "metric", "scalar", "strict"]
LEVELS: Final[tuple[Level, ...]] = ("configural", "metric", "scalar", "strict")

Kind = Literal["loadings", "factors", "residuals", "intercepts", "means"]

EQUAL: Final[Mapping[Level, frozenset[Kind]]] = {
    "configural": frozenset(),
    "metric": frozenset({"loadings"}),
    "scalar": frozenset({"loadings", "intercepts"}),
    "strict": frozenset({"loadings", "intercepts", "residuals"}),
}


@dataclass(frozen=True, slots=True, eq=False)
class InvarianceLevel:
    """One level of invariance fitted to all parts at once: groups of people, or waves of the same.

    Each factor is measured in the units of its first item, whose loading is 1. Arrays are NaN
    where there are no numbers.

    Attributes
    ----------
    level : "configural", "metric", "scalar" or "strict"
        Equal across parts: nothing but the pattern; loadings too; intercepts too; residual
        variances too.
    indices : FitIndices or None
        None where there are no numbers. SRMR counts the means.
    robust : ScaledIndices or None
    loadings : array of float, shape (parts, items, factors)
    intercepts : array of float, shape (parts, items)
    latent_means, latent_means_se : array of float, shape (parts, factors)
        Differences from the first part, whose mean is 0; all 0 below the scalar level, where
        they cannot be compared. Standard errors from the expected information; 0 where fixed.
    latent_means_robust_se : array of float, shape (parts, factors)
    latent_variances : array of float, shape (parts, factors)
    findings : tuple of Finding
        Why there are no numbers, where there are none.
    """

    level: Level
    indices: FitIndices | None
    robust: ScaledIndices | None
    loadings: Floats
    intercepts: Floats
    latent_means: Floats
    latent_means_se: Floats
    latent_means_robust_se: Floats
    latent_variances: Floats
    findings: tuple[Finding, ...]


class Compared(Protocol):
    """What a factor model is compared across: groups of people, or waves of the same people.

    Attributes
    ----------
    model : FactorModel
        Of one part: one group, one wave.
    names : tuple of str
        The parts.
    spread, centre : array of float, shape (items,)
        In the samples every part is shifted by this centre and divided by this spread, so that
        what is equal across parts stays equal.
    """

    @property
    def model(self) -> FactorModel: ...
    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def spread(self) -> Floats: ...
    @property
    def centre(self) -> Floats: ...

    def rows(self) -> tuple[tuple[Floats, ...], ...]:
        """Answers behind each sample, in the shared units."""

    def samples(self) -> tuple[tuple[Sample, ...], ...]:
        """Moments of the people of each structure, in the shared units."""

    def structures(self, equal: Set[Kind]) -> tuple[tuple[Structure, ...], int]:
        """Number the parameters, those of the kinds given once for all parts; and count them."""

    def start(self, structures: tuple[Structure, ...], n_parameters: int) -> Floats:
        """Return values to begin from."""

    def parts(self, matrices: Sequence[Matrices]) -> tuple[Matrices, ...]:
        """Return the matrices of each part, given those of each structure."""

    def impossible(self, matrices: Sequence[Matrices]) -> Iterator[tuple[str, Finding]]:
        """Say where in these matrices is what no people could have, and what it is."""


def fit_level(compared: Compared, level: Level) -> InvarianceLevel:
    """Return one level fitted to all parts; where there are no numbers its findings say why."""
    structures, n_parameters = compared.structures(EQUAL[level])
    likelihood = Likelihood(structures, compared.samples(), n_parameters)
    solution = minimise(likelihood, compared.start(structures, n_parameters))
    findings = tuple(level_findings(compared, level, likelihood, solution))
    if findings:
        return _no_level(compared, level, findings)
    return _level(compared, level, likelihood, solution.values)


def level_findings(
    compared: Compared, level: Level, likelihood: Likelihood, solution: Solution
) -> Iterator[Finding]:
    """Say why a level has no numbers; nothing where it has."""
    wrong, values = False, solution.values
    matrices = [structure.matrices(values) for structure in likelihood.groups]
    for where, finding in compared.impossible(matrices):
        wrong = True
        yield replace(finding, message=f"{where}, {level} level: {finding.message}")
    if not wrong and carries_nothing(likelihood.expected_information(values)):
        wrong = True
        yield Finding(
            "error",
            level,
            "Different loadings fit these answers equally well: the model asks more than they can "
            "settle.",
        )
    if not wrong and not solution.converged:
        yield Finding(
            "error",
            level,
            "The search for the best loadings did not come to an end: the model does not suit "
            "these answers at this level.",
        )


def _level(
    compared: Compared, level: Level, likelihood: Likelihood, values: Floats
) -> InvarianceLevel:
    model, n = compared.model, likelihood.n
    expected = np.linalg.inv(likelihood.expected_information(values)) / n
    inverse = np.linalg.inv(likelihood.observed_information(values))
    rows = compared.rows()
    products = likelihood.score_products(values, rows)
    robust = inverse @ products @ inverse / n
    chi2 = _chi2(likelihood, values)
    samples = [one for (one,) in likelihood.samples]
    fit_function, _ = likelihood.value_and_gradient(values)
    k = len(samples[0].mean)
    in_own_units = fit_function + 2 * k * float(np.log(compared.spread).mean())
    centred = [of_one - of_one.mean(axis=0) for (of_one,) in rows]
    matrices = [structure.matrices(values) for structure in likelihood.groups]
    parts = compared.parts(matrices)
    unit = compared.spread[[model.items.index(factor.items[0]) for factor in model.factors]]
    return InvarianceLevel(
        level=level,
        indices=fit_indices(
            chi2,
            srmr=sum(
                one.n / n * srmr(one.covariance, at.covariance, off=one.mean - at.mean)
                for one, at in zip(samples, matrices, strict=True)
            ),
            log_likelihood=log_likelihood(in_own_units, n, k),
            n_parameters=likelihood.n_parameters,
        ),
        robust=scaled_indices(
            chi2,
            trace=float((products * inverse).sum()),
            saturated_trace=sum(
                saturated_trace(of_one, one.covariance)
                for of_one, one in zip(centred, samples, strict=True)
            ),
            baseline_trace=sum(baseline_trace(of_one) for of_one in centred),
        ),
        loadings=np.array([at.loadings * np.outer(compared.spread, 1 / unit) for at in parts]),
        intercepts=np.array([at.intercepts * compared.spread + compared.centre for at in parts]),
        latent_means=np.array([at.means for at in parts]) * unit,
        latent_means_se=_mean_errors(compared, likelihood, expected) * unit,
        latent_means_robust_se=_mean_errors(compared, likelihood, robust) * unit,
        latent_variances=np.array([at.factors.diagonal() for at in parts]) * unit**2,
        findings=(),
    )


def _chi2(likelihood: Likelihood, values: Floats) -> Chi2:
    n, samples = likelihood.n, [one for (one,) in likelihood.samples]
    reached, _ = likelihood.value_and_gradient(values)
    saturated, baseline, moments, pairs = 0.0, 0.0, 0, 0
    for sample in samples:
        k = len(sample.mean)
        log_determinant = float(np.linalg.slogdet(sample.covariance)[1])
        saturated += sample.n / n * (log_determinant + k)
        variances = float(np.log(sample.covariance.diagonal()).sum())
        baseline += sample.n * (variances - log_determinant)
        moments += k * (k + 1) // 2 + k
        pairs += k * (k - 1) // 2
    df = moments - likelihood.n_parameters
    return Chi2(
        model=max(n * (reached - saturated), 0.0) if df else 0.0,
        df=df,
        baseline=baseline,
        baseline_df=pairs,
        n=n,
        groups=len(samples),
    )


def _mean_errors(compared: Compared, likelihood: Likelihood, covariance: Floats) -> Floats:
    errors = np.sqrt(covariance.diagonal())
    # A mean that is fixed is fixed at 0, which stands for its error too.
    parts = compared.parts([structure.matrices(errors) for structure in likelihood.groups])
    return np.array([at.means for at in parts])


def _no_level(compared: Compared, level: Level, findings: tuple[Finding, ...]) -> InvarianceLevel:
    count, k, m = len(compared.names), len(compared.spread), len(compared.model.names)
    by_factor = np.full((count, m), nan)
    return InvarianceLevel(
        level=level,
        indices=None,
        robust=None,
        loadings=np.full((count, k, m), nan),
        intercepts=np.full((count, k), nan),
        latent_means=by_factor,
        latent_means_se=by_factor,
        latent_means_robust_se=by_factor,
        latent_variances=by_factor,
        findings=findings,
    )
