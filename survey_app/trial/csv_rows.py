"""Reads the rows of a CSV file by their headings, with everything that is wrong with the file."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from survey_app.trial.errors import RosterError, RosterFault
from survey_app.trial.register import plain
from survey_app.trial.roster_cells import CellError, checked_text
from survey_app.trial.roster_file import (
    MOST_ROWS,
    Report,
    cleaned,
    decoded,
    delimiter_of,
    records_of,
)

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class CsvRow:
    """The cells of one row by column, cleaned; "" where empty."""

    line: int
    cells: Mapping[str, str]
    headings: Mapping[str, str]
    report: Report

    def read(self, column: str, parse: Callable[[str], Value]) -> Value | None:
        """Give what a cell says; None where it says nothing, or nothing that can be."""
        text = self.cells.get(column, "")
        if not text:
            return None
        try:
            return parse(checked_text(text))
        except CellError as error:
            self.fault(column, str(error))
            return None

    def needed(self, column: str, parse: Callable[[str], Value]) -> Value | None:
        """Give what a cell says that must say something."""
        if not self.cells.get(column):
            self.fault(column, "the cell is empty; expected a value")
            return None
        return self.read(column, parse)

    def fault(self, column: str, reason: str) -> None:
        """Report what is wrong with a cell."""
        self.report(RosterFault(self.line, self.headings.get(column, column), reason))


def read_rows(
    data: bytes,
    report: Report,
    *,
    headings: Mapping[str, str],
    required: Sequence[str],
    most: int = MOST_ROWS,
) -> tuple[CsvRow, ...]:
    """The rows of the file; what is wrong is reported, and RosterError raised if nothing reads.

    `headings` gives the column by each heading that is understood, in plain words; others are left
    alone.
    """
    lines = list(io.StringIO(decoded(data, report), newline=""))
    records = [
        (line, cells)
        for line, cells in records_of(lines, delimiter_of(lines, headings), report)
        if any(cell.strip() for cell in cells)
    ]
    if not records:
        reason = "the file has no text in it; expected a line of headings and rows below it"
        raise RosterError([RosterFault(0, "", reason)])
    (heading_line, first), *rest = records
    places: dict[str, int] = {}
    for place, heading in enumerate(first):
        column = headings.get(plain(heading))
        if column in places:
            reason = f"the column {column} is there twice; expected it once"
            report(RosterFault(heading_line, heading.strip(), reason))
        elif column is not None:
            places[column] = place
    missing = [column for column in required if column not in places]
    if missing:
        reason = f"the column is missing; expected the columns {', '.join(required)}"
        raise RosterError([RosterFault(heading_line, column, reason) for column in missing])
    if not rest:
        raise RosterError([RosterFault(0, "", "there are headings and no row below them")])
    if len(rest) > most:
        reason = f"there are {len(rest):,} rows; expected at most {most:,} in a file"
        raise RosterError([RosterFault(rest[most][0], "", reason)])
    named = {column: first[place].strip() for column, place in places.items()}
    return tuple(_row(line, cells, first, places, named, report) for line, cells in rest)


def _row(
    line: int,
    cells: Sequence[str],
    first: Sequence[str],
    places: Mapping[str, int],
    headings: Mapping[str, str],
    report: Report,
) -> CsvRow:
    if len(cells) < len(first) or any(cell.strip() for cell in cells[len(first) :]):
        reason = (
            f"the row has {len(cells)} cells where the headings are {len(first)}; expected as many "
            "(a text with a comma in it must stand in quotation marks)"
        )
        report(RosterFault(line, "", reason))
    found = {
        column: cleaned(cells[place]) for column, place in places.items() if place < len(cells)
    }
    return CsvRow(line, found, headings, report)
