"""What thresholds and correlations a factor model implies in each group, some parameters shared.

Latent responses have the spread s and the intercept v; of a group's standardised thresholds t and
correlations r the model says t = (tau - v - L a) / s and r = (L P L') / (s s'), with loadings L,
factor covariances P and factor means a.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy import optimize

from scoring.cfa.model import FactorModel
from scoring.ordinal.categories import Codes, pairs_of
from scoring.rules import Floats

Shared = Literal["thresholds", "loadings", "intercepts"]

_CLOSE_ENOUGH: Final = 1e-13


@dataclass(frozen=True, slots=True, eq=False)
class GroupMatrices:
    """A factor model of one group with a number in every place.

    Attributes
    ----------
    loadings : array of float, shape (items, factors)
    factors : array of float, shape (factors, factors)
        Covariances.
    thresholds : array of float, shape (all thresholds,)
        In the units of the first group's latent responses.
    intercepts, precisions : array of float, shape (items,)
        Of the latent responses; a precision is 1 / spread.
    means : array of float, shape (factors,)
    """

    loadings: Floats
    factors: Floats
    thresholds: Floats
    intercepts: Floats
    precisions: Floats
    means: Floats


@dataclass(frozen=True, slots=True, eq=False)
class GroupStructure:
    """Where the parameters of one group stand.

    Attributes
    ----------
    model : FactorModel
    item_of : array of int, shape (all thresholds,)
        The item each threshold belongs to.
    fixed : array of float, shape (elements,)
        Values of the elements that are not free: loadings, covariances of factors (row by row of
        the lower triangle), thresholds, intercepts, precisions, means.
    parameters : array of int, shape (elements,)
        The parameter of each element; -1 where it is fixed.
    """

    model: FactorModel
    item_of: Codes
    fixed: Floats
    parameters: Codes

    @property
    def loading_places(self) -> tuple[Codes, Codes]:
        """Rows and columns of the loadings, factor by factor."""
        place = {item: row for row, item in enumerate(self.model.items)}
        rows = [place[item] for factor in self.model.factors for item in factor.items]
        columns = [number for number, each in enumerate(self.model.factors) for _ in each.items]
        return np.array(rows), np.array(columns)

    def elements(self) -> list[slice]:
        """Where loadings, factors, thresholds, intercepts, precisions and means are."""
        k, m = len(self.model.items), len(self.model.names)
        sizes = (self.model.n_loadings, m * (m + 1) // 2, len(self.item_of), k, k, m)
        ends = np.cumsum(sizes)
        return [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]

    def matrices(self, values: Floats) -> GroupMatrices:
        """Return the matrices when the parameters have these values."""
        is_free = self.parameters >= 0
        all_elements = np.where(is_free, values[self.parameters], self.fixed)
        loading, factor, threshold, intercept, precision, mean = (
            all_elements[own] for own in self.elements()
        )
        k, m = len(self.model.items), len(self.model.names)
        loadings, factors = np.zeros((k, m)), np.zeros((m, m))
        loadings[self.loading_places] = loading
        lower = np.tril_indices(m)
        factors[lower] = factor
        factors[lower[1], lower[0]] = factor
        return GroupMatrices(loadings, factors, threshold, intercept, precision, mean)

    def implied(self, values: Floats) -> Floats:
        """Return thresholds and correlations, shape (all thresholds + pairs,)."""
        at = self.matrices(values)
        off = at.intercepts + at.loadings @ at.means
        thresholds = at.precisions[self.item_of] * (at.thresholds - off[self.item_of])
        covariances = at.loadings @ at.factors @ at.loadings.T
        correlations = covariances * np.outer(at.precisions, at.precisions)
        return np.concatenate([thresholds, correlations[pairs_of(len(at.precisions))]])

    def slopes(self, values: Floats) -> Floats:
        """Derivatives of `implied`, shape (all thresholds + pairs, parameters)."""
        at = self.matrices(values)
        by_element = np.vstack([self._thresholds_by_element(at), self._correlations_by_element(at)])
        found = np.zeros((len(by_element), len(values)))
        is_free = self.parameters >= 0
        np.add.at(found.T, self.parameters[is_free], by_element[:, is_free].T)
        return found

    def _thresholds_by_element(self, at: GroupMatrices) -> Floats:
        loading, _, threshold, intercept, precision, mean = self.elements()
        item = self.item_of
        found = np.zeros((len(item), len(self.fixed)))
        own = np.arange(len(item))
        rows, columns = self.loading_places
        scale = at.precisions[item]
        off = at.intercepts + at.loadings @ at.means
        found[:, loading] = -scale[:, None] * (item[:, None] == rows) * at.means[columns]
        found[own, threshold.start + own] = scale
        found[own, intercept.start + item] = -scale
        found[own, precision.start + item] = at.thresholds - off[item]
        found[:, mean] = -scale[:, None] * at.loadings[item]
        return found

    def _correlations_by_element(self, at: GroupMatrices) -> Floats:
        loading, factor, _, _, precision, _ = self.elements()
        first, second = pairs_of(len(at.precisions))
        found = np.zeros((len(first), len(self.fixed)))
        scale = at.precisions[first] * at.precisions[second]
        through = at.loadings @ at.factors
        covariances = (through @ at.loadings.T)[first, second]
        rows, columns = self.loading_places
        found[:, loading] = scale[:, None] * (
            (first[:, None] == rows) * through[second][:, columns]
            + (second[:, None] == rows) * through[first][:, columns]
        )
        one, other = np.tril_indices(len(at.means))
        crossed = at.loadings[first][:, one] * at.loadings[second][:, other]
        crossed += (
            np.where(one == other, 0, at.loadings[first][:, other]) * (at.loadings[second][:, one])
        )
        found[:, factor] = scale[:, None] * crossed
        own = np.arange(len(first))
        found[own, precision.start + first] = covariances * at.precisions[second]
        found[own, precision.start + second] = covariances * at.precisions[first]
        return found


def structures_of(
    model: FactorModel, item_of: Codes, n_groups: int, equal: Set[Shared]
) -> tuple[tuple[GroupStructure, ...], int]:
    """Return where the parameters of every group stand, and how many there are.

    Factors of the first group have variance 1 and mean 0, its latent responses intercept 0 and
    spread 1. What equality sets free in the others follows Wu and Estabrook: with equal thresholds
    the intercepts and spreads of latent responses, with equal loadings the variances of factors,
    with equal intercepts their means.
    """
    k, m = len(model.items), len(model.names)
    one, other = np.tril_indices(m)
    taken, structures = 0, list[GroupStructure]()
    for group in range(n_groups):
        later = group > 0
        free: tuple[tuple[np.ndarray, bool, float], ...] = (
            (np.ones(model.n_loadings, bool), "loadings" in equal, 0.0),
            ((one != other) | (later and "loadings" in equal), False, 1.0),
            (np.ones(len(item_of), bool), "thresholds" in equal, 0.0),
            (np.full(k, later and "thresholds" in equal and "intercepts" not in equal), False, 0.0),
            (np.full(k, later and "thresholds" in equal), False, 1.0),
            (np.full(m, later and "intercepts" in equal), False, 0.0),
        )
        numbers, fixed, begun = [], [], 0
        for is_free, is_shared, value in free:
            size = len(is_free)
            if is_shared and later:
                numbers.append(structures[0].parameters[begun : begun + size])
            else:
                own = np.where(is_free, taken + np.cumsum(is_free) - 1, -1)
                numbers.append(own)
                taken += int(is_free.sum())
            fixed.append(np.full(size, value))
            begun += size
        structures.append(
            GroupStructure(model, item_of, np.concatenate(fixed), np.concatenate(numbers))
        )
    return tuple(structures), taken


def least_squares(
    structures: tuple[GroupStructure, ...],
    observed: tuple[Floats, ...],
    weights: tuple[Floats, ...],
    start: Floats,
) -> tuple[Floats, bool]:
    """Return the parameters that fit all groups best, and whether the search came to an end.

    Parameters
    ----------
    structures : tuple of GroupStructure
    observed, weights : tuple of arrays of float, shape (all thresholds + pairs,)
        Of each group.
    start : array of float, shape (parameters,)
    """
    roots = [np.sqrt(own) for own in weights]

    def missed(values: Floats) -> Floats:
        return np.concatenate(
            [
                root * (found - structure.implied(values))
                for structure, found, root in zip(structures, observed, roots, strict=True)
            ]
        )

    def slopes(values: Floats) -> Floats:
        return np.vstack(
            [
                -root[:, None] * structure.slopes(values)
                for structure, root in zip(structures, roots, strict=True)
            ]
        )

    found = optimize.least_squares(
        missed,
        start,
        jac=slopes,
        method="lm",
        xtol=_CLOSE_ENOUGH,
        ftol=_CLOSE_ENOUGH,
        gtol=_CLOSE_ENOUGH,
    )
    return np.asarray(found.x, dtype=np.float64), bool(found.success)
