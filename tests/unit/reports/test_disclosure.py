from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reports.disclosure import Limits, withheld

LIMITS = Limits(people=10, schools=5)


def marks(people: list[list[int]], schools: list[list[int]] | None = None, **totals: bool) -> list:
    counts = np.array(people)
    behind = counts if schools is None else np.array(schools)
    return withheld(counts, behind, LIMITS, **totals).tolist()


def test_withholds_a_cell_of_one_to_nine_people_and_shows_ten_and_nobody() -> None:
    assert marks([[0, 1, 9, 10]]) == [[False, True, True, False]]


def test_withholds_a_cell_of_many_people_in_few_schools() -> None:
    assert marks([[40, 40]], [[4, 5]]) == [[True, False]]


def test_withholds_the_smallest_other_cell_when_a_total_stands_beside() -> None:
    assert marks([[3, 30, 20]], rows_have_totals=True) == [[True, False, True]]


def test_leaves_the_other_cells_alone_when_no_total_is_shown() -> None:
    assert marks([[3, 30, 20]]) == [[True, False, False]]


def test_never_takes_a_cell_of_nobody_as_the_second_one() -> None:
    assert marks([[3, 0]], rows_have_totals=True) == [[True, False]]


def test_closes_the_way_round_through_rows_and_columns() -> None:
    found = marks(
        [[3, 30, 40], [20, 50, 60], [70, 80, 90]], rows_have_totals=True, columns_have_totals=True
    )
    assert found == [[True, True, False], [True, True, False], [False, False, False]]


def test_a_figure_is_about_too_few_by_people_or_by_schools() -> None:
    assert LIMITS.too_few(9, 9)
    assert LIMITS.too_few(50, 4)
    assert not LIMITS.too_few(10, 5)
    assert not LIMITS.too_few(0, 0)


@settings(deadline=None, max_examples=60)
@given(arrays(int, st.tuples(st.integers(1, 5), st.integers(2, 5)), elements=st.integers(0, 40)))
def test_no_line_with_a_total_ever_keeps_a_single_withheld_cell(people: np.ndarray) -> None:
    found = withheld(people, people, LIMITS, rows_have_totals=True, columns_have_totals=True)
    assert found[(people > 0) & (people < 10)].all()
    for line, hidden in [*zip(people, found, strict=True), *zip(people.T, found.T, strict=True)]:
        if hidden.sum() == 1:
            assert (line[~hidden] == 0).all()


@pytest.mark.parametrize("words", ["10 people", "5 schools"])
def test_the_note_names_both_limits(words: str) -> None:
    assert words in LIMITS.note()
