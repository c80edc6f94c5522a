"""What holds of scores whatever the answers are."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.catalogue import load_catalogue
from instruments.missing import NOT_ANSWERED, NOT_ASKED, PREFER_NOT_TO_SAY
from instruments.model import Instrument
from scoring.reliability import feldt_interval
from scoring.scales import bands, score

CATALOGUE = load_catalogue()
MISSING = [NOT_ANSWERED, PREFER_NOT_TO_SAY, NOT_ASKED]
INSTRUMENTS = pytest.mark.parametrize("name", sorted(CATALOGUE))


SEEDS = st.integers(0, 2**32 - 1)


def values_of(instrument: Instrument, item: str) -> list[int]:
    return [option.value for option in instrument.options(instrument.item(item))]


def turned_round(instrument: Instrument, item: str, column: pd.Series) -> pd.Series:
    options = values_of(instrument, item)
    turned = (min(options) + max(options) - column.astype("int16")).astype("int8")
    return column.where(column < 0, turned)


def answers(instrument: Instrument, seed: int, *, with_missing: bool) -> pd.DataFrame:
    """One to six people's answers to every item."""
    rng = np.random.default_rng(seed)
    n_rows = rng.integers(1, 7)
    return pd.DataFrame(
        {
            item.id: rng.choice(
                values_of(instrument, item.id) + (MISSING if with_missing else []), n_rows
            ).astype("int8")
            for item in instrument.items
        }
    )


@INSTRUMENTS
@settings(deadline=None, max_examples=20)
@given(seed=SEEDS)
def test_every_score_is_in_its_range_or_withheld_with_a_reason(name: str, seed: int) -> None:
    instrument = CATALOGUE[name]
    scores = score(answers(instrument, seed, with_missing=True), instrument)
    for rule in instrument.scores:
        values, reason = scores.values[rule.id], scores.reason[rule.id]
        enough = scores.n_answered[rule.id] >= rule.minimum_answered
        assert (values.notna() == enough).all()
        assert ((reason == "") == enough).all()
        assert values[enough].between(rule.minimum - 1e-9, rule.maximum + 1e-9).all()
        if rule.bands:
            assert (bands(values, rule).notna() == enough).all()


@INSTRUMENTS
@settings(deadline=None, max_examples=5)
@given(seed=SEEDS)
def test_the_order_of_rows_and_columns_does_not_matter(name: str, seed: int) -> None:
    instrument = CATALOGUE[name]
    frame = answers(instrument, seed, with_missing=True)
    rng = np.random.default_rng(seed)
    row_order = rng.permutation(frame.index)
    column_order = rng.permutation(frame.columns)
    straight = score(frame, instrument)
    mixed = score(frame.loc[row_order, column_order], instrument)
    for first, second in zip(
        (straight.values, straight.n_answered, straight.reason),
        (mixed.values, mixed.n_answered, mixed.reason),
        strict=True,
    ):
        pd.testing.assert_frame_equal(first, second.loc[frame.index])


@INSTRUMENTS
@settings(deadline=None, max_examples=5)
@given(seed=SEEDS)
def test_turning_every_answer_round_mirrors_the_score(name: str, seed: int) -> None:
    instrument = CATALOGUE[name]
    frame = answers(instrument, seed, with_missing=False)
    turned = frame.apply(lambda column: turned_round(instrument, column.name, column))
    for rule in instrument.scores:
        if rule.transform is not None and rule.transform.kind == "lookup":
            continue  # a table is not straight, so it has no mirror
        mirrored = (
            score(frame, instrument).values[rule.id] + score(turned, instrument).values[rule.id]
        )
        assert mirrored.tolist() == pytest.approx(
            [rule.minimum + rule.maximum] * len(frame), abs=1e-9
        )


@INSTRUMENTS
@settings(deadline=None, max_examples=5)
@given(seed=SEEDS)
def test_reversing_twice_is_nothing(name: str, seed: int) -> None:
    """An item named in `reversed` whose options are turned round as well counts as it was."""
    instrument = CATALOGUE[name]
    frame = answers(instrument, seed, with_missing=True)
    rng = np.random.default_rng(seed)
    rule = instrument.scores[0]
    chosen = [item for item in rule.items if rng.random() < 0.5]
    toggled = tuple(item for item in rule.items if (item in rule.reversed) != (item in chosen))
    turned = frame.copy()
    for item in chosen:
        turned[item] = turned_round(instrument, item, frame[item])
    other_rule = rule.model_copy(update={"reversed": toggled})
    other = instrument.model_copy(update={"scores": (other_rule,)})
    pd.testing.assert_series_equal(
        score(turned, other).values[rule.id], score(frame, instrument).values[rule.id]
    )


@INSTRUMENTS
@settings(deadline=None, max_examples=5)
@given(seed=SEEDS)
def test_a_missing_item_counts_as_the_mean_of_the_answered_ones(name: str, seed: int) -> None:
    instrument = CATALOGUE[name]
    frame = answers(instrument, seed, with_missing=False).iloc[:1].copy()
    rng = np.random.default_rng(seed)
    for rule in instrument.scores:
        if rule.minimum_answered == len(rule.items) or rule.transform is not None or rule.recoded:
            continue
        keyed = {
            item: int(
                turned_round(instrument, item, frame[item])[0]
                if item in rule.reversed
                else frame.loc[0, item]
            )
            for item in rule.items
        }
        gap = rng.choice(rule.items)
        left = [value for item, value in keyed.items() if item != gap]
        mean = sum(left) / len(left)
        expected = mean * len(keyed) if rule.rule == "sum" else mean
        gapped = frame.assign(**{gap: np.array([rng.choice(MISSING)], dtype="int8")})
        found = score(gapped, instrument).values.loc[0, rule.id]
        assert found == pytest.approx(expected, abs=1e-9)


@settings(deadline=None)
@given(point=st.floats(-1, 0.999), n=st.integers(3, 500), k=st.integers(2, 40))
def test_feldts_interval_surrounds_alpha_and_stays_below_one(point: float, n: int, k: int) -> None:
    low, high = feldt_interval(point, n=n, k=k)
    assert low < point < 1
    assert low < high < 1


@settings(deadline=None)
@given(point=st.floats(-1, 0.99), n=st.integers(5, 200), k=st.integers(2, 40))
def test_more_people_make_feldts_interval_narrower(point: float, n: int, k: int) -> None:
    low, high = feldt_interval(point, n=n, k=k)
    more_low, more_high = feldt_interval(point, n=4 * n, k=k)
    assert more_high - more_low < high - low
