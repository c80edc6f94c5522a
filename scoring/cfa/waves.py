"""A factor model of the same people at several waves; residuals of an item correlate over time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from scoring.cfa.groups import in_units, marked_start, markers_and_free, shared_units
from scoring.cfa.levels import Kind
from scoring.cfa.likelihood import Sample
from scoring.cfa.ml import impossible_findings
from scoring.cfa.model import Factor, FactorModel
from scoring.cfa.sample import Moments, moments
from scoring.cfa.structure import Ints, Matrices, Structure
from scoring.findings import Finding
from scoring.rules import Floats

_START_STABILITY: Final = 0.5
"""How far a factor correlates with itself at another wave where the search begins."""


@dataclass(frozen=True, slots=True, eq=False)
class Waves:
    """Answers of the same people at every wave, side by side; a `Compared` of waves.

    Attributes
    ----------
    model : FactorModel
        Of one wave.
    names : tuple of str
        The waves.
    together : FactorModel
        The items and factors of all waves, named with their wave, the first wave's first.
    moments : Moments
        Of the items of `together`.
    spread, centre : array of float, shape (items of one wave,)
        Units and zero that an item has at every wave.
    """

    model: FactorModel
    names: tuple[str, ...]
    together: FactorModel
    moments: Moments
    spread: Floats
    centre: Floats

    def rows(self) -> tuple[tuple[Floats, ...], ...]:
        """Answers of everybody in the shared units."""
        waves = len(self.names)
        centre, spread = np.tile(self.centre, waves), np.tile(self.spread, waves)
        return (((self.moments.values - centre) / spread,),)

    def samples(self) -> tuple[tuple[Sample, ...], ...]:
        """Moments of everybody in the shared units."""
        waves = len(self.names)
        return (
            (in_units(self.moments, np.tile(self.spread, waves), np.tile(self.centre, waves)),),
        )

    def structures(self, equal: Set[Kind]) -> tuple[tuple[Structure, ...], int]:
        """Number the parameters; those equal over time have the same number at every wave."""
        k, m, waves = len(self.model.items), len(self.model.names), len(self.names)
        marked, free = markers_and_free(self.model)
        n_free, counted = free.shape[1], np.arange(waves)[:, None]
        factors = np.array(np.tril_indices(m * waves))
        over_time = residuals_over_time(k, waves)
        means = np.arange(m if "intercepts" in equal else m * waves, m * waves)
        numbers, taken = [], 0

        def add(size: int, times: int = 1, *, are_equal: bool = False) -> None:
            nonlocal taken
            own = taken + np.arange(size)
            step = 0 if are_equal else size
            numbers.append((own + step * np.arange(times)[:, None]).ravel())
            taken += size if are_equal else size * times

        add(n_free, waves, are_equal="loadings" in equal)
        add(factors.shape[1])
        add(k, waves, are_equal="residuals" in equal)
        add(over_time.shape[1])
        add(k, waves, are_equal="intercepts" in equal)
        add(len(means))
        own = np.arange(k * waves)
        structure = Structure(
            fixed=Matrices(
                np.asarray(np.kron(np.eye(waves), marked), dtype=np.float64),
                np.zeros((m * waves, m * waves)),
                np.zeros((k * waves, k * waves)),
                np.zeros(k * waves),
                np.zeros(m * waves),
            ),
            loadings=np.array([(free[0] + k * counted).ravel(), (free[1] + m * counted).ravel()]),
            factors=factors,
            residuals=np.hstack([np.array([own, own]), over_time]),
            intercepts=own,
            means=means,
            parameters=np.concatenate(numbers),
        )
        return (structure,), taken

    def start(self, structures: tuple[Structure, ...], n_parameters: int) -> Floats:
        """Begin from the model of one wave, its factors fairly stable, residuals apart."""
        ((whole,),) = self.samples()
        k, waves = len(self.model.items), len(self.names)
        each = [
            Sample(
                whole.n,
                whole.mean[place : place + k],
                whole.covariance[place : place + k, place : place + k],
                np.arange(k),
            )
            for place in range(0, k * waves, k)
        ]
        within = marked_start(self.model, each)
        stable = np.full((waves, waves), _START_STABILITY)
        np.fill_diagonal(stable, 1.0)
        loadings, factors = np.kron(np.eye(waves), within.loadings), np.kron(stable, within.factors)
        residuals = np.diag(np.tile(within.residuals.diagonal(), waves))
        (structure,) = structures
        values = np.zeros(n_parameters)
        loading, factor, residual, intercept, _ = structure.places()
        for own, begin in (
            (loading, loadings[structure.loadings[0], structure.loadings[1]]),
            (factor, factors[structure.factors[0], structure.factors[1]]),
            (residual, residuals[structure.residuals[0], structure.residuals[1]]),
            (intercept, whole.mean),
        ):
            values[structure.parameters[own]] = begin
        return values

    def parts(self, matrices: Sequence[Matrices]) -> tuple[Matrices, ...]:
        """Return the matrices of each wave: the blocks on the diagonal."""
        (at,) = matrices
        k, m = len(self.model.items), len(self.model.names)
        found = []
        for wave in range(len(self.names)):
            items, factors = slice(k * wave, k * (wave + 1)), slice(m * wave, m * (wave + 1))
            found.append(
                Matrices(
                    at.loadings[items, factors],
                    at.factors[factors, factors],
                    at.residuals[items, items],
                    at.intercepts[items],
                    at.means[factors],
                )
            )
        return tuple(found)

    def impossible(self, matrices: Sequence[Matrices]) -> Iterator[tuple[str, Finding]]:
        """Say what no people could have, at a wave or over time."""
        (at,) = matrices
        for finding in impossible_findings(self.together, at):
            yield "All waves", finding
        if (at.residuals.diagonal() <= 0).any():
            return
        k = len(self.model.items)
        for place, item in enumerate(self.model.items):
            if np.linalg.eigvalsh(at.residuals[place::k, place::k])[0] <= 0:
                yield (
                    "All waves",
                    Finding(
                        "error",
                        item,
                        "What is its own at one wave and at another comes out correlated at or "
                        "beyond 1, which no people could have.",
                    ),
                )


def side_by_side(model: FactorModel, waves: Mapping[str, Floats]) -> Waves:
    """Return the waves of the same people, whose rows are in the same order.

    Parameters
    ----------
    model : FactorModel
        Of one wave.
    waves : mapping of str to array of float, shape (people, items of the model)
    """
    names = tuple(waves)
    return waves_of(model, names, moments(np.hstack(list(waves.values()))))


def waves_of(model: FactorModel, names: tuple[str, ...], found: Moments) -> Waves:
    """Return the waves of which these are the moments, items of the first wave first."""
    k = len(model.items)
    each = [
        Moments(
            found.values[:, place : place + k],
            found.mean[place : place + k],
            found.spread[place : place + k],
            found.correlation[place : place + k, place : place + k],
        )
        for place in range(0, k * len(names), k)
    ]
    spread, centre = shared_units(each)
    return Waves(model, names, waves_together(model, names), found, spread, centre)


def waves_together(model: FactorModel, names: tuple[str, ...]) -> FactorModel:
    """Return the model of all waves at once: items and factors named with their wave."""
    return FactorModel(
        tuple(
            Factor(f"{factor.name} ({wave})", tuple(f"{item} ({wave})" for item in factor.items))
            for wave in names
            for factor in model.factors
        )
    )


def parameters_over_time(model: FactorModel, waves: int) -> int:
    """Return how many numbers the loosest model over time asks for, means aside."""
    k, m = len(model.items), len(model.names)
    return (
        waves * (model.n_loadings + k)
        + m * waves * (m * waves - 1) // 2
        + k * waves * (waves - 1) // 2
    )


def residuals_over_time(k: int, waves: int) -> Ints:
    """Return rows and columns of the residual covariances of one item at two waves."""
    pairs = [
        (later * k + item, earlier * k + item)
        for earlier, later in combinations(range(waves), 2)
        for item in range(k)
    ]
    return np.array(pairs, dtype=np.intp).reshape(-1, 2).T
