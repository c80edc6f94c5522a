"""The one place that speaks to factor_analyzer, turning what it gives into plain arrays at once.

What is taken and what is not, of version 0.5.1:

- KMO and Bartlett's test, of complete rows and a matrix of full rank. It would give a figure for
  a singular matrix too, and stop at a missing value.
- Unrotated loadings, and rotation by its `Rotator`. `FactorAnalyzer` rotates as well, and then
  sorts the factors by variance without sorting their correlations with them; the rotation asked
  for by itself gives loadings and correlations in one order.
- Neither its communalities nor its shares of variance: they are wrong once factors correlate.
- No imputation: medians are put in silently where a value is missing, so it is given a
  correlation matrix.

It is imported where it is called because scikit-learn comes with it, which takes seconds.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from scoring.rules import Floats

Extraction = Literal["minres", "ml"]
Rotation = Literal["none", "oblimin", "promax"]

SMALLEST_UNIQUENESS: Final = 0.005
"""The bound of the search, as in `psych::fa` and `factanal`: a solution there is a Heywood case."""


@dataclass(frozen=True, slots=True, eq=False)
class SamplingAdequacy:
    """Kaiser-Meyer-Olkin: overall, and of each item, shape (k,); 0 to 1, higher is better."""

    overall: float
    items: Floats


@dataclass(frozen=True, slots=True)
class Sphericity:
    """Bartlett's test that no two items correlate."""

    chi2: float
    df: int
    p: float


@dataclass(frozen=True, slots=True, eq=False)
class Extracted:
    """Unrotated loadings, shape (k, factors), and whether the search for them ended."""

    loadings: Floats
    has_converged: bool


@dataclass(frozen=True, slots=True, eq=False)
class Rotated:
    """Loadings, shape (k, factors), with correlations of the factors in the same order."""

    loadings: Floats
    phi: Floats


def sampling_adequacy(complete: Floats) -> SamplingAdequacy:
    """Return KMO of complete rows whose correlation matrix has full rank."""
    from factor_analyzer import calculate_kmo

    # Brought to equal SDs, which KMO does not depend on: it looks at the determinant of
    # covariances to choose between two ways of inverting them, and warns. The rank was checked.
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message="The inverse of the variance-covariance", category=UserWarning
        )
        items, overall = calculate_kmo(complete / complete.std(axis=0))
    return SamplingAdequacy(float(overall), np.asarray(items, dtype=np.float64))


def sphericity(complete: Floats) -> Sphericity:
    """Return Bartlett's test of complete rows whose correlation matrix has full rank."""
    from factor_analyzer import calculate_bartlett_sphericity

    k = complete.shape[1]
    chi2, p = calculate_bartlett_sphericity(complete)
    return Sphericity(float(chi2), k * (k - 1) // 2, float(p))


def extract(correlation: Floats, n_factors: int, method: Extraction) -> Extracted:
    """Return unrotated loadings of a correlation matrix of full rank."""
    from factor_analyzer import FactorAnalyzer

    analyzer = FactorAnalyzer(
        n_factors=n_factors,
        rotation=None,
        method=method,
        is_corr_matrix=True,
        bounds=(SMALLEST_UNIQUENESS, 1),
    )
    with _known_warnings() as caught:
        analyzer.fit(np.array(correlation))
    has_converged = not any("Failed to converge" in str(entry.message) for entry in caught)
    return Extracted(np.asarray(analyzer.loadings_, dtype=np.float64), has_converged)


def rotate(loadings: Floats, rotation: Rotation) -> Rotated:
    """Return rotated loadings of two or more factors: oblimin with gamma 0 and no Kaiser
    normalisation, or promax with power 4 from a Kaiser-normalised varimax."""
    from factor_analyzer import Rotator

    if rotation == "none":
        return Rotated(loadings, np.eye(loadings.shape[1]))
    normalize = rotation == "promax"
    rotator = Rotator(method=rotation, normalize=normalize, max_iter=2000, tol=_TOLERANCE[rotation])
    rotated = rotator.fit_transform(loadings)
    return Rotated(
        np.asarray(rotated, dtype=np.float64), np.asarray(rotator.phi_, dtype=np.float64)
    )


_TOLERANCE: Final = {"oblimin": 1e-7, "promax": 1e-5}
"""Oblimin goes on to rounding. Promax starts from a varimax that stops where R's does, at 1e-5,
because its target depends on where that stopped."""


@contextmanager
def _known_warnings() -> Iterator[list[warnings.WarningMessage]]:
    """Collect its own word that a search did not end; silence what scikit-learn will rename."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.filterwarnings("always", message="Failed to converge", category=UserWarning)
        warnings.filterwarnings(
            "ignore", message="'force_all_finite' was renamed", category=FutureWarning
        )
        yield caught
