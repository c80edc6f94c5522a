"""The probabilities of the cells of a table cut from a bivariate normal distribution."""

from __future__ import annotations

from math import log, pi
from typing import Final

import numpy as np
from scipy.special import log_ndtr, ndtr

from scoring.ordinal.bivariate_normal import FURTHEST, bivariate_cdf, bivariate_pdf
from scoring.rules import Floats

_LEAST: Final = 1e-15
"""Of a cell with nobody in it, which then has no say in what is estimated."""

_LEAST_WITH_PEOPLE: Final = 1e-300
"""Of a cell with somebody in it. A higher floor hides how unlikely these people are, and moves the
correlations of thin tables by some hundredths."""

_RARE: Final = 1e-9
"""Below it, the differences of the distribution function that a cell is have lost digits."""

_ROUNDING: Final = 1e-14
"""How far off such a difference may be."""

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(40)


def cells_of(rows: Floats, columns: Floats, rho: Floats, tables: Floats) -> Floats:
    """Return the probability of each cell, more than 0, shape (pairs, a, b).

    Parameters
    ----------
    rows, columns : arrays of float, shapes (pairs, a - 1) and (pairs, b - 1)
        Thresholds.
    rho : array of float, shape (pairs,)
        Between -1 and 1, neither included.
    tables : array of float, shape (pairs, a, b)
        Counts. A cell with somebody in it is right to some digits however rare it is.
    """
    inner = bivariate_cdf(rows[:, :, None], columns[:, None, :], rho)
    pairs, a, b = inner.shape
    grid = np.zeros((pairs, a + 2, b + 2))
    grid[:, 1:-1, 1:-1] = inner
    grid[:, -1, 1:-1], grid[:, 1:-1, -1], grid[:, -1, -1] = ndtr(columns), ndtr(rows), 1
    cells = _differenced(grid)
    rare = (cells < _RARE) & (tables > 0)
    if rare.any():
        pair, row, column = np.nonzero(rare)
        x, y = _edges(rows), _edges(columns)
        tails = np.exp(
            _log_tail(
                x[pair, row], x[pair, row + 1], y[pair, column], y[pair, column + 1], rho[pair]
            )
        )
        # Where the difference is larger beyond its rounding, the cell is narrow rather than far.
        tails = np.where(cells[rare] > tails + _ROUNDING, cells[rare], tails)
        cells[rare] = np.maximum(tails, _LEAST_WITH_PEOPLE)
    return np.maximum(cells, np.where(rare, 0, _LEAST))


def slopes_of(rows: Floats, columns: Floats, rho: Floats) -> Floats:
    """Return the derivative of each cell's probability by rho, shape (pairs, a, b)."""
    inner = bivariate_pdf(rows[:, :, None], columns[:, None, :], rho)
    return _differenced(np.pad(inner, ((0, 0), (1, 1), (1, 1))))


def interval(low: Floats, high: Floats) -> Floats:
    """Return P(low < Z <= high), with as many digits in the upper tail as in the lower."""
    upper = low > 0
    return ndtr(np.where(upper, -low, high)) - ndtr(np.where(upper, -high, low))


def _differenced(grid: Floats) -> Floats:
    return np.diff(np.diff(grid, axis=1), axis=2)


def _edges(thresholds: Floats) -> Floats:
    return np.pad(thresholds, ((0, 0), (1, 1)), constant_values=((0, 0), (-FURTHEST, FURTHEST)))


def _log_tail(left: Floats, right: Floats, bottom: Floats, top: Floats, rho: Floats) -> Floats:
    """Logarithms of the probabilities of cells far from the ridge of the density.

    All there is in such a cell lies at the corner nearest to the ridge, and dies away from it at
    least as fast as an exponential and as a normal distribution do: the integral over x starts
    there and goes as far as there is something.
    """
    corners = [(x, y) for x in (left, right) for y in (bottom, top)]
    heights = np.array([x * x - 2 * rho * x * y + y * y for x, y in corners])
    nearest = heights.argmin(axis=0)
    x = np.choose(nearest, [corner[0] for corner in corners])
    y = np.choose(nearest, [corner[1] for corner in corners])
    variance = 1 - rho * rho
    spread = np.sqrt(variance)
    steepness = np.maximum(np.abs(x - rho * y), 1e-12) / variance
    length = np.minimum(np.minimum(right - left, 45 / steepness), 10 * spread)
    inwards = np.where(x == left, 1.0, -1.0)
    at = x + inwards * length * (1 + _NODES[:, None]) / 2
    low, high = (bottom - rho * at) / spread, (top - rho * at) / spread
    logs = _log_interval(low, high) - at * at / 2 - log(2 * pi) / 2
    peak = logs.max(axis=0)
    total = (_WEIGHTS[:, None] * np.exp(logs - peak)).sum(axis=0) * length / 2
    found: Floats = peak + np.log(total)
    return found


def _log_interval(low: Floats, high: Floats) -> Floats:
    upper = low > 0
    near, far = np.where(upper, -low, high), np.where(upper, -high, low)
    most = log_ndtr(near)
    found: Floats = most + np.log1p(-np.exp(np.minimum(log_ndtr(far) - most, -1e-300)))
    return found
