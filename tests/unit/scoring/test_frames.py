"""Which frames of answers can be scored, and what is said of the others."""

import numpy as np
import pandas as pd
import pytest

from instruments.catalogue import load_catalogue
from scoring.errors import AnswersError, OutOfRange, OutOfRangeError
from scoring.frames import checked_answers

GAD7 = load_catalogue()["gad7"]
ITEMS = [item.id for item in GAD7.items]


def answers(rows: int = 3, dtype: str = "int8") -> pd.DataFrame:
    return pd.DataFrame(np.ones((rows, 7), dtype=dtype), columns=ITEMS, index=[11, 12, 13][:rows])


def test_gives_the_answers_item_by_item() -> None:
    frame = answers()
    frame["gad7_2"] = np.array([0, -9, 3], dtype=np.int8)
    checked = checked_answers(frame, GAD7, ["gad7_2", "gad7_1"])
    assert checked.dtype == np.int8
    assert checked.tolist() == [[0, -9, 3], [1, 1, 1]]


def test_names_row_and_column_of_every_value_that_no_option_has() -> None:
    frame = answers()
    frame.loc[12, "gad7_3"] = 4
    frame.loc[13, "gad7_5"] = -1
    with pytest.raises(OutOfRangeError, match=r"row 12, column gad7_3: 4; row 13, column gad7_5"):
        checked_answers(frame, GAD7, ITEMS)
    with pytest.raises(OutOfRangeError) as caught:
        checked_answers(frame, GAD7, ITEMS)
    assert caught.value.values == (OutOfRange(12, "gad7_3", 4), OutOfRange(13, "gad7_5", -1))


@pytest.mark.parametrize("value", [4, -6, -10, 127, -128])
def test_refuses_values_next_to_those_allowed_and_at_the_ends_of_int8(value: int) -> None:
    frame = answers(1)
    frame.loc[11, "gad7_1"] = value
    with pytest.raises(OutOfRangeError, match=f"gad7_1: {value}"):
        checked_answers(frame, GAD7, ITEMS)


def test_a_value_too_large_for_int8_does_not_wrap_round_to_an_allowed_one() -> None:
    frame = answers(1, dtype="int64")
    frame.loc[11, "gad7_1"] = 257
    with pytest.raises(OutOfRangeError, match="gad7_1: 257"):
        checked_answers(frame, GAD7, ITEMS)


def test_takes_wider_integers_whose_values_are_allowed() -> None:
    assert checked_answers(answers(dtype="int64"), GAD7, ITEMS).dtype == np.int8


def test_names_a_score_of_faults_and_counts_the_rest() -> None:
    frame = pd.DataFrame(np.full((5, 7), 9, dtype=np.int8), columns=ITEMS)
    with pytest.raises(OutOfRangeError, match="and 15 more") as caught:
        checked_answers(frame, GAD7, ITEMS)
    assert len(caught.value.values) == 35


def test_refuses_empty_cells_in_place_of_missing_codes() -> None:
    frame = answers().astype("float64")
    with pytest.raises(AnswersError, match="column gad7_1 holds float64; expected int8"):
        checked_answers(frame, GAD7, ITEMS)


def test_names_the_columns_that_are_not_there() -> None:
    with pytest.raises(AnswersError, match="no column gad7_6, gad7_7"):
        checked_answers(answers()[ITEMS[:5]], GAD7, ITEMS)


def test_refuses_a_column_that_is_there_twice() -> None:
    frame = pd.concat([answers(), answers()[["gad7_4"]]], axis=1)
    with pytest.raises(AnswersError, match="more than one column gad7_4"):
        checked_answers(frame, GAD7, ITEMS)


def test_nobody_answered_is_no_fault() -> None:
    assert checked_answers(answers(0), GAD7, ITEMS).shape == (7, 0)
