"""The matrices of a factor model, and what each parameter does to the moments they imply.

Every parameter moves the implied covariance matrix by w (u v' + v u') and the implied mean by m.
Fit function, gradient, information and the scores of people all follow from u, v, w and m, so
that no derivative of a whole matrix is ever stored.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.rules import Floats

Ints = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Matrices:
    """A factor model of one group with a number in every place.

    Attributes
    ----------
    loadings : array of float, shape (items, factors)
    factors : array of float, shape (factors, factors)
        Covariances of the factors.
    residuals : array of float, shape (items, items)
        Covariances of the residuals.
    intercepts : array of float, shape (items,)
    means : array of float, shape (factors,)
        Means of the factors.
    """

    loadings: Floats
    factors: Floats
    residuals: Floats
    intercepts: Floats
    means: Floats

    @property
    def covariance(self) -> Floats:
        """Implied covariance matrix of the items."""
        implied: Floats = self.loadings @ self.factors @ self.loadings.T + self.residuals
        return implied

    @property
    def mean(self) -> Floats:
        """Implied means of the items."""
        implied: Floats = self.intercepts + self.loadings @ self.means
        return implied


@dataclass(frozen=True, slots=True, eq=False)
class Directions:
    """What each free element does to the implied moments.

    Attributes
    ----------
    u, v : array of float, shape (items, elements)
    weight : array of float, shape (elements,)
        The covariance matrix moves by weight (u v' + v u').
    mean : array of float, shape (items, elements)
        The mean moves by this.
    """

    u: Floats
    v: Floats
    weight: Floats
    mean: Floats

    def of_items(self, observed: Ints) -> Directions:
        """The same for some of the items only."""
        if len(observed) == len(self.u):
            return self
        return Directions(self.u[observed], self.v[observed], self.weight, self.mean[observed])


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """Which elements of one group's matrices are free, and which parameter each of them is.

    Elements with the same parameter are equal. A covariance is one element, named once by its
    row and its column.

    Attributes
    ----------
    fixed : Matrices
        Values of the elements that are not free.
    loadings, factors, residuals : array of int, shape (2, elements)
        Rows and columns of the free elements.
    intercepts, means : array of int, shape (elements,)
        Places of the free elements.
    parameters : array of int, shape (all free elements,)
        The parameter of each element, in the order of the five fields above.
    """

    fixed: Matrices
    loadings: Ints
    factors: Ints
    residuals: Ints
    intercepts: Ints
    means: Ints
    parameters: Ints

    def places(self) -> list[Ints]:
        """Return the places of loadings, factors, residuals, intercepts, means among elements."""
        lengths = [
            self.loadings.shape[1],
            self.factors.shape[1],
            self.residuals.shape[1],
            len(self.intercepts),
            len(self.means),
        ]
        ends = np.cumsum(lengths)
        return [np.arange(end - length, end) for end, length in zip(ends, lengths, strict=True)]

    def matrices(self, values: Floats) -> Matrices:
        """Return the matrices when the parameters have these values."""
        loading, factor, residual, intercept, mean = (
            values[self.parameters[places]] for places in self.places()
        )
        filled = Matrices(
            self.fixed.loadings.copy(),
            self.fixed.factors.copy(),
            self.fixed.residuals.copy(),
            self.fixed.intercepts.copy(),
            self.fixed.means.copy(),
        )
        filled.loadings[self.loadings[0], self.loadings[1]] = loading
        for matrix, places, free in (
            (filled.factors, self.factors, factor),
            (filled.residuals, self.residuals, residual),
        ):
            matrix[places[0], places[1]] = free
            matrix[places[1], places[0]] = free
        filled.intercepts[self.intercepts] = intercept
        filled.means[self.means] = mean
        return filled

    def directions(self, at: Matrices) -> Directions:
        """Return what each free element does to the moments implied at these matrices."""
        k, n = len(at.loadings), len(self.parameters)
        first, second, shift = np.zeros((k, n)), np.zeros((k, n)), np.zeros((k, n))
        weight = np.ones(n)
        loading, factor, residual, intercept, mean = self.places()
        rows, columns = self.loadings
        first[rows, loading] = 1
        second[:, loading] = (at.loadings @ at.factors)[:, columns]
        shift[rows, loading] = at.means[columns]
        first[:, factor] = at.loadings[:, self.factors[0]]
        second[:, factor] = at.loadings[:, self.factors[1]]
        weight[factor] = _half_on_the_diagonal(self.factors)
        first[self.residuals[0], residual] = 1
        second[self.residuals[1], residual] = 1
        weight[residual] = _half_on_the_diagonal(self.residuals)
        shift[self.intercepts, intercept] = 1
        shift[:, mean] = at.loadings[:, self.means]
        return Directions(first, second, weight, shift)

    def curvature(self, at: Matrices, slope: Floats, pull: Floats) -> Floats:
        """Return what the second derivatives of the moments add to half the Hessian.

        Parameters
        ----------
        at : Matrices
        slope : array of float, shape (items, items)
            Derivative of the fit function by the implied covariance matrix.
        pull : array of float, shape (items,)
            Half its derivative by the implied mean.

        Returns
        -------
        array of float, shape (elements, elements)
        """
        n = len(self.parameters)
        added = np.zeros((n, n))
        loading, factor, _, _, mean = self.places()
        rows, columns = self.loadings
        added[np.ix_(loading, loading)] = (
            at.factors[np.ix_(columns, columns)] * slope[np.ix_(rows, rows)]
        )
        moved = (slope @ at.loadings)[rows]
        first, second = self.factors
        with_factors = _half_on_the_diagonal(self.factors) * (
            moved[:, first] * (columns[:, None] == second)
            + moved[:, second] * (columns[:, None] == first)
        )
        with_means = pull[rows][:, None] * (columns[:, None] == self.means)
        for places, block in ((factor, with_factors), (mean, with_means)):
            added[np.ix_(loading, places)] = block
            added[np.ix_(places, loading)] = block.T
        return added


def _half_on_the_diagonal(places: Ints) -> Floats:
    return np.where(places[0] == places[1], 0.5, 1.0)
