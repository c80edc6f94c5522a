"""What every linear model here shares: the columns that carry information, and the clusters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from reports.errors import EstimationError, TableShapeError

# A column is dependent when what is left of it after the earlier columns are taken out is this
# small a share of its length; the same share as R's lm.
DEPENDENT_SHARE = 1e-7
# A sum of squares below this share of the values' own is rounding: in length, a share of 1e-12.
ROUNDING_SHARE = 1e-24
# What a contrast may put on a dropped column beyond what its dependence explains.
ESTIMABLE_SLACK = 1e-6


@dataclass(frozen=True, slots=True)
class Basis:
    """An orthonormal basis of the columns of a model, the dependent columns left out.

    Attributes
    ----------
    terms : tuple of str
        All terms asked for, in order; k in number.
    kept : tuple of int
        Positions of the r linearly independent terms.
    q : ndarray of float, shape (N, r)
        Orthonormal columns.
    r : ndarray of float, shape (r, r)
        Upper triangular, kept columns = q @ r.
    r_inverse : ndarray of float, shape (r, r)
    dependence : ndarray of float, shape (r, k - r)
        Dropped columns = kept columns @ dependence.
    """

    terms: tuple[str, ...]
    kept: tuple[int, ...]
    q: NDArray[np.float64]
    r: NDArray[np.float64]
    r_inverse: NDArray[np.float64]
    dependence: NDArray[np.float64]

    @property
    def kept_terms(self) -> tuple[str, ...]:
        """The terms that have a coefficient."""
        return tuple(self.terms[each] for each in self.kept)

    @property
    def dropped_positions(self) -> tuple[int, ...]:
        """Positions of the terms that repeat what earlier terms say."""
        return tuple(each for each in range(len(self.terms)) if each not in self.kept)

    @property
    def dropped_terms(self) -> tuple[str, ...]:
        """The terms that repeat what earlier terms say."""
        return tuple(self.terms[each] for each in self.dropped_positions)

    def kept_weights(self, weights: ArrayLike) -> NDArray[np.float64]:
        """A contrast over all k terms, as weights of the r kept coefficients.

        Raises
        ------
        EstimationError
            The contrast asks for something these columns cannot tell apart.
        """
        c = np.asarray(weights, dtype=np.float64)
        if c.shape != (len(self.terms),):
            raise TableShapeError(
                f"contrast: found shape {c.shape}, expected one weight for each of the "
                f"{len(self.terms)} terms"
            )
        kept = c[list(self.kept)]
        surplus = c[list(self.dropped_positions)] - kept @ self.dependence
        allowed = ESTIMABLE_SLACK * max(1.0, float(np.abs(c).max(initial=0.0)))
        confounded = [
            term
            for term, each in zip(self.dropped_terms, surplus, strict=True)
            if abs(each) > allowed
        ]
        if confounded:
            raise EstimationError(
                f"these data do not tell {', '.join(confounded)} apart from the other terms"
            )
        return kept


def orthonormal_basis(X: ArrayLike, terms: Sequence[str]) -> Basis:
    """Return an orthonormal basis of the columns of X, earlier columns first.

    The order decides which of several dependent columns is dropped: always the later one, so
    that the caller, not the arithmetic, says which terms matter.

    Parameters
    ----------
    X : array_like of float, shape (N, k)
        One row a person; no missing values.
    terms : sequence of str, length k

    Raises
    ------
    TableShapeError
        X is not a finite (N, k) array with one distinct term a column.
    EstimationError
        No column carries any information.
    """
    columns = _checked_columns(X, terms)
    kept: list[int] = []
    directions = np.empty(columns.shape, order="F")
    for position in range(columns.shape[1]):
        direction = _new_direction(columns[:, position], directions[:, : len(kept)])
        if direction is not None:
            directions[:, len(kept)] = direction
            kept.append(position)
    if not kept:
        raise EstimationError("every column of the model is zero")
    q = directions[:, : len(kept)]
    projections = q.T @ columns
    r = np.triu(projections[:, kept])
    r_inverse = np.linalg.inv(r)
    dropped = [each for each in range(columns.shape[1]) if each not in kept]
    return Basis(
        terms=tuple(terms),
        kept=tuple(kept),
        q=q,
        r=r,
        r_inverse=np.triu(r_inverse),
        dependence=r_inverse @ projections[:, dropped],
    )


def _checked_columns(X: ArrayLike, terms: Sequence[str]) -> NDArray[np.float64]:
    columns = np.asarray(X, dtype=np.float64)
    if columns.ndim != 2 or columns.shape[1] != len(terms):
        raise TableShapeError(
            f"X: found shape {columns.shape}, expected one row a person and {len(terms)} columns"
        )
    if len(set(terms)) != len(terms):
        raise TableShapeError(f"terms: found a name twice in {', '.join(terms)}")
    if not np.isfinite(columns).all():
        raise TableShapeError("X: found missing or infinite values, expected complete rows")
    return columns


def _new_direction(
    column: NDArray[np.float64], directions: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    length = float(np.linalg.norm(column))
    if length == 0.0:
        return None
    rest = column / length
    # Twice is enough (Kahan, in Parlett 1980): the second pass removes what rounding left.
    for _ in range(2):
        rest = rest - directions @ (directions.T @ rest)
    remaining = float(np.linalg.norm(rest))
    if remaining < DEPENDENT_SHARE:
        return None
    return rest / remaining


@dataclass(frozen=True, slots=True)
class Clusters:
    """Which cluster each person belongs to, sorted so that a cluster's people stand together.

    Attributes
    ----------
    order : ndarray of int, shape (N,)
        Positions of the people, cluster by cluster.
    starts : ndarray of int, shape (G,)
        Where each cluster begins in that order.
    sizes : ndarray of int, shape (G,)
        People in each cluster; at least one.
    """

    order: NDArray[np.intp]
    starts: NDArray[np.intp]
    sizes: NDArray[np.intp]

    @property
    def n(self) -> int:
        """The number of clusters."""
        return len(self.sizes)

    def sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sums of values, shape (N, …), over each cluster, shape (G, …)."""
        totals: NDArray[np.float64] = np.add.reduceat(values[self.order], self.starts, axis=0)
        return totals

    def products(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Cross-products of the columns of values, shape (N, r), in each cluster: (G, r, r)."""
        rows = np.ascontiguousarray(values[self.order].T)
        r = len(rows)
        crossed = np.empty((self.n, r, r))
        for i in range(r):
            for j in range(i + 1):
                crossed[:, i, j] = np.add.reduceat(rows[i] * rows[j], self.starts)
                crossed[:, j, i] = crossed[:, i, j]
        return crossed


def group_by_cluster(labels: ArrayLike, *, n: int) -> Clusters:
    """Return where the people of each cluster are.

    Parameters
    ----------
    labels : array_like, shape (N,)
        The cluster of each person: text or whole numbers, none missing.
    n : int
        The number of people there must be.
    """
    names: NDArray[Any] = np.asarray(labels)
    if names.shape != (n,):
        raise TableShapeError(f"clusters: found shape {names.shape}, expected ({n},)")
    if bool(pd.isna(names).any()):
        raise TableShapeError("clusters: found a missing label, expected one for each person")
    _, codes, sizes = np.unique(names, return_inverse=True, return_counts=True)
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    return Clusters(
        order=np.argsort(codes, kind="stable"),
        starts=starts.astype(np.intp),
        sizes=sizes.astype(np.intp),
    )


def checked_outcome(y: ArrayLike) -> NDArray[np.float64]:
    """Return y as floats, shape (N,); refuses missing values and anything but one column."""
    values = np.asarray(y, dtype=np.float64)
    if values.ndim != 1:
        raise TableShapeError(f"y: found shape {values.shape}, expected one value a person")
    if not np.isfinite(values).all():
        raise TableShapeError("y: found missing or infinite values, expected complete rows")
    return values


def is_rounding(squares: float, values: NDArray[np.float64]) -> bool:
    """Whether a sum of squares is no more than the rounding of the values it was taken from."""
    return not squares > ROUNDING_SHARE * float(values @ values)
