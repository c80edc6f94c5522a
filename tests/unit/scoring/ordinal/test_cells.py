"""Cells of a table, those in which nobody should be among them."""

from math import log

import numpy as np
import pytest
from scipy.integrate import dblquad

from scoring.ordinal.cells import cells_of, interval, slopes_of

THRESHOLDS = np.array([[-1.0, 0.2, 1.1]])
EVERYWHERE = np.ones((1, 4, 4))


@pytest.mark.parametrize("rho", [-0.99, -0.6, 0.0, 0.6, 0.99])
def test_cells_sum_to_one_and_their_slopes_to_nothing(rho: float) -> None:
    at = np.array([rho])
    assert cells_of(THRESHOLDS, THRESHOLDS, at, EVERYWHERE).sum() == pytest.approx(1, abs=1e-13)
    assert slopes_of(THRESHOLDS, THRESHOLDS, at).sum() == pytest.approx(0, abs=1e-13)


@pytest.mark.parametrize("rho", [0.97, -0.97])
def test_a_cell_far_from_the_ridge_keeps_its_digits(rho: float) -> None:
    def density(y: float, x: float) -> float:
        left = 1 - rho**2
        return float(np.exp(-(x * x - 2 * rho * x * y + y * y) / (2 * left))) / (
            2 * np.pi * np.sqrt(left)
        )

    # The cell of the lowest row and the highest column, or of the lowest of both.
    bottom, top, column = (1.1, 1.1 + 3, 3) if rho > 0 else (-1 - 3, -1.0, 0)
    expected, _ = dblquad(density, -1 - 3, -1, bottom, top, epsabs=0, epsrel=1e-9)
    found = cells_of(THRESHOLDS, THRESHOLDS, np.array([rho]), EVERYWHERE)[0, 0, column]
    assert expected < 1e-17
    assert found == pytest.approx(expected, rel=1e-7)


def test_a_cell_with_nobody_in_it_is_never_nothing() -> None:
    cells = cells_of(THRESHOLDS, THRESHOLDS, np.array([0.9999]), np.zeros((1, 4, 4)))
    assert cells.min() == 1e-15


def test_intervals_of_the_upper_tail_are_as_sharp_as_those_of_the_lower() -> None:
    low, high = np.array([9.0, -9.5]), np.array([9.5, -9.0])
    assert interval(low, high)[0] == interval(low, high)[1] > 0
    assert log(interval(np.array([9.0]), np.array([np.inf]))[0]) == pytest.approx(-43.628149)
