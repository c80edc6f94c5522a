"""Answers of one scale as keyed numbers: what every psychometric check takes.

"Keyed" means that a high number is a high score: reversed items are turned. An instrument's
answers and a table from another platform become the same thing here, so that no check after this
knows where the answers came from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from instruments.missing import NOT_ASKED
from instruments.model import Instrument, Score
from scoring.errors import AnswersError, OutOfRange, OutOfRangeError
from scoring.frames import checked_answers
from scoring.rules import Floats
from scoring.scales import reversal_constant

Booleans = npt.NDArray[np.bool_]

REVERSED_MARK: Final = "-"
_MOST_COLUMNS_NAMED: Final = 12


@dataclass(frozen=True, slots=True, eq=False)
class KeyedAnswers:
    """The answers of one scale, reversed items turned.

    Attributes
    ----------
    items : tuple of str
        The item ids, in the order of the columns.
    values : array of float, shape (n, k), one row a submission
        NaN where there is no answer, for whatever reason.
    minimum, maximum : array of float, shape (k,)
        The lowest and highest answer each item allows; reversal leaves both as they are.
    title : str
        What the items are scored as: the score's id, or the name given to the scale.
    reversed : tuple of str
        The items that were turned.
    not_asked : array of bool, shape (n, k), or None
        Where an item was not asked; None where everybody was asked everything.
    """

    items: tuple[str, ...]
    values: Floats
    minimum: Floats
    maximum: Floats
    title: str
    reversed: tuple[str, ...] = ()
    not_asked: Booleans | None = None

    def __post_init__(self) -> None:
        k = len(self.items)
        if self.values.ndim != 2 or self.values.shape[1] != k:
            raise AnswersError(f"found answers of shape {self.values.shape}; expected {k} columns")
        if len(self.minimum) != k or len(self.maximum) != k:
            raise AnswersError(
                f"found {len(self.minimum)} lowest and {len(self.maximum)} highest answers; "
                f"expected {k} of each"
            )
        if self.not_asked is not None and self.not_asked.shape != self.values.shape:
            raise AnswersError(
                f"found not_asked of shape {self.not_asked.shape}; expected {self.values.shape}"
            )

    @property
    def is_answered(self) -> Booleans:
        """Where there is an answer, shape (n, k)."""
        return ~np.isnan(self.values)

    @property
    def complete(self) -> Floats:
        """The rows in which every item is answered, shape (complete rows, k)."""
        whole = ~np.isnan(self.values).any(axis=1)
        return self.values if whole.all() else self.values[whole]

    @property
    def n_asked(self) -> int:
        """How many rows were asked at least one of the items."""
        if self.not_asked is None:
            return len(self.values)
        return int((~self.not_asked).any(axis=1).sum())

    def rows(self, chosen: Booleans) -> KeyedAnswers:
        """Return the same scale of some rows only: an arm, a wave.

        Parameters
        ----------
        chosen : array of bool, shape (n,)
        """
        not_asked = None if self.not_asked is None else self.not_asked[chosen]
        return KeyedAnswers(
            self.items,
            self.values[chosen],
            self.minimum,
            self.maximum,
            self.title,
            self.reversed,
            not_asked,
        )


def keyed_answers(answers: pd.DataFrame, score: Score, instrument: Instrument) -> KeyedAnswers:
    """Return the answers behind a score as they count in it, rows in the frame's order.

    Reversed items are turned, and recoded answers are what they count as.

    Parameters
    ----------
    answers : DataFrame, one row a submission
        Columns are item ids, of int8: the value of the option chosen or a code of
        `instruments.missing`.
    score : Score
        One of the instrument's scores; its id becomes the title.
    instrument : Instrument
        The items and their options.

    Returns
    -------
    KeyedAnswers

    Raises
    ------
    AnswersError, OutOfRangeError
        As for `scoring.scales.score`.
    """
    columns = checked_answers(answers, instrument, score.items)
    values = np.empty((columns.shape[1], columns.shape[0]))
    minimum, maximum = np.empty(len(score.items)), np.empty(len(score.items))
    for number, item in enumerate(score.items):
        options = np.array([each.value for each in instrument.options(instrument.item(item))])
        counted = _counted(options, score)
        minimum[number], maximum[number] = counted.min(), counted.max()
        top = reversal_constant(score, instrument, item)
        column = _counted(columns[number], score)
        keyed = column if top is None else top - column
        values[:, number] = np.where(columns[number] >= 0, keyed, np.nan)
    not_asked = (columns == NOT_ASKED).T
    return KeyedAnswers(
        items=tuple(score.items),
        values=values,
        minimum=minimum,
        maximum=maximum,
        title=score.id,
        reversed=tuple(score.reversed),
        not_asked=not_asked if not_asked.any() else None,
    )


def _counted(column: npt.NDArray[np.integer], score: Score) -> Floats:
    """Return what each value counts as in the score; codes of no answer stay as they are."""
    counted = column.astype(np.float64)
    for entry in score.recoded:
        counted[column == entry.value] = entry.counts_as
    return counted


def keyed_columns(
    table: pd.DataFrame, items: Sequence[str], limits: tuple[int, int], *, title: str = "scale"
) -> KeyedAnswers:
    """Return columns of a table from any platform as one scale; an empty cell is no answer.

    Parameters
    ----------
    table : DataFrame, one row a person
        Whole numbers, as numbers or as text; empty cells and NaN are no answer. Other columns are
        not looked at.
    items : sequence of str
        Column names; a minus in front of one reverses it ("-item3"), unless the table has a
        column whose name begins with that minus.
    limits : tuple of int
        The lowest and the highest answer the items allow. A reversed item is taken from their
        sum.
    title : str
        The scale's name.

    Returns
    -------
    KeyedAnswers

    Raises
    ------
    AnswersError
        When a column is not there, is there twice or is named twice, or the limits are not in
        order.
    OutOfRangeError
        When a value is not a whole number or lies outside the limits; row and column are named.
    """
    low, high = limits
    if low >= high:
        raise AnswersError(f"found the limits {low} to {high}; expected the lowest answer first")
    names = [item_name(table, item) for item in items]
    _expect_columns(table, names)
    columns = [_numbers(table[name]) for name in names]
    faults = [
        OutOfRange(table.index[int(row)], name, table[name].iloc[int(row)])
        for name, column in zip(names, columns, strict=True)
        for row in np.flatnonzero(_is_fault(column, low, high))
    ]
    if faults:
        raise OutOfRangeError(faults, expected=f"a whole number from {low} to {high}")
    reversed_items = tuple(name for name, item in zip(names, items, strict=True) if name != item)
    values = np.column_stack(
        [
            low + high - column if name in reversed_items else column
            for name, column in zip(names, columns, strict=True)
        ]
    )
    k = len(names)
    return KeyedAnswers(
        items=tuple(names),
        values=values,
        minimum=np.full(k, float(low)),
        maximum=np.full(k, float(high)),
        title=title,
        reversed=reversed_items,
    )


def item_name(table: pd.DataFrame, item: str) -> str:
    """Return the column an item of a scale names: without the minus that reverses it."""
    if item.startswith(REVERSED_MARK) and item not in table.columns:
        return item.removeprefix(REVERSED_MARK)
    return item


def _expect_columns(table: pd.DataFrame, names: Sequence[str]) -> None:
    if not names:
        raise AnswersError("found a scale without items; expected at least one column")
    absent = [name for name in names if name not in table.columns]
    if absent:
        there = ", ".join(str(name) for name in table.columns[:_MOST_COLUMNS_NAMED])
        more = ", …" if len(table.columns) > _MOST_COLUMNS_NAMED else ""
        raise AnswersError(
            f"the answers have no column {', '.join(absent)}; their columns are {there}{more}"
        )
    twice = table.columns[table.columns.duplicated()].intersection(pd.Index(names))
    if len(twice):
        raise AnswersError(f"the answers have more than one column {', '.join(twice)}")
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise AnswersError(f"the scale names {', '.join(repeated)} more than once")


def _numbers(column: pd.Series) -> Floats:
    """Return a column as floats: NaN for an empty cell, infinity for what is no number."""
    if column.dtype.kind in "iuf":
        return column.to_numpy(dtype=np.float64)
    empty = column.isna() | (column.astype("str").str.strip() == "")
    found = pd.to_numeric(column.where(~empty), errors="coerce").to_numpy(dtype=np.float64)
    return np.where(empty, np.nan, np.where(np.isnan(found), np.inf, found))


def _is_fault(column: Floats, low: int, high: int) -> Booleans:
    known = ~np.isnan(column)
    inside = (column >= low) & (column <= high)
    faults: Booleans = known & ~(inside & (column == np.round(column)))
    return faults
