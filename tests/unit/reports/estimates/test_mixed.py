from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from reports.errors import EstimationError, TableShapeError
from reports.estimates.mixed import (
    RandomInterceptFit,
    design_effect,
    fit_random_intercept,
    icc,
    icc_anova,
)


def people(
    seed: int, sizes: list[int], *, between: float = 1.0
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp]]:
    rng = np.random.default_rng(seed)
    schools = np.repeat(np.arange(len(sizes)), sizes)
    x = rng.normal(size=len(schools))
    y = 2.0 + 0.5 * x + between * rng.normal(size=len(sizes))[schools]
    return y + rng.normal(size=len(schools)), np.column_stack([np.ones_like(x), x]), schools


TERMS = ("intercept", "x")


def by_definition(
    y: NDArray[np.float64],
    X: NDArray[np.float64],
    schools: NDArray[np.intp],
    fit: RandomInterceptFit,
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Coefficients, their covariance and the log-likelihood from the full N by N matrix."""
    together = (schools[:, np.newaxis] == schools).astype(float)
    V = fit.between_variance * together + fit.within_variance * np.eye(len(y))
    inverse = np.linalg.inv(V)
    information = X.T @ inverse @ X
    b = np.linalg.solve(information, X.T @ inverse @ y)
    e = y - X @ b
    value = np.linalg.slogdet(V)[1] + e @ inverse @ e
    n = len(y)
    if fit.criterion == "REML":
        value += np.linalg.slogdet(information)[1]
        n -= X.shape[1]
    return b, np.linalg.inv(information), -0.5 * float(value + n * np.log(2.0 * np.pi))


@pytest.mark.parametrize("criterion", ["REML", "ML"])
@pytest.mark.parametrize("between", [1.0, 0.0])
def test_gives_the_coefficients_and_likelihood_of_the_full_matrices(
    criterion: str, between: float
) -> None:
    y, X, schools = people(4, [1, 3, 6, 2, 8, 1, 4, 5], between=between)
    fit = fit_random_intercept(
        y, X, schools, terms=TERMS, criterion="REML" if criterion == "REML" else "ML"
    )
    b, covariance, log_likelihood = by_definition(y, X, schools, fit)
    np.testing.assert_allclose(fit.coefficients, b, rtol=1e-10)
    np.testing.assert_allclose(fit.covariance, covariance, rtol=1e-10)
    assert fit.log_likelihood == pytest.approx(log_likelihood, rel=1e-12)


@pytest.mark.parametrize("criterion", ["REML", "ML"])
def test_finds_no_better_variances_nearby(criterion: str) -> None:
    y, X, schools = people(4, [1, 3, 6, 2, 8, 1, 4, 5])
    fit = fit_random_intercept(
        y, X, schools, terms=TERMS, criterion="REML" if criterion == "REML" else "ML"
    )
    assert not fit.is_singular
    for between, within in ((1.01, 1.0), (0.99, 1.0), (1.0, 1.01), (1.0, 0.99)):
        other = RandomInterceptFit(
            basis=fit.basis,
            coefficients=fit.coefficients,
            covariance=fit.covariance,
            between_variance=fit.between_variance * between,
            within_variance=fit.within_variance * within,
            log_likelihood=0.0,
            criterion=fit.criterion,
            is_singular=False,
            n=fit.n,
            n_clusters=fit.n_clusters,
            sums=fit.sums,
            correction=fit.correction,
        )
        assert by_definition(y, X, schools, other)[2] < fit.log_likelihood


def test_equals_the_analysis_of_variance_where_schools_are_of_one_size() -> None:
    y, _, schools = people(11, [5] * 12)
    found, anova = icc(y, schools), icc_anova(y, schools)
    assert anova.n0 == pytest.approx(5.0)
    assert found.within_variance == pytest.approx(anova.within_mean_square, rel=1e-9)
    assert found.between_variance == pytest.approx(
        (anova.between_mean_square - anova.within_mean_square) / 5.0, rel=1e-9
    )
    assert found.icc == pytest.approx(anova.icc, rel=1e-9)
    assert found.mean == pytest.approx(y.mean(), rel=1e-12)


def test_puts_the_variance_at_its_boundary_where_schools_differ_less_than_by_chance() -> None:
    y = np.tile([1.0, 2.0, 4.0, 5.0], 6)
    schools = np.repeat(np.arange(6), 4)
    found, anova = icc(y, schools), icc_anova(y, schools)
    assert found.is_singular
    assert found.icc == found.between_variance == 0.0
    assert found.design_effect == 1.0
    assert anova.icc < 0.0, "the analysis of variance does not cut off at 0"
    assert anova.between_mean_square == pytest.approx(0.0, abs=1e-20)


def test_finds_nearly_all_variation_between_schools() -> None:
    rng = np.random.default_rng(2)
    schools = np.repeat(np.arange(20), 4)
    y = 10.0 * rng.normal(size=20)[schools] + 0.01 * rng.normal(size=80)
    assert icc(y, schools).icc > 0.9999


def test_drops_a_repeated_column_and_keeps_the_fit() -> None:
    y, X, schools = people(4, [1, 3, 6, 2, 8, 1, 4, 5])
    plain = fit_random_intercept(y, X, schools, terms=TERMS)
    twice = fit_random_intercept(
        y, np.column_stack([X, X[:, 1] + 1.0]), schools, terms=(*TERMS, "again")
    )
    assert twice.dropped_terms == ("again",)
    assert twice.coefficient("x") == pytest.approx(plain.coefficient("x"), rel=1e-12)
    assert twice.standard_error("x") == pytest.approx(plain.standard_error("x"), rel=1e-10)
    assert twice.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)


@pytest.mark.parametrize(
    ("y", "schools", "message"),
    [
        ([1.0, 2.0, 4.0], ["a", "b", "c"], "no school has two people"),
        ([1.0, 2.0, 4.0], ["a", "a", "a"], "1 school"),
        ([3.0, 3.0, 3.0, 3.0], ["a", "a", "b", "b"], "reproduce the outcome"),
        ([1.0, 1.0, 5.0, 5.0, 2.0, 2.0], list("aabbcc"), "nothing varies within schools"),
    ],
)
def test_says_why_the_variances_cannot_be_told_apart(
    y: list[float], schools: list[str], message: str
) -> None:
    with pytest.raises(EstimationError, match=message):
        icc(y, schools)


def test_refuses_as_many_coefficients_as_people() -> None:
    with pytest.raises(EstimationError, match="3 people for 3 coefficients"):
        fit_random_intercept([1.0, 2.0, 4.0], np.eye(3), list("aab"), terms=("i", "x", "z"))


@pytest.mark.parametrize(
    ("y", "schools", "message"),
    [
        ([1.0, 2.0], ["a", "b"], "expected at least 2 schools"),
        ([1.0, 2.0], ["a", "a"], "expected at least 2 schools"),
        ([0.1, 0.1, 0.1, 0.1], ["a", "a", "b", "b"], "does not vary"),
    ],
)
def test_says_why_there_is_no_anova_correlation(
    y: list[float], schools: list[str], message: str
) -> None:
    with pytest.raises(EstimationError, match=message):
        icc_anova(y, schools)


def test_gives_one_when_people_of_a_school_all_answer_alike() -> None:
    found = icc_anova([1.0, 1.0, 5.0, 5.0, 2.0, 2.0], list("aabbcc"))
    assert found.icc == pytest.approx(1.0)
    assert (found.low, found.high) == (pytest.approx(1.0), pytest.approx(1.0))
    assert found.reliability_of_means == pytest.approx(1.0)


def test_gives_searle_limits_that_hold_the_f_ratio_at_its_quantiles() -> None:
    y, _, schools = people(11, [5] * 12)
    found = icc_anova(y, schools)
    ratio = found.between_mean_square / found.within_mean_square
    for limit, tail in ((found.low, 0.025), (found.high, 0.975)):
        # F over its expectation at the limit has the central F distribution.
        central = ratio * (1.0 - limit) / (1.0 + 4.0 * limit)
        assert stats.f.sf(central, 11, 48) == pytest.approx(tail, rel=1e-9)
    assert found.low < found.icc < found.high


def test_gives_the_design_effect_of_equal_and_of_unequal_schools() -> None:
    assert design_effect([10, 10, 10], icc=0.05) == pytest.approx(1.45)
    assert design_effect([5, 15], icc=0.05) == pytest.approx(1.0 + (250 / 20 - 1.0) * 0.05)
    assert design_effect([1, 1, 1], icc=0.3) == 1.0


@pytest.mark.parametrize("sizes", [[], [3, 0], [[1, 2]]])
def test_refuses_sizes_that_are_not_counts(sizes: object) -> None:
    with pytest.raises(TableShapeError, match="one positive count for each school"):
        design_effect(sizes, icc=0.1)
