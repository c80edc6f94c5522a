"""Halves of a scale: all of them when there are few, a repeatable draw when there are many."""

from math import comb

import numpy as np
import pytest

from scoring.keyed import KeyedAnswers
from scoring.split_half import MOST_SPLITS, split_half


def scale(n: int, k: int, seed: int = 1) -> KeyedAnswers:
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((n, 1)) + rng.standard_normal((n, k))
    items = tuple(f"item{number}" for number in range(1, k + 1))
    return KeyedAnswers(items, values, np.full(k, -9.0), np.full(k, 9.0), "mood")


def test_odd_and_even_items_are_the_first_split() -> None:
    keyed = scale(40, 5)
    found = split_half(keyed).odd_even
    assert found is not None
    odd, even = keyed.values[:, ::2].sum(axis=1), keyed.values[:, 1::2].sum(axis=1)
    r = np.corrcoef(odd, even)[0, 1]
    assert found.items == ("item1", "item3", "item5")
    assert found.r == pytest.approx(r)
    assert found.spearman_brown == pytest.approx(2 * r / (1 + r))
    assert found.lambda4 == pytest.approx(
        4 * np.cov(odd, even)[0, 1] / keyed.values.sum(axis=1).var(ddof=1)
    )


@pytest.mark.parametrize(("k", "n_splits"), [(2, 1), (3, 3), (4, 3), (5, 10), (16, 6435)])
def test_every_halving_is_tried_once(k: int, n_splits: int) -> None:
    found = split_half(scale(40, k))
    assert (found.n_splits, found.is_every_split) == (n_splits, True)


def test_the_mean_over_halvings_of_an_even_number_of_items_is_alpha() -> None:
    keyed = scale(60, 6)
    covariance = np.cov(keyed.values, rowvar=False)
    alpha = 6 / 5 * (1 - np.trace(covariance) / covariance.sum())
    assert split_half(keyed).mean_lambda4 == pytest.approx(alpha)


def test_the_best_and_the_worst_lie_about_the_mean() -> None:
    found = split_half(scale(60, 7))
    assert found.best is not None
    assert found.worst is not None
    assert found.worst.lambda4 < found.mean_lambda4 < found.best.lambda4
    assert len(found.best.items) in (3, 4)


def test_of_many_items_halvings_are_drawn_repeatably() -> None:
    keyed = scale(40, 18)
    assert comb(18, 9) // 2 > MOST_SPLITS
    first, again, other = (split_half(keyed, seed=seed) for seed in (7, 7, 8))
    assert (first.n_splits, first.is_every_split, first.seed) == (MOST_SPLITS, False, 7)
    assert first.mean_lambda4 == again.mean_lambda4 != other.mean_lambda4
    assert first.best is not None
    assert len(first.best.items) == 9


@pytest.mark.parametrize(
    ("keyed", "message"),
    [
        (scale(9, 5), "Only 9 people"),
        (scale(40, 1), "single item"),
        (
            KeyedAnswers(("a", "b"), np.ones((20, 2)), np.zeros(2), np.ones(2), "mood"),
            "same total",
        ),
    ],
)
def test_says_in_words_why_there_is_no_number(keyed: KeyedAnswers, message: str) -> None:
    found = split_half(keyed)
    assert (found.odd_even, found.best, found.worst, found.n_splits) == (None, None, None, 0)
    assert message in found.findings[0].message


def test_a_half_that_never_varies_has_no_correlation() -> None:
    values = np.ones((20, 2))
    values[:10, 0] = 0
    found = split_half(KeyedAnswers(("a", "b"), values, np.zeros(2), np.ones(2), "mood"))
    assert found.odd_even is not None
    assert np.isnan(found.odd_even.r)
    assert np.isnan(found.odd_even.spearman_brown)
    assert found.odd_even.lambda4 == 0
