"""The data dictionary as a file: every cell is text, also to a spreadsheet."""

from __future__ import annotations

import csv
from io import StringIO

import pytest

from instruments.catalogue import load_catalogue
from instruments.dictionary import COLUMNS, data_dictionary, dictionary_csv

CATALOGUE = load_catalogue()
FORMULAS = ("=", "+", "-", "@")


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(StringIO(text, newline="")))


@pytest.mark.parametrize("before", ["", "\t", "\r", "\n ", " "])
@pytest.mark.parametrize("opening", FORMULAS)
def test_a_cell_that_would_be_a_formula_begins_with_an_apostrophe(
    opening: str, before: str
) -> None:
    gad7 = CATALOGUE["gad7"]
    sly = gad7.items[0].model_copy(update={"loinc": f"{before}{opening}HYPERLINK()"})
    rows = rows_of(dictionary_csv(gad7.model_copy(update={"items": (sly, *gad7.items[1:])})))
    assert rows[1][-1] == f"'{opening}HYPERLINK()"


@pytest.mark.parametrize("name", CATALOGUE)
def test_no_cell_of_a_shipped_instrument_needs_an_apostrophe(name: str) -> None:
    header, *rows = rows_of(dictionary_csv(CATALOGUE[name]))
    assert tuple(header) == COLUMNS
    expected = [
        [getattr(row, column) for column in COLUMNS] for row in data_dictionary(CATALOGUE[name])
    ]
    assert rows == expected
    assert not [cell for row in rows for cell in row if cell.startswith(FORMULAS)]
