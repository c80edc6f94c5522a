"""One level of invariance, fitted to every group at once with some parameters equal in all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import nan
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from scoring.cfa.estimation import minimise
from scoring.cfa.fit_indices import Chi2, FitIndices, fit_indices, log_likelihood, srmr
from scoring.cfa.likelihood import Likelihood, Sample
from scoring.cfa.ml import (
    carries_nothing,
    impossible_findings,
    loading_places,
    standard_structure,
    start_values,
)
from scoring.cfa.model import FactorModel
from scoring.cfa.robust import (
    ScaledIndices,
    baseline_trace,
    saturated_trace,
    scaled_indices,
)
from scoring.cfa.sample import Moments
from scoring.cfa.structure import Ints, Matrices, Structure
from scoring.findings import Finding
from scoring.rules import Floats

Level = Literal["configural", "metric", "scalar", "strict"]
LEVELS: Final[tuple[Level, ...]] = ("configural", "metric", "scalar", "strict")

_EQUAL: Final[Mapping[Level, frozenset[str]]] = {
    "configural": frozenset(),
    "metric": frozenset({"loadings"}),
    "scalar": frozenset({"loadings", "intercepts"}),
    "strict": frozenset({"loadings", "intercepts", "residuals"}),
}
_WEAKEST_MARKER: Final = 0.1
"""A start in which a marker's loading is below this would stretch its factor out of sight."""


@dataclass(frozen=True, slots=True, eq=False)
class InvarianceLevel:
    """One level of invariance fitted to all groups at once.

    Each factor is measured in the units of its first item, whose loading is 1. Arrays are NaN
    where there are no numbers.

    Attributes
    ----------
    level : "configural", "metric", "scalar" or "strict"
        Equal across groups: nothing but the pattern; loadings too; intercepts too; residual
        variances too.
    indices : FitIndices or None
        None where there are no numbers. SRMR counts the means.
    robust : ScaledIndices or None
    loadings : array of float, shape (groups, items, factors)
    intercepts : array of float, shape (groups, items)
    latent_means, latent_means_se : array of float, shape (groups, factors)
        Differences from the first group, whose mean is 0; all 0 below the scalar level, where
        they cannot be compared. Standard errors from the expected information; 0 where fixed.
    latent_means_robust_se : array of float, shape (groups, factors)
    latent_variances : array of float, shape (groups, factors)
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


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Moments of each group, and the units all of them share.

    Attributes
    ----------
    model : FactorModel
    names : tuple of str
    moments : tuple of Moments
    spread, centre : array of float, shape (items,)
        In the samples every group is shifted by this centre and divided by this spread, so that
        what is equal across groups stays equal.
    """

    model: FactorModel
    names: tuple[str, ...]
    moments: tuple[Moments, ...]
    spread: Floats
    centre: Floats

    @property
    def n(self) -> int:
        """People in all groups."""
        return sum(found.n for found in self.moments)

    def rows(self) -> tuple[tuple[Floats, ...], ...]:
        """Answers of each group in the shared units."""
        return tuple(((found.values - self.centre) / self.spread,) for found in self.moments)

    def samples(self) -> tuple[tuple[Sample, ...], ...]:
        """Moments of each group in the shared units."""
        every = np.arange(len(self.spread))
        samples = []
        for found in self.moments:
            spread = found.spread / self.spread
            covariance = found.correlation * np.outer(spread, spread)
            mean = (found.mean - self.centre) / self.spread
            samples.append((Sample(found.n, mean, covariance, every),))
        return tuple(samples)


def in_common_units(model: FactorModel, found: Mapping[str, Moments]) -> Groups:
    """Return the groups in units of the spread within them, from the mean of everybody."""
    shares = np.array([one.n for one in found.values()], dtype=np.float64)
    shares /= shares.sum()
    variances = np.array([one.spread**2 for one in found.values()])
    means = np.array([one.mean for one in found.values()])
    return Groups(
        model, tuple(found), tuple(found.values()), np.sqrt(shares @ variances), shares @ means
    )


def fit_level(groups: Groups, level: Level) -> InvarianceLevel:
    """Return one level fitted to the groups; where there are no numbers its findings say why."""
    structures, n_parameters = _structures(groups.model, len(groups.names), level)
    likelihood = Likelihood(structures, groups.samples(), n_parameters)
    solution = minimise(likelihood, _start(groups, structures, n_parameters))
    findings = list(_level_findings(groups, level, likelihood, solution.values))
    if not solution.converged and not findings:
        findings.append(
            Finding(
                "error",
                level,
                "The search for the best loadings did not come to an end: the model does not suit "
                "these groups at this level.",
            )
        )
    if findings:
        return _no_level(groups, level, tuple(findings))
    return _level(groups, level, likelihood, solution.values)


def _structures(
    model: FactorModel, n_groups: int, level: Level
) -> tuple[tuple[Structure, ...], int]:
    """Number the parameters of every group; equal ones have the same number in all."""
    k, m = len(model.items), len(model.names)
    places, is_marker = _loadings_and_markers(model)
    fixed = np.zeros((k, m))
    fixed[places[0, is_marker], places[1, is_marker]] = 1
    free = places[:, ~is_marker]
    taken, shared = 0, dict[str, Ints]()
    structures = []
    for group in range(n_groups):
        means = np.arange(m if group > 0 and "intercepts" in _EQUAL[level] else 0)
        numbers = []
        for kind, size in (
            ("loadings", free.shape[1]),
            ("factors", m * (m + 1) // 2),
            ("residuals", k),
            ("intercepts", k),
            ("means", len(means)),
        ):
            if kind in _EQUAL[level] and kind in shared:
                numbers.append(shared[kind])
                continue
            shared[kind] = np.arange(taken, taken + size)
            numbers.append(shared[kind])
            taken += size
        structures.append(
            Structure(
                fixed=Matrices(fixed, np.zeros((m, m)), np.zeros((k, k)), np.zeros(k), np.zeros(m)),
                loadings=free,
                factors=np.array(np.tril_indices(m)),
                residuals=np.array([np.arange(k), np.arange(k)]),
                intercepts=np.arange(k),
                means=means,
                parameters=np.concatenate(numbers),
            )
        )
    return tuple(structures), taken


def _loadings_and_markers(model: FactorModel) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Places of the loadings, and which of them are of the first item of their factor."""
    places = loading_places(model)
    return places, np.r_[True, places[1, 1:] != places[1, :-1]]


def _start(groups: Groups, structures: tuple[Structure, ...], n_parameters: int) -> Floats:
    """Begin from the model of everybody's differences from the mean of their group."""
    model = groups.model
    within = standard_structure(model)
    samples = [one for (one,) in groups.samples()]
    pooled = sum(one.covariance * (one.n / groups.n) for one in samples)
    k = len(groups.spread)
    likelihood = Likelihood(
        (within,),
        ((Sample(groups.n, np.zeros(k), np.asarray(pooled), np.arange(k)),),),
        model.n_parameters,
    )
    at = within.matrices(minimise(likelihood, start_values(model)).values)
    places, is_marker = _loadings_and_markers(model)
    markers = at.loadings[places[0, is_marker], places[1, is_marker]]
    if (np.abs(markers) < _WEAKEST_MARKER).any() or (at.residuals.diagonal() <= 0).any():
        at = within.matrices(start_values(model))
        markers = at.loadings[places[0, is_marker], places[1, is_marker]]
    factors = at.factors * np.outer(markers, markers)
    free = places[:, ~is_marker]
    values = np.zeros(n_parameters)
    for structure, sample in zip(structures, samples, strict=True):
        loading, factor, residual, intercept, _ = structure.places()
        for own, begin in (
            (loading, at.loadings[free[0], free[1]] / markers[free[1]]),
            (factor, factors[structure.factors[0], structure.factors[1]]),
            (residual, at.residuals.diagonal()),
            (intercept, sample.mean),
        ):
            values[structure.parameters[own]] = begin
    return values


def _level_findings(
    groups: Groups, level: Level, likelihood: Likelihood, values: Floats
) -> Iterator[Finding]:
    wrong = False
    for name, structure in zip(groups.names, likelihood.groups, strict=True):
        for finding in impossible_findings(groups.model, structure.matrices(values)):
            wrong = True
            yield replace(finding, message=f"Group {name}, {level} level: {finding.message}")
    if not wrong and carries_nothing(likelihood.expected_information(values)):
        yield Finding(
            "error",
            level,
            "Different loadings fit these groups equally well: the model asks more than they can "
            "settle.",
        )


def _level(groups: Groups, level: Level, likelihood: Likelihood, values: Floats) -> InvarianceLevel:
    model, n = groups.model, groups.n
    expected = np.linalg.inv(likelihood.expected_information(values)) / n
    inverse = np.linalg.inv(likelihood.observed_information(values))
    rows = groups.rows()
    products = likelihood.score_products(values, rows)
    robust = inverse @ products @ inverse / n
    chi2 = _chi2(groups, likelihood, values)
    fit_function, _ = likelihood.value_and_gradient(values)
    in_own_units = fit_function + 2 * float(np.log(groups.spread).sum())
    centred = [of_group - of_group.mean(axis=0) for (of_group,) in rows]
    samples = [one for (one,) in groups.samples()]
    matrices = [structure.matrices(values) for structure in likelihood.groups]
    unit = groups.spread[[model.items.index(factor.items[0]) for factor in model.factors]]
    return InvarianceLevel(
        level=level,
        indices=fit_indices(
            chi2,
            srmr=sum(
                one.n / n * srmr(one.covariance, at.covariance, off=one.mean - at.mean)
                for one, at in zip(samples, matrices, strict=True)
            ),
            log_likelihood=log_likelihood(in_own_units, n, len(groups.spread)),
            n_parameters=likelihood.n_parameters,
        ),
        robust=scaled_indices(
            chi2,
            trace=float((products * inverse).sum()),
            saturated_trace=sum(
                saturated_trace(of_group, one.covariance)
                for of_group, one in zip(centred, samples, strict=True)
            ),
            baseline_trace=sum(baseline_trace(of_group) for of_group in centred),
        ),
        loadings=np.array([at.loadings * np.outer(groups.spread, 1 / unit) for at in matrices]),
        intercepts=np.array([at.intercepts * groups.spread + groups.centre for at in matrices]),
        latent_means=np.array([at.means for at in matrices]) * unit,
        latent_means_se=_mean_errors(likelihood, expected) * unit,
        latent_means_robust_se=_mean_errors(likelihood, robust) * unit,
        latent_variances=np.array([at.factors.diagonal() for at in matrices]) * unit**2,
        findings=(),
    )


def _chi2(groups: Groups, likelihood: Likelihood, values: Floats) -> Chi2:
    n, k, count = groups.n, len(groups.spread), len(groups.names)
    reached, _ = likelihood.value_and_gradient(values)
    saturated, baseline = 0.0, 0.0
    for (sample,) in likelihood.samples:
        log_determinant = float(np.linalg.slogdet(sample.covariance)[1])
        saturated += sample.n / n * (log_determinant + k)
        variances = float(np.log(sample.covariance.diagonal()).sum())
        baseline += sample.n * (variances - log_determinant)
    df = count * (k * (k + 1) // 2 + k) - likelihood.n_parameters
    return Chi2(
        model=max(n * (reached - saturated), 0.0) if df else 0.0,
        df=df,
        baseline=baseline,
        baseline_df=count * k * (k - 1) // 2,
        n=n,
        groups=count,
    )


def _mean_errors(likelihood: Likelihood, covariance: Floats) -> Floats:
    errors = np.zeros((len(likelihood.groups), likelihood.groups[0].fixed.means.shape[0]))
    for group, structure in enumerate(likelihood.groups):
        *_, mean = structure.places()
        errors[group, structure.means] = np.sqrt(covariance.diagonal()[structure.parameters[mean]])
    return errors


def _no_level(groups: Groups, level: Level, findings: tuple[Finding, ...]) -> InvarianceLevel:
    count, k, m = len(groups.names), len(groups.spread), len(groups.model.names)
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
