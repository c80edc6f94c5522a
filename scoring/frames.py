"""The frame of answers: one row a submission, one column an item, int8, codes for the missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from instruments.missing import MISSING_CODES
from instruments.model import Instrument
from scoring.errors import AnswersError, OutOfRange, OutOfRangeError

Answers = npt.NDArray[np.int8]

_INT8: Final = np.iinfo(np.int8)


def checked_answers(answers: pd.DataFrame, instrument: Instrument, items: Sequence[str]) -> Answers:
    """Return the items' answers, item by item, after checking that every value is allowed.

    Parameters
    ----------
    answers : DataFrame, one row a submission
        Columns are item ids, of integers: the value of the option chosen or a code of
        `instruments.missing`. Other columns are not looked at.
    instrument : Instrument
        The instrument the items belong to.
    items : sequence of str
        The items wanted.

    Returns
    -------
    array of int8, shape (items, rows)
        One contiguous row an item, as scoring goes through it item by item.

    Raises
    ------
    AnswersError
        When a column is not there or does not hold integers.
    OutOfRangeError
        When a value is neither an option's nor a missing code; row and column are named.
    """
    _expect_columns(answers, items)
    columns = np.empty((len(items), len(answers)), dtype=np.int8)
    faults: list[OutOfRange] = []
    for number, item in enumerate(items):
        values = _integers(answers, item)
        allowed = _allowed_values(instrument, item)
        faults += _out_of_range(values, allowed, answers.index, item)
        columns[number] = values
    if faults:
        raise OutOfRangeError(faults)
    return columns


def item_columns(answers: pd.DataFrame, items: Sequence[str]) -> dict[str, Answers]:
    """Return the items' columns as int8, without a copy where they are int8 already.

    Whether a value is an option of its item is not looked at.

    Parameters
    ----------
    answers : DataFrame, one row a submission
    items : sequence of str

    Raises
    ------
    AnswersError
        When a column is not there, is there twice, or does not hold integers.
    OutOfRangeError
        When a value does not fit int8; row and column are named.
    """
    _expect_columns(answers, items)
    columns = {}
    faults: list[OutOfRange] = []
    for item in items:
        values = _integers(answers, item)
        if values.dtype != np.int8:
            large = np.flatnonzero((values < _INT8.min) | (values > _INT8.max))
            faults += [OutOfRange(answers.index[int(r)], item, int(values[r])) for r in large]
        columns[item] = values.astype(np.int8, copy=False)
    if faults:
        raise OutOfRangeError(faults)
    return columns


def _expect_columns(answers: pd.DataFrame, items: Sequence[str]) -> None:
    absent = [item for item in items if item not in answers.columns]
    if absent:
        raise AnswersError(f"the answers have no column {', '.join(absent)}")
    twice = answers.columns[answers.columns.duplicated()].intersection(pd.Index(items))
    if len(twice):
        raise AnswersError(f"the answers have more than one column {', '.join(twice)}")


def _integers(answers: pd.DataFrame, item: str) -> npt.NDArray[np.integer]:
    values = answers[item].to_numpy()
    if values.dtype.kind not in "iu":
        raise AnswersError(
            f"column {item} holds {answers[item].dtype}; expected int8, with the codes of "
            "a missing answer in place of an empty cell"
        )
    return values


def _allowed_values(instrument: Instrument, item: str) -> frozenset[int]:
    options = instrument.options(instrument.item(item))
    return MISSING_CODES | {option.value for option in options}


def _out_of_range(
    values: npt.NDArray[np.integer], allowed: frozenset[int], index: pd.Index, item: str
) -> list[OutOfRange]:
    table = np.zeros(256, dtype=bool)
    table[[value - _INT8.min for value in allowed]] = True
    fits = (values >= _INT8.min) & (values <= _INT8.max)
    place = np.where(fits, values, _INT8.min).astype(np.int16) - _INT8.min
    bad = ~(fits & table[place])
    if not bad.any():
        return []
    return [OutOfRange(index[int(row)], item, int(values[row])) for row in np.flatnonzero(bad)]
