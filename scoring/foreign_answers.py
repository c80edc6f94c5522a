"""Answers from other platforms, and from longer instruments, as the frame that scoring takes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import pandas as pd

from instruments.missing import MISSING_CODES, NOT_ANSWERED
from instruments.model import Instrument, ResponseOption
from scoring.errors import AnswersError, OutOfRange, OutOfRangeError

NO_ANSWER: Final = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", ".", "#N/A")
"""What R, pandas, spreadsheets, SPSS and databases write for an empty cell."""

_INT8: Final = np.iinfo(np.int8)


def whole_numbers(table: pd.DataFrame, items: Iterable[str]) -> pd.DataFrame:
    """Return the items' columns as int8; an empty cell is "not answered".

    Whether a number is an option of its item is not looked at: scoring does that.

    Parameters
    ----------
    table : DataFrame of str, one row a person
        The cells of a CSV, as text. Other columns are not looked at.
    items : iterable of str
        The columns wanted; those the table does not have are left out.

    Returns
    -------
    DataFrame of int8, shape (rows, items found)
        With the rows of `table`.

    Raises
    ------
    AnswersError
        When a column is there twice.
    OutOfRangeError
        When a cell holds no whole number, or one no response option has; row and column are named.
    """
    found = [item for item in items if item in table.columns]
    twice = table.columns[table.columns.duplicated()].intersection(pd.Index(found))
    if len(twice):
        raise AnswersError(f"the answers have more than one column {', '.join(twice)}")
    columns, faults = {}, []
    for item in found:
        cells = table[item].astype("str").str.strip()
        is_empty = cells.isin(NO_ANSWER).to_numpy(dtype=bool)
        read = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64)
        numbers = np.where(is_empty, NOT_ANSWERED, read)
        fits = (numbers >= _INT8.min) & (numbers <= _INT8.max) & (numbers == np.rint(numbers))
        faults += [
            OutOfRange(table.index[int(row)], item, cells.iloc[int(row)])
            for row in np.flatnonzero(~fits)
        ]
        columns[item] = np.where(fits, numbers, NOT_ANSWERED).astype(np.int8)
    if faults:
        raise OutOfRangeError(faults, expected="whole numbers that stand for a response option")
    return pd.DataFrame(columns, index=table.index)


def shift_of(answers: pd.DataFrame, instrument: Instrument) -> int:
    """Return by how much all answers lie off the instrument's options: 1, -1, or 0 for neither.

    For answers that were refused: 1 where every one would be an option if it were 1 lower.

    Parameters
    ----------
    answers : DataFrame of int8, one row a person
        Columns are item ids; codes of `instruments.missing` where there is no answer.
    instrument : Instrument
        The items and their options.
    """
    items = [item for item in instrument.scored_items if item in answers.columns]
    known = answers[items].astype(float).where(~answers[items].isin(MISSING_CODES))
    for shift in (1, -1):
        moved = known - shift
        fits = [
            moved[item].dropna().isin([option.value for option in _options(instrument, item)])
            for item in items
        ]
        if items and all(each.all() for each in fits):
            return shift
    return 0


def _options(instrument: Instrument, item: str) -> tuple[ResponseOption, ...]:
    return instrument.options(instrument.item(item))


def with_shared_items(answers: pd.DataFrame, instrument: Instrument) -> pd.DataFrame:
    """Return the answers with the items that a longer instrument asked as well.

    So the GAD-2 is scored from answers to the GAD-7, the PSS-4 from the PSS-10, the K6 from the
    K10: an item that has no column gets that of its `same_as`. An item with a column keeps it.

    Parameters
    ----------
    answers : DataFrame, one row a submission
        Columns are item ids.
    instrument : Instrument
        The instrument to be scored.
    """
    borrowed = {
        item.id: answers[item.same_as]
        for item in instrument.items
        if item.id not in answers.columns and item.same_as in answers.columns
    }
    return answers.assign(**borrowed)
