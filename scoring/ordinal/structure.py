"""What correlations a factor model implies, and which parameters come nearest to given ones."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
from scipy import optimize

from scoring.cfa.model import FactorModel
from scoring.ordinal.categories import Codes, pairs_of
from scoring.rules import Floats

_CLOSE_ENOUGH: Final = 1e-13


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """Where the parameters of a model stand: loadings first, then factor correlations."""

    items: int
    factors: int
    rows: Codes
    columns: Codes

    def matrices(self, values: Floats) -> tuple[Floats, Floats]:
        """Loadings and factor correlations."""
        loadings = np.zeros((self.items, self.factors))
        loadings[self.rows, self.columns] = values[: len(self.rows)]
        correlations = np.eye(self.factors)
        first, second = pairs_of(self.factors)
        correlations[first, second] = correlations[second, first] = values[len(self.rows) :]
        return loadings, correlations

    def implied(self, values: Floats) -> Floats:
        """The correlation of each pair of items."""
        loadings, correlations = self.matrices(values)
        found: Floats = (loadings @ correlations @ loadings.T)[pairs_of(self.items)]
        return found

    def slopes(self, values: Floats) -> Floats:
        """Derivatives of `implied`, shape (pairs, parameters)."""
        loadings, correlations = self.matrices(values)
        first, second = pairs_of(self.items)
        through = loadings @ correlations
        found = np.zeros((len(first), len(values)))
        for number, (row, column) in enumerate(zip(self.rows, self.columns, strict=True)):
            found[:, number] = (first == row) * through[second, column]
            found[:, number] += (second == row) * through[first, column]
        for number, (one, other) in enumerate(zip(*pairs_of(self.factors), strict=True)):
            found[:, len(self.rows) + number] = (
                loadings[first, one] * loadings[second, other]
                + loadings[first, other] * loadings[second, one]
            )
        return found


def structure_of(model: FactorModel) -> Structure:
    """Return where the parameters of a model stand."""
    place = {item: row for row, item in enumerate(model.items)}
    rows = [place[item] for factor in model.factors for item in factor.items]
    columns = [number for number, factor in enumerate(model.factors) for _ in factor.items]
    return Structure(len(place), len(model.factors), np.array(rows), np.array(columns))


def least_squares(
    structure: Structure, correlations: Floats, weights: Floats
) -> tuple[Floats, bool]:
    """Return the parameters that fit best, and whether the search came to an end.

    Parameters
    ----------
    structure : Structure
    correlations : array of float, shape (items, items)
    weights : array of float, shape (pairs,)
    """
    observed, root = correlations[pairs_of(structure.items)], np.sqrt(weights)

    def missed(values: Floats) -> Floats:
        weighted: Floats = root * (observed - structure.implied(values))
        return weighted

    def slopes(values: Floats) -> Floats:
        weighted: Floats = -root[:, None] * structure.slopes(values)
        return weighted

    found = optimize.least_squares(
        missed,
        _start(structure, correlations),
        jac=slopes,
        method="lm",
        xtol=_CLOSE_ENOUGH,
        ftol=_CLOSE_ENOUGH,
        gtol=_CLOSE_ENOUGH,
    )
    return _facing_up(structure, np.asarray(found.x, dtype=np.float64)), bool(found.success)


def _start(structure: Structure, correlations: Floats) -> Floats:
    """First principal components of each factor's items, and the correlations of their sums."""
    loadings = np.zeros((structure.items, structure.factors))
    for factor in range(structure.factors):
        items = structure.rows[structure.columns == factor]
        roots, vectors = np.linalg.eigh(correlations[np.ix_(items, items)])
        loadings[items, factor] = vectors[:, -1] * sqrt(roots[-1])
        loadings[items, factor] *= 1.0 if loadings[items, factor].sum() >= 0 else -1.0
    together = loadings.T @ correlations @ loadings
    spread = np.sqrt(np.maximum(together.diagonal(), 1e-6))
    between = np.clip(together / np.outer(spread, spread), -0.8, 0.8)
    return np.concatenate(
        [
            np.clip(loadings[structure.rows, structure.columns], -0.9, 0.9),
            between[pairs_of(structure.factors)],
        ]
    )


def _facing_up(structure: Structure, values: Floats) -> Floats:
    """Turn every factor so that the sum of its loadings is positive."""
    loadings, _ = structure.matrices(values)
    sign = np.where(loadings.sum(axis=0) < 0, -1.0, 1.0)
    first, second = pairs_of(structure.factors)
    turned: Floats = values * np.concatenate([sign[structure.columns], sign[first] * sign[second]])
    return turned
