"""Where the likelihood of a factor model is highest: Fisher scoring, with BFGS when it stalls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Final, Protocol

import numpy as np
from scipy import optimize

from scoring.rules import Floats

_MOST_STEPS: Final = 60
_MOST_HALVINGS: Final = 30
_SMALLEST_STEP: Final = 1e-9
_IMPOSSIBLE: Final = 1e10
"""Stands for an infinite fit function, with which a line search cannot do arithmetic."""


class FitFunction(Protocol):
    """What is minimised."""

    def value_and_gradient(self, values: Floats) -> tuple[float, Floats]:
        """Return F, infinite where there is none, and its gradient."""

    def expected_information(self, values: Floats) -> Floats:
        """Return half of the Hessian that F is expected to have."""


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Where the minimum was found, or where the search ended.

    Attributes
    ----------
    values : array of float, shape (parameters,)
    fit_function : float
    converged : bool
        Whether the last step was below 1e-9.
    """

    values: Floats
    fit_function: float
    converged: bool


def minimise(function: FitFunction, start: Floats) -> Solution:
    """Return the minimum of a fit function, begun from a start where it is finite.

    A step is the inverse of the expected information times half the gradient, halved until F
    falls. Where no such steps arrive, BFGS goes as far as it can from the same start and scoring
    ends the work.
    """
    found = _score(function, start)
    if found.converged:
        return found
    nearer = optimize.minimize(
        _finite(function), start, jac=True, method="BFGS", options={"maxiter": 500, "gtol": 1e-5}
    )
    again = _score(function, np.asarray(nearer.x, dtype=np.float64))
    return again if again.converged or again.fit_function < found.fit_function else found


def _score(function: FitFunction, start: Floats) -> Solution:
    values = start
    value, gradient = function.value_and_gradient(values)
    for _ in range(_MOST_STEPS):
        step = _solve(function.expected_information(values), gradient / 2)
        if not np.isfinite(step).all():
            break
        length = 1.0
        for _ in range(_MOST_HALVINGS):
            reached, slope = function.value_and_gradient(values - length * step)
            if isfinite(reached) and reached <= value + 1e-13 * (1 + abs(value)):
                break
            length /= 2
        else:
            break
        values, value, gradient = values - length * step, reached, slope
        if length == 1 and np.abs(step).max() < _SMALLEST_STEP:
            return Solution(values, value, converged=True)
    return Solution(values, value, converged=False)


def _solve(information: Floats, gradient: Floats) -> Floats:
    try:
        step = np.linalg.solve(information, gradient)
    except np.linalg.LinAlgError:
        step = np.linalg.lstsq(information, gradient)[0]
    return np.asarray(step, dtype=np.float64)


def _finite(function: FitFunction) -> Callable[[Floats], tuple[float, Floats]]:
    def bounded(values: Floats) -> tuple[float, Floats]:
        value, gradient = function.value_and_gradient(values)
        return (value, gradient) if isfinite(value) else (_IMPOSSIBLE, gradient)

    return bounded
