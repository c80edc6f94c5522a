"""Scores from columns of small integers, against the same sums done person by person."""

from __future__ import annotations

import numpy as np
import pytest

import scoring.columns as columns_module
from instruments.catalogue import load_catalogue
from instruments.missing import MISSING_CODES
from instruments.model import Instrument, Score
from scoring.columns import REASONS, score_columns
from scoring.errors import AnswersError, OutOfRangeError

CATALOGUE = load_catalogue()


def by_hand(row: list[int], rule: Score, instrument: Instrument) -> float:
    counted = []
    for item, value in zip(rule.items, row, strict=True):
        values = [option.value for option in instrument.options(instrument.item(item))]
        if value in values:
            recoded = {entry.value: entry.counts_as for entry in rule.recoded}
            number = recoded.get(value, value)
            turned = min(values) + max(values) - number
            counted.append(turned if item in rule.reversed else number)
    if len(counted) < rule.minimum_answered:
        return float("nan")
    mean = sum(counted) / len(counted)
    raw = mean * len(row) if rule.rule == "sum" else mean
    if rule.transform is None:
        return raw
    if rule.transform.kind == "linear":
        return (raw + rule.transform.add) * rule.transform.multiply
    return rule.transform.values[round(raw) - rule.transform.first]


def answers(rule: Score, instrument: Instrument, people: int) -> np.ndarray:
    rng = np.random.default_rng(len(rule.items))
    table = np.empty((people, len(rule.items)), dtype=np.int8, order="F")
    for number, item in enumerate(rule.items):
        values = [option.value for option in instrument.options(instrument.item(item))]
        table[:, number] = rng.choice(values, people)
    left_out = rng.random(table.shape) < 0.08
    table[left_out] = rng.choice(sorted(MISSING_CODES), left_out.sum())
    return table


@pytest.mark.parametrize(
    ("name", "rule"), [(each.id, rule.id) for each in CATALOGUE.values() for rule in each.scores]
)
def test_every_score_of_the_catalogue_is_what_it_is_by_hand(
    name: str, rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns_module, "_ROWS_AT_A_TIME", 16)
    instrument = CATALOGUE[name]
    chosen = instrument.score(rule)
    table = answers(chosen, instrument, 50)
    found = score_columns(table.T, chosen, instrument)
    expected = [by_hand(row, chosen, instrument) for row in table.tolist()]
    assert found.values.tolist() == pytest.approx(expected, abs=1e-9, nan_ok=True)
    assert found.n_answered.tolist() == (table >= 0).sum(axis=1).tolist()
    assert (found.reason == 0).tolist() == (~np.isnan(found.values)).tolist()
    if chosen.bands:
        assert ((found.band >= 0) == ~np.isnan(found.values)).all()
        assert found.band.max() < len(chosen.bands)
    else:
        assert (found.band == -1).all()


@pytest.mark.parametrize("name", ["gad7", "cbi", "hse_msit", "ghq12"])
def test_every_value_of_int8_is_an_option_a_missing_code_or_refused(name: str) -> None:
    instrument = CATALOGUE[name]
    rule = instrument.scores[0]
    options = {o.value for o in instrument.options(instrument.item(rule.items[0]))}
    for value in range(-128, 128):
        table = np.full((len(rule.items), 1), -9, dtype=np.int8)
        table[0, 0] = value
        if value in options | MISSING_CODES:
            assert score_columns(table, rule, instrument).n_answered[0] == (value in options)
        else:
            with pytest.raises(OutOfRangeError, match=rf"row 0, column \w+: {value}"):
                score_columns(table, rule, instrument)


def test_names_the_row_of_a_value_in_a_later_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns_module, "_ROWS_AT_A_TIME", 4)
    gad7 = CATALOGUE["gad7"]
    table = np.zeros((7, 10), dtype=np.int8)
    table[2, 9] = table[6, 0] = 4
    with pytest.raises(OutOfRangeError) as caught:
        score_columns(table, gad7.scores[0], gad7)
    assert {(entry.row, entry.column) for entry in caught.value.values} == {
        (9, "gad7_3"),
        (0, "gad7_7"),
    }


def test_a_sum_of_many_large_answers_does_not_overflow() -> None:
    cbi = CATALOGUE["cbi"]
    rule = cbi.score("cbi_personal")
    sums = rule.model_copy(update={"rule": "sum"})
    table = np.full((6, 3), 100, dtype=np.int8)
    assert score_columns(table, sums, cbi).values.tolist() == [600] * 3
    ons4 = CATALOGUE["ons4"]
    happy = ons4.score("ons4_happy_score")
    many = happy.model_copy(update={"items": happy.items * 60, "minimum_answered": 60})
    tens = np.full((60, 2), 10, dtype=np.int8)
    assert score_columns(tens, many, ons4).values.tolist() == [600] * 2


def test_refuses_columns_that_are_not_one_an_item() -> None:
    gad7 = CATALOGUE["gad7"]
    with pytest.raises(AnswersError, match="found 6 columns"):
        score_columns(np.zeros((6, 2), dtype=np.int8), gad7.scores[0], gad7)
    with pytest.raises(AnswersError, match="not int8"):
        score_columns(np.zeros((7, 2), dtype=np.int16), gad7.scores[0], gad7)


def test_the_reasons_are_five() -> None:
    assert len(REASONS) == len(set(REASONS)) == 5
