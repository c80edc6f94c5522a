"""A factor model in several groups of people, some of its parameters equal in all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.cfa.estimation import minimise
from scoring.cfa.levels import Kind
from scoring.cfa.likelihood import Likelihood, Sample
from scoring.cfa.ml import impossible_findings, loading_places, standard_structure, start_values
from scoring.cfa.model import FactorModel
from scoring.cfa.sample import Moments
from scoring.cfa.structure import Ints, Matrices, Structure
from scoring.findings import Finding
from scoring.rules import Floats

_WEAKEST_MARKER: Final = 0.1
"""A start in which a marker's loading is below this would stretch its factor out of sight."""


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Moments of each group, and the units all of them share; a `Compared` of groups."""

    model: FactorModel
    names: tuple[str, ...]
    moments: tuple[Moments, ...]
    spread: Floats
    centre: Floats

    def rows(self) -> tuple[tuple[Floats, ...], ...]:
        """Answers of each group in the shared units."""
        return tuple(((found.values - self.centre) / self.spread,) for found in self.moments)

    def samples(self) -> tuple[tuple[Sample, ...], ...]:
        """Moments of each group in the shared units."""
        return tuple((in_units(one, self.spread, self.centre),) for one in self.moments)

    def structures(self, equal: Set[Kind]) -> tuple[tuple[Structure, ...], int]:
        """Number the parameters of every group; equal ones have the same number in all."""
        k, m = len(self.model.items), len(self.model.names)
        fixed, free = markers_and_free(self.model)
        taken, shared = 0, dict[Kind, Ints]()
        structures = []
        for group in range(len(self.names)):
            means = np.arange(m if group > 0 and "intercepts" in equal else 0)
            numbers = []
            sizes: tuple[tuple[Kind, int], ...] = (
                ("loadings", free.shape[1]),
                ("factors", m * (m + 1) // 2),
                ("residuals", k),
                ("intercepts", k),
                ("means", len(means)),
            )
            for kind, size in sizes:
                if kind in equal and kind in shared:
                    numbers.append(shared[kind])
                    continue
                shared[kind] = np.arange(taken, taken + size)
                numbers.append(shared[kind])
                taken += size
            structures.append(
                Structure(
                    fixed=Matrices(
                        fixed, np.zeros((m, m)), np.zeros((k, k)), np.zeros(k), np.zeros(m)
                    ),
                    loadings=free,
                    factors=np.array(np.tril_indices(m)),
                    residuals=np.array([np.arange(k), np.arange(k)]),
                    intercepts=np.arange(k),
                    means=means,
                    parameters=np.concatenate(numbers),
                )
            )
        return tuple(structures), taken

    def start(self, structures: tuple[Structure, ...], n_parameters: int) -> Floats:
        """Begin from the model of everybody's differences from the mean of their group."""
        samples = [one for (one,) in self.samples()]
        within = marked_start(self.model, samples)
        values = np.zeros(n_parameters)
        for structure, sample in zip(structures, samples, strict=True):
            loading, factor, residual, intercept, _ = structure.places()
            for own, begin in (
                (loading, within.loadings[structure.loadings[0], structure.loadings[1]]),
                (factor, within.factors[structure.factors[0], structure.factors[1]]),
                (residual, within.residuals.diagonal()),
                (intercept, sample.mean),
            ):
                values[structure.parameters[own]] = begin
        return values

    def parts(self, matrices: Sequence[Matrices]) -> tuple[Matrices, ...]:
        """Return the matrices as they are: one of each group."""
        return tuple(matrices)

    def impossible(self, matrices: Sequence[Matrices]) -> Iterator[tuple[str, Finding]]:
        """Say what no people of a group could have."""
        for name, at in zip(self.names, matrices, strict=True):
            for finding in impossible_findings(self.model, at):
                yield f"Group {name}", finding


def in_common_units(model: FactorModel, found: Mapping[str, Moments]) -> Groups:
    """Return the groups in units of the spread within them, from the mean of everybody."""
    spread, centre = shared_units(tuple(found.values()))
    return Groups(model, tuple(found), tuple(found.values()), spread, centre)


def shared_units(found: Sequence[Moments]) -> tuple[Floats, Floats]:
    """Return the spread within parts, and the mean of all of them."""
    shares = np.array([one.n for one in found], dtype=np.float64)
    shares /= shares.sum()
    variances = np.array([one.spread**2 for one in found])
    means = np.array([one.mean for one in found])
    return np.sqrt(shares @ variances), shares @ means


def in_units(found: Moments, unit: Floats, centre: Floats) -> Sample:
    """Return moments in other units and from another zero."""
    spread = found.spread / unit
    covariance = found.correlation * np.outer(spread, spread)
    return Sample(found.n, (found.mean - centre) / unit, covariance, np.arange(len(unit)))


def markers_and_free(model: FactorModel) -> tuple[Floats, Ints]:
    """Return loadings of 1 for the first item of each factor, and the places of the others."""
    places, is_marker = _loadings_and_markers(model)
    fixed = np.zeros((len(model.items), len(model.names)))
    fixed[places[0, is_marker], places[1, is_marker]] = 1
    return fixed, places[:, ~is_marker]


def marked_start(model: FactorModel, samples: Sequence[Sample]) -> Matrices:
    """Return the model of the covariances within samples, markers with loading 1, no means."""
    n = sum(one.n for one in samples)
    k, m = len(samples[0].mean), len(model.names)
    pooled = np.sum([one.covariance * (one.n / n) for one in samples], axis=0)
    structure = standard_structure(model)
    sample = Sample(n, np.zeros(k), pooled, np.arange(k))
    likelihood = Likelihood((structure,), ((sample,),), model.n_parameters)
    at = structure.matrices(minimise(likelihood, start_values(model)).values)
    places, is_marker = _loadings_and_markers(model)
    markers = at.loadings[places[0, is_marker], places[1, is_marker]]
    if (np.abs(markers) < _WEAKEST_MARKER).any() or (at.residuals.diagonal() <= 0).any():
        at = structure.matrices(start_values(model))
        markers = at.loadings[places[0, is_marker], places[1, is_marker]]
    return Matrices(
        at.loadings / markers,
        at.factors * np.outer(markers, markers),
        at.residuals,
        np.zeros(k),
        np.zeros(m),
    )


def _loadings_and_markers(model: FactorModel) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Places of the loadings, and which of them are of the first item of their factor."""
    places = loading_places(model)
    return places, np.r_[True, places[1, 1:] != places[1, :-1]]
