"""One score of many people at once, from their items' answers in columns of small integers.

The rows are gone through in blocks that fit the processor's cache, each block item by item in
8-bit integers, so that no table of floating-point numbers is ever as large as the answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from instruments.missing import NOT_ANSWERED, NOT_ASKED, PREFER_NOT_TO_SAY
from instruments.model import Instrument, Score
from scoring.errors import AnswersError, OutOfRange, OutOfRangeError
from scoring.rules import Floats, apply_rule

Column = npt.NDArray[np.int8]
Bytes = npt.NDArray[np.uint8]
Booleans = npt.NDArray[np.bool_]
Totals = npt.NDArray[np.int32]

SCORED: Final = ""
TOO_FEW_ANSWERED: Final = "too few answered"
NONE_ANSWERED: Final = "not answered"
ALL_PREFER_NOT_TO_SAY: Final = "prefer not to say"
NEVER_ASKED: Final = "not asked"

REASONS: Final = (
    SCORED,
    TOO_FEW_ANSWERED,
    NONE_ANSWERED,
    ALL_PREFER_NOT_TO_SAY,
    NEVER_ASKED,
)

NO_BAND: Final = -1

_ROWS_AT_A_TIME: Final = 1 << 16
_LOWEST_CODE: Final = min(NOT_ANSWERED, PREFER_NOT_TO_SAY, NOT_ASKED)
_CODES_SPAN: Final = max(NOT_ANSWERED, PREFER_NOT_TO_SAY, NOT_ASKED) - _LOWEST_CODE


@dataclass(frozen=True, slots=True, eq=False)
class ScoredColumn:
    """One score of every row.

    Attributes
    ----------
    values : array of float, shape (rows,)
        Unrounded; NaN where the score is withheld.
    n_answered : array of int8, shape (rows,)
        How many of the score's items were answered.
    reason : array of int8, shape (rows,)
        The place in `REASONS` of why there is no value; 0 where there is one.
    band : array of int8, shape (rows,)
        The place of the value's band among the score's bands, from 0; -1 where there is no value
        or the score has no bands.
    """

    values: Floats
    n_answered: Column
    reason: Column
    band: Column


def score_columns(columns: Sequence[Column], score: Score, instrument: Instrument) -> ScoredColumn:
    """Return one score, with the reason where there is none, and the band where there are bands.

    With at least the score's `minimum_answered` items answered, the person's mean of the answered
    items stands for the others; with fewer the score is withheld.

    Parameters
    ----------
    columns : sequence of int8 arrays, each of shape (rows,)
        One an item, in the order of `score.items`: the value of the option chosen or a code of
        `instruments.missing`. The columns of a column-major array, `array.T`, are such a sequence.
    score : Score
        The rule, of `instrument`.
    instrument : Instrument
        The items and their options.

    Returns
    -------
    ScoredColumn

    Raises
    ------
    AnswersError
        When there is not one column of int8 for each item, all of one length.
    OutOfRangeError
        When a value is neither an option's nor a missing code; rows are numbered from 0.
    """
    keys = [_item_key(score, instrument, item) for item in score.items]
    n_rows = _checked_length(columns, score)
    values = np.full(n_rows, np.nan)
    n_answered = np.zeros(n_rows, dtype=np.int8)
    reason = np.zeros(n_rows, dtype=np.int8)
    band = np.full(n_rows, NO_BAND, dtype=np.int8)
    faults: list[OutOfRange] = []
    for start in range(0, n_rows, _ROWS_AT_A_TIME):
        here = slice(start, start + _ROWS_AT_A_TIME)
        block = [column[here] for column in columns]
        faults += _out_of_range(block, keys, score, start)
        total, n_answered[here] = _total_and_answered(block, keys)
        _fill_values(values[here], total, n_answered[here], score)
        _fill_reasons(reason[here], block, n_answered[here], score)
        if score.bands:
            band[here] = band_codes(values[here], score)
    if faults:
        raise OutOfRangeError(faults)
    return ScoredColumn(values, n_answered, reason, band)


def band_codes(values: Floats, score: Score) -> Column:
    """Return the place of each value's band among the score's bands; -1 for NaN.

    A band begins at its lower end, or just above it where that is said, and reaches to the next
    band's beginning.
    """
    codes = np.full(len(values), NO_BAND, dtype=np.int8)
    for band in score.bands:
        codes += values > band.low if band.above_low else values >= band.low
    return codes


def reversal_constant(score: Score, instrument: Instrument, item: str) -> int | None:
    """Return what a reversed item is subtracted from; None when it is not reversed."""
    if item not in score.reversed:
        return None
    options = [option.value for option in instrument.options(instrument.item(item))]
    return min(options) + max(options)


@dataclass(frozen=True, slots=True, eq=False)
class _ItemKey:
    """What an item's stored values count as.

    Without gaps between its values, an answer is one comparison and its part of the total one
    subtraction; with gaps, or recoded, both are looked up.
    """

    lowest: int
    span: int
    is_reversed: bool
    counts_as: npt.NDArray[np.int16] | None
    is_value: Booleans


def _item_key(score: Score, instrument: Instrument, item: str) -> _ItemKey:
    values = sorted(option.value for option in instrument.options(instrument.item(item)))
    is_value = np.zeros(256, dtype=np.bool_)
    is_value[values] = True
    top = reversal_constant(score, instrument, item)
    has_gaps = values != list(range(values[0], values[-1] + 1))
    counts_as = None
    if score.recoded or has_gaps:
        numbers = {entry.value: entry.counts_as for entry in score.recoded}
        counts_as = np.zeros(256, dtype=np.int16)
        for value in values:
            counts_as[value] = numbers.get(value, value) if top is None else top - value
    return _ItemKey(values[0], values[-1] - values[0], top is not None, counts_as, is_value)


def _checked_length(columns: Sequence[Column], score: Score) -> int:
    lengths = {len(column) for column in columns}
    if len(columns) != len(score.items) or len(lengths) != 1:
        raise AnswersError(
            f"found {len(columns)} columns of {sorted(lengths)} rows; expected "
            f"{len(score.items)} of one length, for {score.id}"
        )
    if any(column.dtype != np.int8 for column in columns):
        raise AnswersError(f"found columns that are not int8; expected int8, for {score.id}")
    return lengths.pop()


def _is_answered(column: Column, key: _ItemKey) -> Booleans:
    """A missing code becomes a large number when its bits are read as unsigned."""
    if key.counts_as is not None:
        return key.is_value[column.view(np.uint8)]
    return _above_lowest(column, key) <= key.span


def _above_lowest(column: Column, key: _ItemKey) -> Bytes:
    above: Bytes = column.view(np.uint8) - np.uint8(key.lowest)
    return above


def _out_of_range(
    block: list[Column], keys: list[_ItemKey], score: Score, start: int
) -> list[OutOfRange]:
    faults = []
    for item, column, key in zip(score.items, block, keys, strict=True):
        answered = _is_answered(column, key)
        if answered.all():
            continue
        is_code = (column - np.int8(_LOWEST_CODE)).view(np.uint8) <= _CODES_SPAN
        bad = ~(answered | is_code)
        faults += [
            OutOfRange(start + int(row), item, int(column[row])) for row in np.flatnonzero(bad)
        ]
    return faults


def _total_and_answered(block: list[Column], keys: list[_ItemKey]) -> tuple[Totals, Column]:
    """Sums of a few items fit 8 bits; they are moved to the total before they could overflow."""
    n_rows = len(block[0])
    total = np.zeros(n_rows, dtype=np.int32)
    n_answered = np.zeros(n_rows, dtype=np.uint8)
    small = np.zeros(n_rows, dtype=np.uint8)
    room = 255
    lowest_of_all = {key.lowest for key in keys if key.counts_as is None}
    common_lowest = lowest_of_all.pop() if len(lowest_of_all) == 1 else 0
    for column, key in zip(block, keys, strict=True):
        answered = _is_answered(column, key)
        n_answered += answered
        if key.counts_as is not None:
            part = key.counts_as[column.view(np.uint8)]
            total += np.where(answered, part - np.int16(common_lowest), 0)
            continue
        if key.span > room:
            total += small
            small[:] = 0
            room = 255
        room -= key.span
        above = _above_lowest(column, key)
        if key.is_reversed:
            above = np.uint8(key.span) - above
        above *= answered
        small += above
        if key.lowest != common_lowest:
            total += answered * np.int32(key.lowest - common_lowest)
    total += small
    if common_lowest:
        total += n_answered * np.int32(common_lowest)
    return total, n_answered.view(np.int8)


def _fill_values(values: Floats, total: Totals, n_answered: Column, score: Score) -> None:
    enough = n_answered >= score.minimum_answered
    if enough.all():
        values[:] = apply_rule(score, total.astype(np.float64), n_answered.astype(np.float64))
    else:
        values[enough] = apply_rule(
            score, total[enough].astype(np.float64), n_answered[enough].astype(np.float64)
        )


def _fill_reasons(reason: Column, block: list[Column], n_answered: Column, score: Score) -> None:
    """Only the rows without a score are looked at again."""
    rows = np.flatnonzero(n_answered < score.minimum_answered)
    if not len(rows):
        return
    withheld = np.stack([column[rows] for column in block])
    asked = len(block) - (withheld == NOT_ASKED).sum(axis=0)
    reason[rows] = np.select(
        [
            asked == 0,
            (withheld == NOT_ANSWERED).sum(axis=0) == asked,
            (withheld == PREFER_NOT_TO_SAY).sum(axis=0) == asked,
        ],
        [
            REASONS.index(NEVER_ASKED),
            REASONS.index(NONE_ANSWERED),
            REASONS.index(ALL_PREFER_NOT_TO_SAY),
        ],
        default=REASONS.index(TOO_FEW_ANSWERED),
    )
