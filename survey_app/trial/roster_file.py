"""Turns the bytes of a roster into rows of cells, with everything that is wrong with the file."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal, NoReturn

from survey_app.trial.errors import RosterError, RosterFault
from survey_app.trial.register import plain

Column = Literal[
    "authority", "authority_code", "school", "urn", "phase", "mainstream", "type", "status",
    "dsl_name", "dsl_email", "dsl_role", "trust",
]  # fmt: skip
Report = Callable[[RosterFault], None]

MOST_ROWS: Final = 20_000
DELIMITERS: Final = (",", ";", "\t")
SAVE_AS_CSV: Final = "expected a CSV file (from a spreadsheet: Save as, then CSV UTF-8)"

HEADINGS: Final[Mapping[str, Column]] = {
    "authority": "authority",
    "la name": "authority",
    "la code": "authority_code",
    "school": "school",
    "establishmentname": "school",
    "urn": "urn",
    "phase": "phase",
    "phaseofeducation name": "phase",
    "mainstream": "mainstream",
    "typeofestablishment name": "type",
    "establishmentstatus name": "status",
    "dsl name": "dsl_name",
    "dsl email": "dsl_email",
    "dsl role": "dsl_role",
    "trust": "trust",
    "trusts name": "trust",
}
REQUIRED: Final[Mapping[Column, str]] = {
    "authority": "authority, or LA (name)",
    "school": "school, or EstablishmentName",
    "urn": "urn, or URN",
    "phase": "phase, or PhaseOfEducation (name)",
    "dsl_name": "dsl_name",
    "dsl_email": "dsl_email",
    "dsl_role": "dsl_role",
}
MAINSTREAM_HEADINGS: Final = "mainstream, or TypeOfEstablishment (name)"

OTHER_FILES: Final[Mapping[bytes, str]] = {
    b"PK\x03\x04": "a spreadsheet or another zipped file (.xlsx, .ods)",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet (.xls)",
    b"%PDF": "a PDF",
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
}
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row under the headings that are understood, cleaned, "" where empty."""

    line: int
    cells: Mapping[Column, str]


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a roster, and each column's heading as the file spells it."""

    headings: Mapping[Column, str]
    rows: tuple[Row, ...]


def read_table(data: bytes, report: Report) -> Table:
    """The rows of the file; what is wrong is reported, and RosterError raised if nothing reads."""
    text = decoded(data, report)
    lines = list(io.StringIO(text, newline=""))
    delimiter = delimiter_of(lines, HEADINGS)
    records = ((line, cells) for line, cells in records_of(lines, delimiter, report) if any(cells))
    first = next(records, None)
    if first is None:
        _refuse(0, "the file has no text in it; expected a line of headings and a row a person")
    heading_line, heading_cells = first
    places = _places(heading_line, heading_cells, report)
    rows = _rows(records, places, len(heading_cells), report)
    headings = {column: heading_cells[place].strip() for column, place in places.items()}
    return Table(headings, tuple(rows))


def cleaned(text: str) -> str:
    """The text composed, without spaces at its ends or several in a row."""
    return re.sub(r"[ \u00a0]+", " ", unicodedata.normalize("NFC", text)).strip()


def _refuse(line: int, reason: str) -> NoReturn:
    raise RosterError([RosterFault(line, "", reason)])


def decoded(data: bytes, report: Report) -> str:
    """The text of a file; RosterError where it is no text."""
    for opening, name in OTHER_FILES.items():
        if data.startswith(opening):
            _refuse(0, f"this is {name}; {SAVE_AS_CSV}")
    if not data.removeprefix(BYTE_ORDER_MARK).strip():
        _refuse(0, "the file is empty; expected a line of headings and a row for each person")
    if data.count(b"\0") > len(data) // 4:
        _refuse(0, f"this is text in UTF-16, or no text at all; {SAVE_AS_CSV}")
    for number, line in enumerate(_LINE_END.split(data), start=1):
        if b"\0" in line:
            report(RosterFault(number, "", "there is a NUL byte in this line; expected text alone"))
    data = data.replace(b"\0", b"")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _decode_by_line(data, report)


def _decode_by_line(data: bytes, report: Report) -> str:
    """Text that is not UTF-8 as a whole: Windows-1252, unless other lines of it are UTF-8."""
    lines = _LINE_END.split(data.removeprefix(BYTE_ORDER_MARK))
    is_utf8_elsewhere = data.startswith(BYTE_ORDER_MARK) or any(
        not line.isascii() and _can_decode(line, "utf-8") for line in lines
    )
    encoding = "utf-8" if is_utf8_elsewhere else "cp1252"
    name = "UTF-8, as the rest of the file is" if is_utf8_elsewhere else "UTF-8 or Windows-1252"
    for number, line in enumerate(lines, start=1):
        if not _can_decode(line, encoding):
            report(RosterFault(number, "", f"a letter here is not in {name}; {SAVE_AS_CSV}"))
    return data.removeprefix(BYTE_ORDER_MARK).decode(encoding, errors="replace")


def _can_decode(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def delimiter_of(lines: Sequence[str], known: Container[str]) -> str:
    """What stands between the cells, by how many headings are known then."""
    headings = next((line for line in lines if line.strip()), "")

    def n_known(delimiter: str) -> int:
        return sum(plain(cell) in known for cell in headings.split(delimiter))

    return max(DELIMITERS, key=n_known)


def records_of(
    lines: Sequence[str], delimiter: str, report: Report
) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line it begins on; a line that is no CSV is reported and passed over."""
    start = 0
    while start < len(lines):
        reader = csv.reader(islice(lines, start, None), delimiter=delimiter, strict=True)
        begun = start
        try:
            for cells in reader:
                yield begun + 1, cells
                begun = start + reader.line_num
            return
        except csv.Error as error:
            reason = f"this line cannot be read as CSV ({error}); expected quotation marks in pairs"
            report(RosterFault(begun + 1, "", reason))
            start = begun + 1


def _places(line: int, headings: Sequence[str], report: Report) -> dict[Column, int]:
    places: dict[Column, int] = {}
    for place, heading in enumerate(headings):
        column = HEADINGS.get(plain(heading))
        if column is None:
            continue
        if column in places:
            found = f"{headings[places[column]].strip()!r} and {heading.strip()!r}"
            reason = f"two columns, {found}, say the same; expected one of them"
            report(RosterFault(line, heading.strip(), reason))
            continue
        places[column] = place
    if not places:
        found = ", ".join(heading.strip() for heading in headings)[:200]
        expected = "; ".join((*REQUIRED.values(), MAINSTREAM_HEADINGS))
        _refuse(line, f"no heading is known: found {found}; expected the headings {expected}")
    for column, expected in REQUIRED.items():
        if column not in places:
            report(_missing(line, column, expected))
    if "mainstream" not in places and "type" not in places:
        report(_missing(line, "mainstream", MAINSTREAM_HEADINGS))
    return places


def _missing(line: int, column: Column, expected: str) -> RosterFault:
    return RosterFault(line, column, f"the column is missing; expected one headed {expected}")


def _rows(
    records: Iterator[tuple[int, list[str]]],
    places: Mapping[Column, int],
    n_headings: int,
    report: Report,
) -> Iterator[Row]:
    n_rows = 0
    for line, cells in records:
        if not any(cell.strip() for cell in cells):
            continue
        n_rows += 1
        if n_rows > MOST_ROWS:
            reason = f"there are more than {MOST_ROWS:,} rows; expected at most that many in a file"
            report(RosterFault(line, "", reason))
            return
        if any(cell.strip() for cell in cells[n_headings:]) or len(cells) < n_headings:
            reason = (
                f"the row has {len(cells)} cells where the headings are {n_headings}; expected as "
                "many (a name with a comma in it must stand in quotation marks)"
            )
            report(RosterFault(line, "", reason))
        present = {
            column: cleaned(cells[place]) for column, place in places.items() if place < len(cells)
        }
        yield Row(line, present)
