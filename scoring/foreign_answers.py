"""Answers from other platforms, and from longer instruments, as the frame that scoring takes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from instruments.missing import MISSING_CODES, NOT_ANSWERED
from instruments.model import Instrument, ResponseOption
from scoring.errors import AnswersError, OutOfRange, OutOfRangeError
from scoring.frames import checked_answers

NO_ANSWER: Final = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", ".", "#N/A")
"""What R, pandas, spreadsheets, SPSS and databases write for an empty cell."""

_INT8: Final = np.iinfo(np.int8)


@dataclass(frozen=True, slots=True)
class AnswersRead:
    """The answers of a table, with every cell that cannot be one.

    Attributes
    ----------
    answers : DataFrame of int8, one row a person
        Items that another instrument asked as well are among them.
    faults : tuple of OutOfRange
        Row by row: cells that hold no whole number, as text, and numbers that are no option of
        their item. Not to be scored while there are any.
    """

    answers: pd.DataFrame
    faults: tuple[OutOfRange, ...]


def read_answers(table: pd.DataFrame, instrument: Instrument) -> AnswersRead:
    """Return the instrument's answers in a table, and every cell that cannot be an answer.

    Parameters
    ----------
    table : DataFrame of str, one row a person
        The cells of a CSV, as text. Columns that are no items are not looked at.
    instrument : Instrument

    Raises
    ------
    AnswersError
        When a scored item has no column, or a column is there twice.
    """
    wanted = [name for item in instrument.items for name in (item.id, item.same_as) if name]
    numbers, unreadable = _whole_numbers(table, wanted)
    answers = with_shared_items(numbers, instrument)
    names = {
        item.id: item.same_as
        for item in instrument.items
        if item.same_as is not None and item.id not in table.columns
    }
    try:
        checked_answers(answers, instrument, instrument.scored_items)
        no_options: list[OutOfRange] = []
    except OutOfRangeError as error:
        no_options = [
            replace(each, column=names.get(each.column, each.column)) for each in error.values
        ]
    place = {row: number for number, row in enumerate(table.index)}
    column = {name: number for number, name in enumerate(table.columns)}
    faults = sorted(
        (*unreadable, *no_options), key=lambda each: (place[each.row], column[each.column])
    )
    return AnswersRead(answers, tuple(faults))


def _whole_numbers(
    table: pd.DataFrame, items: Iterable[str]
) -> tuple[pd.DataFrame, list[OutOfRange]]:
    """Give the items' columns as int8, an empty cell as "not answered"; and what is no number."""
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
    return pd.DataFrame(columns, index=table.index), faults


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
