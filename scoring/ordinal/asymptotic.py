"""How far thresholds and polychoric correlations would move with other people: their covariance."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np

from scoring.ordinal.categories import Categories, pairs_of
from scoring.ordinal.cells import cells_of, interval, slopes_of
from scoring.rules import Floats


@dataclass(frozen=True, slots=True, eq=False)
class AsymptoticCovariance:
    """Of the root of n times the estimates.

    Attributes
    ----------
    correlations : array of float, shape (pairs, pairs)
        Pairs in the order of `pairs_of`.
    thresholds : array of float, shape (k, widest - 1)
        Variances of the thresholds; 0 where an item has no such threshold.
    """

    correlations: Floats
    thresholds: Floats


def asymptotic_covariance(
    categories: Categories, tables: Floats, correlations: Floats
) -> AsymptoticCovariance:
    """Return the covariance of two-step thresholds and correlations.

    Parameters
    ----------
    categories : Categories
        Of items that all vary.
    tables : array of float, shape (pairs, widest, widest)
        From `tables_of`.
    correlations : array of float, shape (pairs,)
        Between -1 and 1, neither included.

    Notes
    -----
    Muthén's n A^-1 B A^-T. A is block lower triangular with a diagonal block for the
    correlations, so what one person adds to the estimate of a correlation depends on the two
    answers alone: it is read from one small table a pair, and only the sum of the products over
    people goes through the data.

    References
    ----------
    Muthén B (1984). Psychometrika 49, 115-132. Olsson U (1979). Psychometrika 44, 443-460.
    """
    influence = _influence(categories, tables, correlations)
    pairs, widest, _ = influence.shape
    looked_up = influence.ravel()
    offset = (np.arange(pairs) * widest**2)[:, None]
    first, second = pairs_of(len(categories.items))
    products = np.zeros((pairs, pairs))
    for codes in categories.blocks():
        one_each = looked_up.take((codes * widest)[first] + codes[second] + offset)
        products += one_each @ one_each.T
    shares = categories.shares_up_to
    # The density of the padding's thresholds is next to 0, and so is the variance above it.
    densities = np.where(shares < 1, _density(categories.thresholds), 1.0)
    return AsymptoticCovariance(
        correlations=products / categories.n,
        thresholds=shares * (1 - shares) / densities**2,
    )


def joint_covariance(categories: Categories, tables: Floats, correlations: Floats) -> Floats:
    """Return the covariance of thresholds and correlations together, times n.

    Parameters
    ----------
    categories, tables, correlations
        As for `asymptotic_covariance`.

    Returns
    -------
    array of float, shape (thresholds + pairs, thresholds + pairs)
        Thresholds item by item, without those of padding, then pairs in the order of `pairs_of`.
    """
    of_pairs = _influence(categories, tables, correlations)
    pairs, widest, _ = of_pairs.shape
    of_thresholds = _threshold_influence(categories)
    item, place = np.nonzero(categories.shares_up_to < 1)
    by_category = of_thresholds[item, place]
    first, second = pairs_of(len(categories.items))
    looked_up = of_pairs.ravel()
    offset = (np.arange(pairs) * widest**2)[:, None]
    products = np.zeros((len(item) + pairs,) * 2)
    for codes in categories.blocks():
        one_each = np.vstack(
            [
                np.take_along_axis(by_category, codes[item], axis=1),
                looked_up.take((codes * widest)[first] + codes[second] + offset),
            ]
        )
        products += one_each @ one_each.T
    covariance: Floats = products / categories.n
    return covariance


def _influence(categories: Categories, tables: Floats, correlations: Floats) -> Floats:
    """What a person in each cell adds to the estimate of its pair, times n."""
    first, second = pairs_of(len(categories.items))
    thresholds = categories.thresholds
    rows, columns = thresholds[first], thresholds[second]
    cells = cells_of(rows, columns, correlations, tables)
    scores = slopes_of(rows, columns, correlations) / cells
    information = (tables * scores**2).sum(axis=(1, 2)) / categories.n
    weight = tables * scores / cells / categories.n
    by_row = _by_threshold(rows, columns, correlations, weight)
    by_column = _by_threshold(columns, rows, correlations, weight.transpose(0, 2, 1))
    moved = _threshold_influence(categories)
    through_rows = np.einsum("pt,ptc->pc", by_row, moved[first])[:, :, None]
    through_columns = np.einsum("pt,ptc->pc", by_column, moved[second])[:, None, :]
    influence: Floats = (scores - through_rows - through_columns) / information[:, None, None]
    return influence


def _by_threshold(thresholds: Floats, others: Floats, rho: Floats, weight: Floats) -> Floats:
    """The sum over cells of weight times the derivative of the cell by each threshold."""
    r = rho[:, None, None]
    at = (others[:, None, :] - r * thresholds[:, :, None]) / np.sqrt(1 - r * r)
    limits = np.pad(
        at, ((0, 0), (0, 0), (1, 1)), constant_values=((0, 0), (0, 0), (-np.inf, np.inf))
    )
    slab = _density(thresholds)[:, :, None] * interval(limits[:, :, :-1], limits[:, :, 1:])
    total: Floats = (slab * -np.diff(weight, axis=1)).sum(axis=2)
    return total


def _threshold_influence(categories: Categories) -> Floats:
    """What a person in each category adds to each threshold, times n."""
    shares = categories.shares_up_to
    places = np.arange(categories.widest)
    at_or_below = places[None, None, :] <= places[None, :-1, None]
    densities = np.where(shares < 1, _density(categories.thresholds), 1.0)
    influence: Floats = (at_or_below - shares[:, :, None]) / densities[:, :, None]
    return influence


def _density(at: Floats) -> Floats:
    density: Floats = np.exp(-at * at / 2) / np.sqrt(2 * pi)
    return density
