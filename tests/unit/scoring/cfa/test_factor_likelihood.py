"""The derivatives of the likelihood, against differences of what they are derivatives of."""

import numpy as np
import pytest

from scoring.cfa.likelihood import Likelihood, Sample
from scoring.cfa.structure import Matrices, Structure

K, M, H = 5, 2, 1e-6


def structure(start: int) -> Structure:
    """Every kind of element is free; intercepts and loadings are shared between groups."""
    rows = np.array([0, 1, 2, 2, 3, 4])
    columns = np.array([0, 0, 0, 1, 1, 1])
    residuals = np.array([[0, 1, 2, 3, 4, 3], [0, 1, 2, 3, 4, 0]])
    shared, own = np.arange(11), start + np.arange(11)
    return Structure(
        fixed=Matrices(
            np.zeros((K, M)), np.zeros((M, M)), np.zeros((K, K)), np.zeros(K), np.zeros(M)
        ),
        loadings=np.array([rows, columns]),
        factors=np.array(np.tril_indices(M)),
        residuals=residuals,
        intercepts=np.arange(K),
        means=np.arange(M),
        parameters=np.concatenate([shared[:6], own[:9], shared[6:], own[9:]]),
    )


@pytest.fixture(scope="module")
def people() -> tuple[tuple[np.ndarray, ...], ...]:
    rng = np.random.default_rng(4)
    mixed = rng.standard_normal((90, K)) @ (np.eye(K) + 0.4) + 0.3
    return ((mixed[:40], mixed[40:60][:, [0, 2, 3]]), (mixed[60:],))


@pytest.fixture(scope="module")
def likelihood(people: tuple[tuple[np.ndarray, ...], ...]) -> Likelihood:
    places = ((np.arange(K), np.array([0, 2, 3])), (np.arange(K),))
    samples = tuple(
        tuple(
            Sample(len(rows), rows.mean(axis=0), np.cov(rows.T, bias=True), observed)
            for rows, observed in zip(parts, where, strict=True)
        )
        for parts, where in zip(people, places, strict=True)
    )
    return Likelihood((structure(11), structure(22)), samples, 33)


@pytest.fixture(scope="module")
def point() -> np.ndarray:
    own = np.r_[1.1, 0.3, 0.9, np.full(5, 0.8), 0.1, 0.2, -0.1]
    return np.r_[0.7, 0.8, 0.5, 0.3, 0.9, 0.6, np.linspace(0.1, 0.5, 5), own, own * 1.1]


def test_the_gradient_is_the_slope_of_the_fit_function(
    likelihood: Likelihood, point: np.ndarray
) -> None:
    _, gradient = likelihood.value_and_gradient(point)
    for number, step in enumerate(np.eye(33) * H):
        above, _ = likelihood.value_and_gradient(point + step)
        below, _ = likelihood.value_and_gradient(point - step)
        assert gradient[number] == pytest.approx((above - below) / (2 * H), abs=1e-7)


def test_the_observed_information_is_half_the_slope_of_the_gradient(
    likelihood: Likelihood, point: np.ndarray
) -> None:
    information = likelihood.observed_information(point)
    for number, step in enumerate(np.eye(33) * H):
        _, above = likelihood.value_and_gradient(point + step)
        _, below = likelihood.value_and_gradient(point - step)
        assert information[number] == pytest.approx((above - below) / (4 * H), abs=1e-6)


def test_the_expected_information_is_the_observed_where_the_moments_are_met(
    point: np.ndarray,
) -> None:
    one = structure(11)
    at = one.matrices(point[:22])
    sample = Sample(50, at.mean, at.covariance, np.arange(K))
    met = Likelihood((one,), ((sample,),), 22)
    assert met.expected_information(point[:22]) == pytest.approx(
        met.observed_information(point[:22]), abs=1e-10
    )


def test_the_scores_of_people_sum_to_the_gradient(
    likelihood: Likelihood, point: np.ndarray, people: tuple[tuple[np.ndarray, ...], ...]
) -> None:
    """A group of one person has the person's score as its gradient, so its product is known."""
    products = likelihood.score_products(point, people)
    total = np.zeros_like(products)
    for number, parts in enumerate(people):
        for rows, sample in zip(parts, likelihood.samples[number], strict=True):
            for row in rows:
                alone = Sample(1, row, np.zeros((len(row),) * 2), sample.observed)
                single = Likelihood((likelihood.groups[number],), ((alone,),), 33)
                _, gradient = single.value_and_gradient(point)
                total += np.outer(gradient, gradient) / 4
    assert products == pytest.approx(total / 90, abs=1e-10)


def test_there_is_no_value_where_the_covariance_matrix_is_impossible(
    likelihood: Likelihood, point: np.ndarray
) -> None:
    impossible = point.copy()
    impossible[14] = -50.0
    assert likelihood.value_and_gradient(impossible)[0] == np.inf
