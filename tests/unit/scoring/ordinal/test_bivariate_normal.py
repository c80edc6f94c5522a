"""The bivariate normal distribution against a slow integral, and at its edges."""

from math import pi, sqrt

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ndtr

from scoring.ordinal.bivariate_normal import bivariate_cdf, bivariate_pdf

LIMITS = np.array([-4.0, -1.5, -0.3, 0.0, 0.2, 1.0, 2.5, 2.6])


def cdf(h: np.ndarray, k: np.ndarray, rho: float) -> np.ndarray:
    return bivariate_cdf(h[None, :, None], k[None, None, :], np.array([rho]))[0]


def slowly(h: float, k: float, rho: float) -> float:
    spread = sqrt(1 - rho**2)
    steep = [point for point in (k / rho if rho else 0.0,) if -9 < point < h]
    value, _ = quad(
        lambda x: np.exp(-x * x / 2) / sqrt(2 * pi) * ndtr((k - rho * x) / spread),
        -9,
        h,
        points=steep or None,
        epsabs=1e-13,
        epsrel=1e-12,
        limit=400,
    )
    return value


@pytest.mark.parametrize("rho", [-0.999, -0.93, -0.92, -0.4, 0.0, 0.3, 0.8, 0.92, 0.93, 0.999])
def test_it_is_the_integral_of_the_conditional_distribution(rho: float) -> None:
    expected = [[slowly(h, k, rho) for k in LIMITS] for h in LIMITS]
    assert cdf(LIMITS, LIMITS, rho) == pytest.approx(np.array(expected), abs=1e-12)


@pytest.mark.parametrize("rho", [-0.95, -0.5, 0.0, 0.5, 0.95])
def test_a_limit_far_out_leaves_the_other_variable_alone(rho: float) -> None:
    assert cdf(LIMITS, np.array([np.inf]), rho)[:, 0] == pytest.approx(ndtr(LIMITS), abs=1e-15)
    assert cdf(LIMITS, np.array([-np.inf]), rho)[:, 0] == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("rho", [-0.97, -0.5, 0.2, 0.97])
def test_the_density_is_the_slope_by_the_correlation(rho: float) -> None:
    step = 1e-5
    slope = (cdf(LIMITS, LIMITS, rho + step) - cdf(LIMITS, LIMITS, rho - step)) / (2 * step)
    density = bivariate_pdf(LIMITS[None, :, None], LIMITS[None, None, :], np.array([rho]))[0]
    assert density == pytest.approx(slope, rel=1e-4, abs=1e-9)
