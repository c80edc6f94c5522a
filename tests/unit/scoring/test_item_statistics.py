"""Each item by itself, over everybody who answered it."""

import numpy as np
import pytest

from scoring.item_statistics import ItemStatistics, item_statistics
from scoring.keyed import KeyedAnswers
from scoring.reliability import alpha_in_bulk, alpha_of


def scale(values: np.ndarray, reversed_items: tuple[str, ...] = ()) -> KeyedAnswers:
    k = values.shape[1]
    items = tuple(f"item{number}" for number in range(1, k + 1))
    return KeyedAnswers(items, values, np.zeros(k), np.full(k, 3.0), "mood", reversed_items)


def of(values: np.ndarray, reversed_items: tuple[str, ...] = ()) -> tuple[ItemStatistics, ...]:
    keyed = scale(values, reversed_items)
    return item_statistics(keyed, alpha_of(keyed))


def answers(n: int = 40) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 4, (n, 4)).astype(float)


def test_counts_everybody_who_answered_the_item() -> None:
    values = answers()
    values[:15, 0] = np.nan
    values[0:2, 1] = np.nan
    found = of(values, ("item2",))
    known = values[15:, 0]
    assert [item.n for item in found] == [25, 38, 40, 40]
    assert found[0].mean == pytest.approx(known.mean())
    assert found[0].sd == pytest.approx(known.std(ddof=1))
    assert found[0].skew == pytest.approx(((known - known.mean()) ** 3).mean() / found[0].sd ** 3)
    assert found[0].floor_share == pytest.approx((known == 0).mean())
    assert found[0].ceiling_share == pytest.approx((known == 3).mean())
    assert [item.is_reversed for item in found] == [False, True, False, False]


def test_takes_what_needs_the_other_items_from_complete_rows() -> None:
    values = answers()
    values[:15, 0] = np.nan
    reliability = alpha_of(scale(values))
    found = of(values)
    assert reliability.n == 25
    assert [item.item_rest for item in found] == reliability.item_rest.tolist()
    assert [item.alpha_if_dropped for item in found] == reliability.alpha_if_dropped.tolist()


def test_an_item_nobody_or_one_person_answered_has_no_number() -> None:
    values = answers()
    values[:, 0] = np.nan
    values[1:, 1] = np.nan
    nobody, one, *_ = of(values)
    assert (nobody.n, one.n) == (0, 1)
    assert np.isnan([nobody.mean, nobody.sd, nobody.skew, nobody.floor_share]).all()
    assert one.mean == values[0, 1]
    assert np.isnan([one.sd, one.skew]).all()


def test_a_constant_item_has_no_skew() -> None:
    values = answers()
    values[:, 0] = 3
    constant = of(values)[0]
    assert (constant.sd, constant.ceiling_share) == (0, 1)
    assert np.isnan(constant.skew)


def test_a_table_of_any_size_gives_what_pingouin_gives() -> None:
    rng = np.random.default_rng(12)
    values = np.clip(
        np.round(rng.standard_normal((50_000, 1)) + rng.standard_normal((50_000, 40))), -1, 2
    )
    keyed = scale(values + 1)
    bulk, usual = alpha_in_bulk(keyed), alpha_of(keyed)
    assert bulk.alpha == pytest.approx(usual.alpha, abs=1e-12)
    assert (bulk.low, bulk.high, bulk.sem) == pytest.approx(
        (usual.low, usual.high, usual.sem), abs=1e-12
    )
    assert bulk.item_rest.equals(usual.item_rest)
    assert bulk.alpha_if_dropped.equals(usual.alpha_if_dropped)


def test_a_sum_among_the_items_is_said_and_leaves_no_lambda_6() -> None:
    values = answers()
    values[:, 3] = values[:, 0] + values[:, 1]
    found = alpha_of(scale(values))
    assert np.isnan(found.coefficients.lambda6)
    assert np.isfinite(found.coefficients.lambda2)
    assert any("singular" in finding.message for finding in found.findings)
