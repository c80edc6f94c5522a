"""Reads the counts that an authority holds from a CSV, one row a school and month.

An empty cell is a count that the authority did not give; it is never taken for 0.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from survey_app.trial.authority_months import MEASURES, Period, gaps, months_in_words
from survey_app.trial.csv_rows import CsvRow, read_rows
from survey_app.trial.errors import RosterError, RosterFault
from survey_app.trial.roster_cells import CellError, urn_of

HEADINGS: Final[Mapping[str, str]] = {
    "urn": "urn",
    "month": "month",
    "contacts": "contacts",
    "no further action": "no_further_action",
    "nfa": "no_further_action",
    "contacts ending in no further action": "no_further_action",
    "referrals": "referrals",
    "child in need plans": "child_in_need_plans",
    "cin plans": "child_in_need_plans",
    "initial child protection conferences": "initial_conferences",
    "initial conferences": "initial_conferences",
    "icpc": "initial_conferences",
    "icpcs": "initial_conferences",
}
REQUIRED: Final = ("urn", "month", "contacts")
MOST_ROWS: Final = 100_000
LARGEST_COUNT: Final = 9_999


@dataclass(frozen=True, slots=True)
class CountsRow:
    """The counts of one school in one month; None where the authority gave none."""

    line: int
    urn: str
    month: date
    counts: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class CountsFile:
    """A file of counts without a fault, with what of it should be looked at."""

    rows: tuple[CountsRow, ...]
    sha256: str
    notes: tuple[str, ...]


def read_counts(data: bytes, *, period: Period) -> CountsFile:
    """The counts in this file; RosterError with every fault of every row where there is any."""
    faults: list[RosterFault] = []
    try:
        rows = read_rows(data, faults.append, headings=HEADINGS, required=REQUIRED, most=MOST_ROWS)
    except RosterError as error:
        raise RosterError([*faults, *error.faults]) from error
    found = [each for row in rows if (each := _read(row, period)) is not None]
    faults += _repeated(found)
    if faults:
        raise RosterError(faults)
    return CountsFile(
        rows=tuple(found),
        sha256=hashlib.sha256(data).hexdigest(),
        notes=tuple(_gaps(found)),
    )


def _read(row: CsvRow, period: Period) -> CountsRow | None:
    urn = row.needed("urn", urn_of)
    month = row.needed("month", month_in)
    counts = {name: _count(row, name) for name in MEASURES}
    if month is not None and month not in period:
        row.fault(
            "month",
            f"found {month:%B %Y}; expected a month of the study, from {period.first:%B %Y} to "
            f"{period.last:%B %Y}",
        )
        month = None
    contacts, ended = counts["contacts"], counts["no_further_action"]
    if contacts is not None and ended is not None and ended > contacts:
        row.fault(
            "no_further_action",
            f"found {ended} of {contacts} contacts; expected no more than the contacts",
        )
    if not any(row.cells.get(name) for name in MEASURES):
        row.fault("contacts", "the row has no count; expected at least one")
    if urn is None or month is None:
        return None
    return CountsRow(row.line, urn, month, counts)


def _count(row: CsvRow, name: str) -> int | None:
    # To a spreadsheet a minus sign may begin a formula; here it is a number below 0.
    if (text := row.cells.get(name, "")).startswith("-"):
        row.fault(name, f"found {text!r}; expected a whole number, 0 or more")
        return None
    return row.read(name, count_in)


def month_in(text: str) -> date:
    """A month as 2019-10, 2019-10-01, 10/2019, 01/10/2019, October 2019 or Oct 2019."""
    for form in ("%Y-%m", "%Y-%m-%d", "%m/%Y", "%d/%m/%Y", "%B %Y", "%b %Y", "%b-%y"):
        try:
            return datetime.strptime(text, form).date().replace(day=1)  # noqa: DTZ007  a day
        except ValueError:
            continue
    raise CellError(f"found {text!r}; expected a month such as 2019-10 or October 2019")


def count_in(text: str) -> int:
    """A count: a whole number, 0 or more."""
    if not re.fullmatch(r"[0-9]+|[0-9]{1,3}(,[0-9]{3})+", text):
        raise CellError(
            f"found {text!r}; expected a whole number, 0 or more, or an empty cell where the "
            "authority gives none"
        )
    count = int(text.replace(",", ""))
    if count > LARGEST_COUNT:
        raise CellError(f"found {count:,}; expected at most {LARGEST_COUNT:,} in a month")
    return count


def _repeated(rows: Sequence[CountsRow]) -> Iterator[RosterFault]:
    first: dict[tuple[str, date], int] = {}
    for row in rows:
        line = first.setdefault((row.urn, row.month), row.line)
        if line != row.line:
            reason = f"{row.urn} in {row.month:%B %Y} is already on line {line}; expected it once"
            yield RosterFault(row.line, "", reason)


def _gaps(rows: Sequence[CountsRow]) -> Iterator[str]:
    months: dict[str, set[date]] = {}
    for row in rows:
        months.setdefault(row.urn, set()).add(row.month)
    for urn, found in sorted(months.items()):
        if missing := gaps(found):
            yield f"{urn} has no row for {months_in_words(missing)}."
