from __future__ import annotations

import math
from datetime import UTC, date, datetime

import pytest

from reports import formatting
from reports.tables import (
    Cell,
    Count,
    Interval,
    NotAvailable,
    Number,
    Probability,
    Share,
    ShareInterval,
    Withheld,
    Words,
)


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.00004, "<0.001"),
        (0.001, "0.001"),
        (0.0499, "0.050"),
        (0.0994, "0.099"),
        (0.0996, "0.10"),
        (0.126, "0.13"),
        (0.994, ">0.99"),
        (math.nan, "n/a"),
    ],
)
def test_words_a_p_value_without_ever_saying_nought_or_one(p: float, text: str) -> None:
    assert formatting.p_value(p) == text


def test_puts_a_p_value_in_a_sentence() -> None:
    assert formatting.p_value_equation(0.0321) == "p = 0.032"
    assert formatting.p_value_equation(0.0001) == "p < 0.001"
    assert formatting.p_value_equation(math.nan) == "p not available"


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (-0.424, 2, "−0.42"),
        (-0.001, 2, "0.00"),
        (30560.4, 0, "30,560"),
        (-1204.5, 1, "−1,204.5"),
        (math.nan, 2, "n/a"),
        (math.inf, 1, "n/a"),
    ],
)
def test_rounds_with_a_true_minus_and_no_negative_zero(
    value: float, places: int, text: str
) -> None:
    assert formatting.number(value, places) == text


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (Count(1234), "1,234"),
        (Share(1, 3), "33%"),
        (Share(5, 8), "63%"),
        (Share(0, 0), "n/a"),
        (Number(3.14159, 3), "3.142"),
        (Interval(-0.524, 0.126), "−0.52 to 0.13"),
        (Interval(math.nan, 1.0), "n/a"),
        (ShareInterval(0.4049, 0.651), "40% to 65%"),
        (ShareInterval(math.nan, math.nan), "n/a"),
        (Probability(0.2), "0.20"),
        (Words("Follow-up"), "Follow-up"),
        (Withheld(), "withheld"),
        (NotAvailable(), "n/a"),
    ],
)
def test_words_every_kind_of_cell(cell: Cell, text: str) -> None:
    assert formatting.cell_text(cell) == text


def test_says_dates_counts_and_lists_in_plain_english() -> None:
    assert formatting.day(date(2020, 3, 9)) == "9 March 2020"
    at = datetime(2020, 7, 20, 9, 30, tzinfo=UTC)
    assert formatting.moment(at) == "20 July 2020, 09:30 UTC"
    assert formatting.counted(1, "school") == "1 school"
    assert formatting.counted(2, "person", "people") == "2 people"
    assert formatting.listed(["a", "b", "c"]) == "a, b and c"
    assert formatting.sentence("no arm") == "No arm."
