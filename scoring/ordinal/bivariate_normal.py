"""The bivariate normal distribution, for arrays of limits that share a correlation by row."""

from __future__ import annotations

from math import pi, sqrt
from typing import Final

import numpy as np
from scipy.special import ndtr

from scoring.rules import Floats

FURTHEST: Final = 8.5
"""In standard deviations: beyond it a double cannot tell the normal distribution from 0 or 1."""

_STRONG: Final = 0.925
"""From here the integrand over the arcsine is too steep, and the other expansion takes over."""

_LEAST_EXPONENT: Final = -100.0
"""exp of less is nothing beside any cell."""

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)


def bivariate_cdf(h: Floats, k: Floats, rho: Floats) -> Floats:
    """Return P(X <= h, Y <= k) of standard normal variables with correlation rho.

    Parameters
    ----------
    h, k : arrays of float, shapes (pairs, a, 1) and (pairs, 1, b)
        Upper limits; those further out than 8.5 count as 8.5.
    rho : array of float, shape (pairs,)
        Between -1 and 1, neither included.

    Returns
    -------
    array of float, shape (pairs, a, b)
        Right to about 1e-15.

    Notes
    -----
    Up to |rho| = .925 Plackett's integral over the arcsine of rho, by 20-point Gauss-Legendre
    quadrature; beyond, Genz's expansion about |rho| = 1.

    References
    ----------
    Drezner Z, Wesolowsky GO (1990). Journal of Statistical Computation and Simulation 35,
    101-107. Genz A (2004). Statistics and Computing 14, 251-260.
    """
    h, k = (np.clip(limit, -FURTHEST, FURTHEST) for limit in (h, k))
    h, k = np.broadcast_arrays(h, k)
    found = np.empty(h.shape)
    strong = np.abs(rho) >= _STRONG
    if not strong.all():
        found[~strong] = _by_arcsine(h[~strong], k[~strong], rho[~strong, None, None])
    if strong.any():
        found[strong] = _near_one(h[strong], k[strong], rho[strong, None, None])
    return np.clip(found, 0.0, 1.0)


def bivariate_pdf(h: Floats, k: Floats, rho: Floats) -> Floats:
    """Return the density at (h, k), which is also the derivative of the cdf by rho."""
    r = rho[:, None, None]
    left = 1 - r * r
    density: Floats = np.exp(-(h * h - 2 * r * h * k + k * k) / (2 * left)) / (
        2 * pi * np.sqrt(left)
    )
    return density


def _by_arcsine(h: Floats, k: Floats, rho: Floats) -> Floats:
    product, half_squares = h * k, (h * h + k * k) / 2
    half_angle = np.arcsin(rho) / 2
    total = np.zeros(h.shape)
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        sine = np.sin(half_angle * (1 + node))
        total += weight * np.exp((sine * product - half_squares) / (1 - sine * sine))
    found: Floats = total * half_angle / (2 * pi) + ndtr(h) * ndtr(k)
    return found


def _near_one(h: Floats, k: Floats, rho: Floats) -> Floats:
    """Upper tails of (-h, ±k), as in the paper, whose limits are the other way round."""
    x, y = -h, np.where(rho < 0, k, -k)
    product, gap = x * y, (x - y) ** 2
    variance = 1 - rho * rho
    spread = np.sqrt(variance)
    c, d = (4 - product) / 8, (12 - product) / 80
    polynomial = 1 - c * (gap - variance) * (1 - d * gap) / 3 + c * d * variance**2
    beyond = _exp(-(gap / variance + product) / 2) * spread * polynomial
    distance = np.sqrt(gap)
    beyond -= (
        _exp(-product / 2)
        * sqrt(2 * pi)
        * ndtr(-distance / spread)
        * distance
        * (1 - c * gap * (1 - d * gap) / 3)
    )
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        square = (spread / 2 * (1 + node)) ** 2
        root = np.sqrt(1 - square)
        expansion = 1 + c * square * (1 + 5 * d * square)
        exact = np.exp(-product / 2 * square / (1 + root) ** 2) / root
        beyond += spread / 2 * weight * _exp(-(gap / square + product) / 2) * (exact - expansion)
    beyond /= -2 * pi
    positive = beyond + ndtr(-np.maximum(x, y))
    interval = np.where(x < 0, ndtr(y) - ndtr(x), ndtr(-x) - ndtr(-y))
    negative = np.where(x >= y, -beyond, interval - beyond)
    found: Floats = np.where(rho > 0, positive, negative)
    return found


def _exp(exponent: Floats) -> Floats:
    found: Floats = np.where(
        exponent > _LEAST_EXPONENT, np.exp(np.maximum(exponent, _LEAST_EXPONENT)), 0.0
    )
    return found
