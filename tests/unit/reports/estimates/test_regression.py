from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import linalg

from reports.errors import EstimationError, TableShapeError
from reports.estimates.regression import Correction, fit_clustered

# The short form and the definition differ only by rounding.
ROUNDING = 1e-10


def trial(
    seed: int, sizes: list[int], *, n_strata: int = 1
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp], tuple[str, ...]]:
    rng = np.random.default_rng(seed)
    schools = np.repeat(np.arange(len(sizes)), sizes)
    arm = (np.arange(len(sizes)) % 2)[schools]
    stratum = (np.arange(len(sizes)) // 2 % n_strata)[schools]
    baseline = rng.normal(size=len(schools))
    y = 0.5 * baseline + rng.normal(size=len(sizes))[schools] + rng.normal(size=len(schools))
    strata = [stratum == each for each in range(1, n_strata)]
    X = np.column_stack([np.ones(len(schools)), baseline, *strata, arm]).astype(float)
    names = ("intercept", "baseline", *(f"stratum {each}" for each in range(1, n_strata)), "arm")
    return y, X, schools, names


def by_definition(
    y: NDArray[np.float64], X: NDArray[np.float64], schools: NDArray[np.intp]
) -> tuple[float, float]:
    """Variance and df of the last coefficient, from full matrices (Bell & McCaffrey)."""
    M = np.linalg.inv(X.T @ X)
    H = X @ M @ X.T
    e = y - H @ y
    c = np.eye(X.shape[1])[-1]
    variance, columns = 0.0, []
    for school in np.unique(schools):
        inside = schools == school
        values, vectors = linalg.eigh(np.eye(inside.sum()) - H[np.ix_(inside, inside)])
        roots = np.where(values > 1e-10, np.maximum(values, 1e-10) ** -0.5, 0.0)
        A = vectors @ np.diag(roots) @ vectors.T
        direction = A @ X[inside] @ M @ c
        variance += float(direction @ e[inside]) ** 2
        columns.append((np.eye(len(y)) - H)[inside].T @ direction)
    P = np.column_stack(columns).T @ np.column_stack(columns)
    return variance, float(np.trace(P) ** 2 / np.sum(P**2))


@pytest.mark.parametrize(
    ("sizes", "n_strata"),
    [
        ([4, 4, 4, 4, 4, 4, 4, 4], 1),
        ([1, 2, 7, 1, 3, 12, 1, 5, 2, 2], 2),
        ([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], 1),
        # Pairs as strata: every school is half a stratum and I - H is singular.
        ([3, 2, 5, 4, 1, 2, 6, 3, 2, 2, 4, 4], 6),
        # One school alone in its stratum: the model reproduces its mean exactly.
        ([3, 2, 5, 4, 4, 2, 3], 4),
    ],
)
def test_gives_the_error_and_degrees_of_freedom_of_the_definition(
    sizes: list[int], n_strata: int
) -> None:
    y, X, schools, terms = trial(7, sizes, n_strata=n_strata)
    variance, df = by_definition(y, X, schools)
    arm = fit_clustered(y, X, schools, terms=terms, kind="CR2").contrast(np.eye(len(terms))[-1])
    assert arm.se == pytest.approx(np.sqrt(variance), rel=ROUNDING)
    assert arm.df == pytest.approx(df, rel=ROUNDING)


@pytest.mark.parametrize(
    ("kind", "factor"), [("CR1", 10 / 9), ("CR1S", 10 / 9 * 35 / 33), ("CR0", 1.0)]
)
def test_scales_the_plain_variance_by_the_factor_of_its_kind(
    kind: Correction, factor: float
) -> None:
    y, X, schools, terms = trial(3, [1, 2, 7, 1, 3, 12, 1, 5, 2, 2])
    plain = fit_clustered(y, X, schools, terms=terms, kind="CR0")
    scaled = fit_clustered(y, X, schools, terms=terms, kind=kind)
    np.testing.assert_allclose(scaled.covariance, factor * plain.covariance, rtol=1e-12)


def test_takes_the_degrees_of_freedom_that_are_asked_for() -> None:
    y, X, schools, terms = trial(3, [4] * 10)
    fit = fit_clustered(y, X, schools, terms=terms, kind="CR1S")
    assert fit.contrast([0, 0, 1], degrees_of_freedom="residual").df == 37
    assert fit.contrast([0, 0, 1], degrees_of_freedom="clusters").df == 9
    assert fit.contrast([0, 0, 1]).df < 9


def test_gives_the_welch_test_when_every_school_has_one_person() -> None:
    # CR2 with one person a school is HC2, and for two groups that is Welch's variance.
    rng = np.random.default_rng(5)
    first, second = rng.normal(0, 1, 14), rng.normal(0, 3, 9)
    y = np.concatenate((first, second))
    X = np.column_stack([np.ones(23), np.repeat([0.0, 1.0], [14, 9])])
    arm = fit_clustered(y, X, np.arange(23), terms=("a", "b"), kind="CR2").contrast([0, 1])
    shares = first.var(ddof=1) / 14, second.var(ddof=1) / 9
    assert arm.se == pytest.approx(np.sqrt(sum(shares)), rel=1e-12)


def test_drops_the_later_of_two_columns_that_say_the_same_and_names_it() -> None:
    y, X, schools, terms = trial(3, [4] * 10)
    twice = np.column_stack([X, 2.0 * X[:, 1] - 1.0, np.zeros(40)])
    fit = fit_clustered(y, twice, schools, terms=(*terms, "again", "nothing"), kind="CR2")
    plain = fit_clustered(y, X, schools, terms=terms, kind="CR2")
    assert fit.dropped_terms == ("again", "nothing")
    assert fit.terms == terms
    found, expected = fit.contrast([0, 0, 1, 0, 0]), plain.contrast([0, 0, 1])
    assert found.estimate == pytest.approx(expected.estimate, rel=1e-12)
    assert found.se == pytest.approx(expected.se, rel=1e-12)
    assert found.df == pytest.approx(expected.df, rel=1e-10)


def test_refuses_a_contrast_that_the_columns_cannot_tell_apart() -> None:
    y, X, schools, _ = trial(3, [4] * 10)
    confounded = np.column_stack([X[:, :2], X[:, 2], X[:, 2]])
    terms = ("intercept", "baseline", "stratum", "arm")
    fit = fit_clustered(y, confounded, schools, terms=terms, kind="CR2")
    with pytest.raises(EstimationError, match="do not tell arm apart"):
        fit.contrast([0, 0, 0, 1])
    with pytest.raises(EstimationError, match="do not tell arm apart"):
        fit.contrast([0, 0, 1, 0])
    assert np.isfinite(fit.contrast([0, 0, 1, 1]).p)


def test_is_not_disturbed_by_a_large_constant_in_the_outcome_or_the_baseline() -> None:
    y, X, schools, terms = trial(3, [4] * 10)
    plain = fit_clustered(y, X, schools, terms=terms, kind="CR2").contrast([0, 0, 1])
    X[:, 1] += 1e5
    moved = fit_clustered(y + 1e6, X, schools, terms=terms, kind="CR2").contrast([0, 0, 1])
    assert moved.estimate == pytest.approx(plain.estimate, rel=1e-7)
    assert moved.se == pytest.approx(plain.se, rel=1e-7)


def test_refuses_one_school() -> None:
    with pytest.raises(EstimationError, match="1 school"):
        fit_clustered([1, 2, 4], np.ones((3, 1)), ["a"] * 3, terms=("i",), kind="CR2")


def test_refuses_as_many_coefficients_as_people() -> None:
    X = np.column_stack([np.ones(3), [0, 1, 2], [0, 1, 4]])
    with pytest.raises(EstimationError, match="3 people for 3 coefficients"):
        fit_clustered([1, 2, 4], X, ["a", "b", "c"], terms=("i", "x", "z"), kind="CR2")


def test_refuses_an_outcome_that_the_terms_reproduce() -> None:
    x = np.arange(6.0)
    X = np.column_stack([np.ones(6), x])
    with pytest.raises(EstimationError, match="exactly"):
        fit_clustered(3.0 + 0.1 * x, X, list("aabbcc"), terms=("i", "x"), kind="CR2")


def test_refuses_a_contrast_whose_schools_the_model_reproduces() -> None:
    # One school an arm: each arm's mean is its school's mean, and no error is left between.
    y = [1.0, 2.0, 4.0, 3.0, 7.0, 6.0]
    X = np.column_stack([np.ones(6), [0, 0, 0, 1, 1, 1]])
    fit = fit_clustered(y, X, list("aaabbb"), terms=("i", "arm"), kind="CR2")
    with pytest.raises(EstimationError, match="no standard error"):
        fit.contrast([0, 1])


@pytest.mark.parametrize(
    ("y", "X", "clusters", "terms", "message"),
    [
        ([1, np.nan, 2], np.ones((3, 1)), [1, 2, 3], ("i",), "y: found missing"),
        ([[1], [2], [3]], np.ones((3, 1)), [1, 2, 3], ("i",), "y: found shape"),
        ([1, 2, 3], [[1], [np.inf], [1]], [1, 2, 3], ("i",), "X: found missing or infinite"),
        ([1, 2, 3], np.ones((3, 2)), [1, 2, 3], ("i",), "X: found shape"),
        ([1, 2, 3], np.ones((4, 1)), [1, 2, 3], ("i",), "X: found 4 rows"),
        ([1, 2, 3], np.ones((3, 2)), [1, 2, 3], ("i", "i"), "name twice"),
        ([1, 2, 3], np.ones((3, 1)), [1, 2], ("i",), "clusters: found shape"),
        ([1, 2, 3], np.ones((3, 1)), ["a", None, "b"], ("i",), "missing label"),
        ([1, 2, 3], np.ones((3, 1)), [1.0, np.nan, 2.0], ("i",), "missing label"),
    ],
)
def test_refuses_arrays_of_the_wrong_shape_or_with_gaps(
    y: object, X: object, clusters: object, terms: tuple[str, ...], message: str
) -> None:
    with pytest.raises(TableShapeError, match=message):
        fit_clustered(y, X, clusters, terms=terms, kind="CR2")


def test_refuses_a_model_of_zeros() -> None:
    with pytest.raises(EstimationError, match="every column"):
        fit_clustered([1, 2, 3], np.zeros((3, 1)), [1, 2, 3], terms=("i",), kind="CR2")


def test_refuses_a_contrast_of_the_wrong_length_and_a_confidence_in_per_cent() -> None:
    y, X, schools, terms = trial(3, [4] * 10)
    fit = fit_clustered(y, X, schools, terms=terms, kind="CR2")
    with pytest.raises(TableShapeError, match="one weight for each of the 3 terms"):
        fit.contrast([0, 1])
    with pytest.raises(TableShapeError, match="confidence: found 95"):
        fit.contrast([0, 0, 1], confidence=95)


def test_widens_the_interval_with_the_confidence() -> None:
    y, X, schools, terms = trial(3, [4] * 10)
    fit = fit_clustered(y, X, schools, terms=terms, kind="CR2")
    narrow = fit.contrast([0, 0, 1], confidence=0.8)
    wide = fit.contrast([0, 0, 1], confidence=0.99)
    assert wide.low < narrow.low < narrow.estimate < narrow.high < wide.high
    # The interval excludes 0 exactly when p is below what the confidence leaves.
    at_p = fit.contrast([0, 0, 1], confidence=1.0 - narrow.p)
    assert min(abs(at_p.low), abs(at_p.high)) == pytest.approx(0.0, abs=1e-12)
