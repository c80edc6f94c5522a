"""Cells of a CSV as answers, and the items a longer instrument asked."""

import pandas as pd
import pytest

from instruments.catalogue import load_catalogue
from scoring.errors import AnswersError, OutOfRange
from scoring.foreign_answers import NO_ANSWER, read_answers, shift_of, with_shared_items
from scoring.scales import score

CATALOGUE = load_catalogue()


def text(**columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(columns, dtype="str", index=[2, 3])


GAD2 = CATALOGUE["gad2"]


def test_takes_whole_numbers_however_they_are_written() -> None:
    table = text(gad2_1=[" 1", "2.0"], gad2_2=["-8", "3"], other=["x", "y"])
    found = read_answers(table, GAD2)
    assert found.answers.to_dict("list") == {"gad2_1": [1, 2], "gad2_2": [-8, 3]}
    assert not found.faults


@pytest.mark.parametrize("cell", NO_ANSWER)
def test_an_empty_cell_is_not_answered(cell: str) -> None:
    found = read_answers(text(gad2_1=[cell, "1"], gad2_2=["0", "0"]), GAD2)
    assert found.answers["gad2_1"].tolist() == [-9, 1]
    assert not found.faults


@pytest.mark.parametrize("cell", ["2.5", "often", "257", "-129", "inf", "1e9", "1,5"])
def test_names_row_and_column_of_what_is_no_whole_number(cell: str) -> None:
    found = read_answers(text(gad2_1=["1", cell], gad2_2=["0", "0"]), GAD2)
    assert found.faults == (OutOfRange(3, "gad2_1", cell),)


def test_what_is_no_number_and_what_is_no_option_are_told_together_row_by_row() -> None:
    table = text(gad7_1=["1", "often"], gad7_2=["4", "1.5"])
    assert read_answers(table, GAD2).faults == (
        OutOfRange(2, "gad7_2", 4),
        OutOfRange(3, "gad7_1", "often"),
        OutOfRange(3, "gad7_2", "1.5"),
    )


def test_refuses_a_column_that_is_there_twice() -> None:
    table = pd.concat([text(gad2_1=["1", "2"]), text(gad2_1=["1", "2"])], axis=1)
    with pytest.raises(AnswersError, match="more than one column gad2_1"):
        read_answers(table, GAD2)


@pytest.mark.parametrize(
    ("longer", "shorter", "total"),
    [
        ("gad7", "gad2", "gad2_total"),
        ("phq9", "phq8", "phq8_total"),
        ("phq9", "phq2", "phq2_total"),
        ("pss10", "pss4", "pss4_total"),
        ("k10", "k6", "k6_total"),
        ("dsl_confidence", "dsl_confidence_short", "dsl_confidence_short_total"),
    ],
)
def test_a_short_form_is_scored_from_the_long_ones_answers(
    longer: str, shorter: str, total: str
) -> None:
    long_one, short_one = CATALOGUE[longer], CATALOGUE[shorter]
    row = {
        item.id: [long_one.options(item)[n % 4].value] for n, item in enumerate(long_one.items, 1)
    }
    answers = with_shared_items(pd.DataFrame(row, dtype="int8"), short_one)
    own = {item.id: row[item.same_as] for item in short_one.items}
    expected = score(pd.DataFrame(own, dtype="int8"), short_one).values[total]
    assert score(answers, short_one).values[total].tolist() == expected.tolist()


def test_the_phq4_takes_two_items_of_each_of_two_instruments() -> None:
    answers = pd.DataFrame(
        {"gad7_1": [3], "gad7_2": [2], "phq9_1": [1], "phq9_2": [0]}, dtype="int8"
    )
    phq4 = CATALOGUE["phq4"]
    assert score(with_shared_items(answers, phq4), phq4).values.iloc[0].tolist() == [6, 5, 1]


def test_an_item_that_was_asked_itself_keeps_its_answer() -> None:
    answers = pd.DataFrame({"gad7_1": [3], "gad2_1": [0], "gad7_2": [1]}, dtype="int8")
    found = with_shared_items(answers, CATALOGUE["gad2"])
    assert (found.loc[0, "gad2_1"], found.loc[0, "gad2_2"]) == (0, 1)


@pytest.mark.parametrize(("low", "high", "by"), [(1, 4, 1), (-1, 2, -1), (1, 5, 0), (0, 4, 0)])
def test_tells_by_how_much_all_answers_lie_off_the_options(low: int, high: int, by: int) -> None:
    gad7 = CATALOGUE["gad7"]
    row = [low, high, low, low + 1, high - 1, low, high]
    gaps = [-9, -8, -7, low, low, low, high]
    frame = pd.DataFrame([row, gaps], columns=gad7.scored_items, dtype="int8")
    assert shift_of(frame, gad7) == by
