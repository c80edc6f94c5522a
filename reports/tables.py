"""Tables as data: what stands in each cell, unrounded, until `reports.formatting` words it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Literal

CellKind = Literal["number", "words"]

# Rows, group headings counted, that are worth keeping on one page of paper.
SHORT_TABLE = 8
SHORT_GROUP = 8
LONG_TABLE = 15
NARROW_TABLE = 3
MOST_AT_FULL_SIZE = 10
LONG_ROW_TITLE = 60


@dataclass(frozen=True, slots=True)
class Count:
    """A whole number of people, schools or comments."""

    n: int


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, shown as a percentage; not available where the whole is 0."""

    part: int
    whole: int


@dataclass(frozen=True, slots=True)
class Number:
    """A measured or estimated number, shown with so many decimals; NaN is not available."""

    value: float
    places: int = 2


@dataclass(frozen=True, slots=True)
class Interval:
    """Two limits, shown as "low to high"."""

    low: float
    high: float
    places: int = 2


@dataclass(frozen=True, slots=True)
class ShareInterval:
    """Two limits of a proportion (0 to 1), shown as percentages."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Probability:
    """A p-value."""

    value: float


@dataclass(frozen=True, slots=True)
class Words:
    """A cell of text."""

    text: str


@dataclass(frozen=True, slots=True)
class Withheld:
    """A figure that exists and is not shown, because too few people or schools are behind it."""


@dataclass(frozen=True, slots=True)
class NotAvailable:
    """A figure that these data cannot give."""


Cell = (
    Count
    | Share
    | Number
    | Interval
    | ShareInterval
    | Probability
    | Words
    | Withheld
    | NotAvailable
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, whether it holds numbers (set right) or words (set left), and the
    heading it shares with its neighbours ("" for none)."""

    title: str
    kind: CellKind = "number"
    group: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its heading, its cells, and the group it begins or belongs to ("" for none)."""

    title: str
    cells: tuple[Cell, ...]
    group: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One numbered table.

    Attributes
    ----------
    number : int
        Its number in the document; 0 until the document numbers it.
    title : str
        The caption, without the number.
    row_title : str
        The heading of the first column, which names the rows.
    columns : tuple of Column
        The other columns.
    rows : tuple of Row
        Each with as many cells as there are columns.
    notes : tuple of str
        Sentences below the table.
    """

    title: str
    row_title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    number: int = 0

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row.cells) != len(self.columns):
                raise ValueError(
                    f"table {self.title!r}, row {row.title!r}: found {len(row.cells)} cells; "
                    f"expected {len(self.columns)}"
                )

    @property
    def is_short(self) -> bool:
        """Whether it should stay on one page of paper."""
        return len(self.rows) + len({row.group for row in self.rows}) <= SHORT_TABLE

    def is_short_group(self, rows: tuple[Row, ...]) -> bool:
        """Whether these rows of one group should stay on one page of paper."""
        return len(rows) <= SHORT_GROUP

    @property
    def is_numeric(self) -> bool:
        """Whether every column but the first holds numbers."""
        return all(column.kind == "number" for column in self.columns)

    @property
    def is_wide(self) -> bool:
        """Whether it has more columns than a telephone shows side by side."""
        return len(self.columns) > NARROW_TABLE

    @property
    def is_dense(self) -> bool:
        """Whether it has more columns than a page of paper holds in the usual size."""
        return len(self.columns) > MOST_AT_FULL_SIZE

    @property
    def is_long(self) -> bool:
        """Whether its rows are set closer on paper, so that a page holds most of it."""
        return len(self.rows) > LONG_TABLE and not self.is_wordy

    def begins_group(self, place: int) -> bool:
        """Whether a column is the first of those that share a heading, others standing before."""
        before, own = self.columns[place - 1].group, self.columns[place].group
        return place > 0 and own != before and bool(own)

    @property
    def is_wordy(self) -> bool:
        """Whether its rows are named by whole sentences, which need room."""
        return any(len(row.title) > LONG_ROW_TITLE for row in self.rows)

    @property
    def has_withheld(self) -> bool:
        """Whether any figure of the table is not shown for being about too few."""
        return any(isinstance(cell, Withheld) for row in self.rows for cell in row.cells)

    def column_groups(self) -> tuple[tuple[str, int], ...]:
        """Give the shared headings with the columns each spans; nothing where none is shared."""
        if not any(column.group for column in self.columns):
            return ()
        runs = groupby(column.group for column in self.columns)
        return tuple((group, len(list(run))) for group, run in runs)

    def groups(self) -> tuple[tuple[str, tuple[Row, ...]], ...]:
        """Give the rows in runs of the same group, in order."""
        runs = groupby(self.rows, key=lambda row: row.group)
        return tuple((group, tuple(run)) for group, run in runs)
