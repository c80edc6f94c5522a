"""What holds of polychoric correlations and ordinal models whatever the answers are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ordered_answers import cut, keyed, one_factor_answers
from scipy.special import ndtri

from scoring.cfa.model import factor_model
from scoring.ordinal.cells import cells_of
from scoring.ordinal.polychoric import correlations_of, polychoric_matrix
from scoring.ordinal.wlsmv import fit_wlsmv

LIGHT = settings(deadline=None, max_examples=40)


@st.composite
def tables(draw: st.DrawFn) -> np.ndarray:
    """Counts without empty rows or columns, thin ones among them."""
    rows, columns = draw(st.integers(2, 5)), draw(st.integers(2, 5))
    count = st.one_of(st.just(0), st.integers(0, 6), st.integers(0, 200))
    counts = np.array(
        draw(st.lists(count, min_size=rows * columns, max_size=rows * columns)), dtype=float
    ).reshape(rows, columns)
    counts[0, counts.sum(axis=0) == 0] = 1
    counts[counts.sum(axis=1) == 0, 0] = 1
    return counts


def thresholds(table: np.ndarray, axis: int) -> np.ndarray:
    return ndtri(table.sum(axis=axis).cumsum()[:-1] / table.sum())


def correlation(table: np.ndarray) -> float:
    found = correlations_of(table[None], thresholds(table, 1)[None], thresholds(table, 0)[None])
    return float(found[0])


def log_likelihood(table: np.ndarray, rho: float) -> float:
    cells = cells_of(
        thresholds(table, 1)[None], thresholds(table, 0)[None], np.array([rho]), table[None]
    )
    return float((table * np.log(cells[0])).sum())


@LIGHT
@given(tables())
def test_the_correlation_is_where_the_likelihood_is_highest(table: np.ndarray) -> None:
    found = correlation(table)
    assert -1 <= found <= 1
    best = log_likelihood(table, float(np.clip(found, -1 + 1e-9, 1 - 1e-9)))
    others = [log_likelihood(table, float(rho)) for rho in np.linspace(-0.999, 0.999, 41)]
    assert best >= max(others) - 1e-6


@LIGHT
@given(tables())
def test_it_does_not_matter_which_item_comes_first(table: np.ndarray) -> None:
    assert correlation(table.T) == pytest.approx(correlation(table), abs=1e-8)


@LIGHT
@given(tables())
def test_turning_an_item_turns_the_sign_only(table: np.ndarray) -> None:
    assert correlation(table[::-1]) == pytest.approx(-correlation(table), abs=1e-8)


@LIGHT
@given(tables(), st.integers(2, 9))
def test_more_of_the_same_people_change_nothing(table: np.ndarray, times: int) -> None:
    assert correlation(table * times) == pytest.approx(correlation(table), abs=1e-8)


@pytest.mark.parametrize("true", [-0.9, -0.5, 0.0, 0.3, 0.7, 0.97])
@pytest.mark.parametrize("cuts", [[0.4], [-1.2, 0.1, 0.9], [-2, -1.5, -1, -0.5, 0.5, 1.8]])
def test_correlations_of_simulated_latent_responses_are_recovered(
    true: float, cuts: list[float]
) -> None:
    rng = np.random.default_rng(round(1000 * (true + 2)) + len(cuts))
    latent = rng.multivariate_normal([0, 0], [[1, true], [true, 1]], size=20_000)
    found = polychoric_matrix(cut(latent, cuts))
    # Four standard errors of the least informative cut, which is into two.
    assert found.correlations[0, 1] == pytest.approx(true, abs=0.05 * (1 - true**2) + 0.005)
    for own in found.thresholds:
        assert own == pytest.approx(np.array(cuts), abs=0.08)


@settings(deadline=None, max_examples=15)
@given(st.permutations(range(6)), st.permutations(range(300)))
def test_the_order_of_items_and_of_people_does_not_matter(
    order: list[int], people: list[int]
) -> None:
    answers = one_factor_answers([0.8, 0.7, 0.6, 0.5, 0.6, 0.7], [-1, 0, 1], n=300, seed=9)
    expected = polychoric_matrix(answers).correlations[np.ix_(order, order)]
    found = polychoric_matrix(keyed(answers.values[np.ix_(people, order)], limits=(0, 3)))
    assert found.correlations == pytest.approx(expected, abs=1e-9)


@settings(deadline=None, max_examples=10)
@given(st.permutations(range(6)))
def test_the_order_of_items_and_factors_does_not_matter_to_a_model(order: list[int]) -> None:
    rng = np.random.default_rng(10)
    factors = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=300)
    latent = 0.7 * np.repeat(factors, 3, axis=1) + 0.7 * rng.standard_normal((300, 6))
    answers = cut(latent, [-1, 0, 1])
    names = answers.items
    expected = fit_wlsmv(answers, factor_model({"a": names[:3], "b": names[3:]}))
    shuffled = keyed(
        answers.values[:, order], limits=(0, 3), items=[names[place] for place in order]
    )
    found = fit_wlsmv(shuffled, factor_model({"b": names[5:2:-1], "a": names[2::-1]}))
    assert expected.indices is not None
    assert found.indices is not None
    assert found.indices.chi2 == pytest.approx(expected.indices.chi2, rel=1e-6)
    assert found.indices.scaled_chi2 == pytest.approx(expected.indices.scaled_chi2, rel=1e-6)
    for mine, theirs in (
        (found.estimates.loadings, expected.estimates.loadings),
        (found.estimates.loadings_se, expected.estimates.loadings_se),
    ):
        assert mine[::-1, ::-1] == pytest.approx(theirs, abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_loadings_and_factor_correlations_are_recovered(seed: int) -> None:
    rng = np.random.default_rng(seed)
    factors = rng.multivariate_normal([0, 0], [[1, -0.4], [-0.4, 1]], size=20_000)
    loadings = np.array([0.8, 0.6, 0.5, 0.7, 0.9, 0.4])
    latent = loadings * np.repeat(factors, 3, axis=1)
    latent += np.sqrt(1 - loadings**2) * rng.standard_normal(latent.shape)
    answers = cut(latent, [-0.7, 0.2, 1.3])
    found = fit_wlsmv(
        answers, factor_model({"a": answers.items[:3], "b": answers.items[3:]})
    ).estimates
    assert found.loadings.sum(axis=1) == pytest.approx(loadings, abs=0.035)
    assert found.factor_correlations[0, 1] == pytest.approx(-0.4, abs=0.035)
