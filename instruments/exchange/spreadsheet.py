"""The least of an .xlsx workbook: sheets of text, written and read by the standard library.

References
----------
ECMA-376 Part 1, SpreadsheetML; ISO/IEC 29500-2 for the package.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape, quoteattr

from instruments.exchange.drafts import Reading
from instruments.exchange.untrusted_xml import parse_untrusted

Rows = Sequence[Sequence[str]]

GREATEST_SIZE: Final = 20_000_000
"""Bytes of one part of a workbook, unpacked; a form is far smaller."""
GREATEST_COLUMN: Final = 500

_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_TYPES: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_OPENING: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)
_CELL: Final = re.compile(r"([A-Z]{1,3})[0-9]+", re.ASCII)


def write_workbook(sheets: Mapping[str, Rows]) -> bytes:
    """Return a workbook of these sheets, every cell text; the same sheets give the same bytes.

    Characters that XML cannot hold are left out.
    """
    names = list(sheets)
    parts = {
        "[Content_Types].xml": _content_types(names),
        "_rels/.rels": _relations([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": _workbook(names),
        "xl/_rels/workbook.xml.rels": _relations(
            [("worksheet", f"worksheets/sheet{n + 1}.xml") for n in range(len(names))]
        ),
    }
    for number, name in enumerate(names, start=1):
        parts[f"xl/worksheets/sheet{number}.xml"] = _sheet(sheets[name])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        for path, text in parts.items():
            package.writestr(
                zipfile.ZipInfo(path, _EARLIEST), _OPENING + text, zipfile.ZIP_DEFLATED
            )
    return packed.getvalue()


def read_workbook(data: bytes, reading: Reading) -> dict[str, list[list[str]]]:
    """Return the rows of every sheet as text, row 1 first; empty rows keep their place.

    Raises
    ------
    DefinitionError
        When the file is no workbook that can be read safely.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            return dict(_read_sheets(package, reading))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        # NotImplementedError: a packing the library does not know; RuntimeError: a password.
        reading.fault("", "no workbook that can be opened", "an .xlsx file without a password")
    except KeyError as error:
        reading.fault("", f"a workbook without {error.args[0]}", "a whole .xlsx file")
    except (ParseError, ValueError) as error:
        reading.fault("", f"a part that cannot be read safely ({error})", "a plain .xlsx file")
    reading.refuse_if_faulty()
    return {}


def _content_types(names: Sequence[str]) -> str:
    sheets = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n + 1}.xml" '
        f'ContentType="{_TYPES}.worksheet+xml"/>'
        for n in range(len(names))
    )
    return (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
        f"{sheets}</Types>"
    )


def _relations(targets: Iterable[tuple[str, str]]) -> str:
    entries = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{entries}</Relationships>'


def _workbook(names: Sequence[str]) -> str:
    sheets = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"/>'
        for number, name in enumerate(names, start=1)
    )
    return f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>'


def _sheet(rows: Rows) -> str:
    lines = "".join(
        f'<row r="{number}">{"".join(_cells(row, number))}</row>'
        for number, row in enumerate(rows, start=1)
    )
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{lines}</sheetData></worksheet>'


def _cells(row: Sequence[str], number: int) -> Iterator[str]:
    for column, text in enumerate(row):
        if text:
            words = escape(_NOT_IN_XML.sub("", text), {"\r": "&#13;"})
            yield (
                f'<c r="{_letters(column)}{number}" t="inlineStr">'
                f'<is><t xml:space="preserve">{words}</t></is></c>'
            )


def _letters(column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _column(reference: str, otherwise: int) -> int:
    """Return the number of a cell's column from 0; a cell may leave out its reference."""
    match = _CELL.fullmatch(reference)
    if not match:
        return otherwise
    number = 0
    for letter in match.group(1):
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _read_sheets(
    package: zipfile.ZipFile, reading: Reading
) -> Iterator[tuple[str, list[list[str]]]]:
    workbook = _part(package, "xl/workbook.xml")
    targets = {
        entry.get("Id", ""): entry.get("Target", "")
        for entry in _part(package, "xl/_rels/workbook.xml.rels")
    }
    shared: list[str] = []
    if "xl/sharedStrings.xml" in package.namelist():
        shared = [_text(entry) for entry in _part(package, "xl/sharedStrings.xml")]
    for sheet in workbook.iterfind(f"{{{_MAIN}}}sheets/{{{_MAIN}}}sheet"):
        name = sheet.get("name", "")
        target = targets.get(sheet.get(f"{{{_OFFICE}}}id", ""), "")
        path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        yield name, list(_read_rows(_part(package, path), shared, name, reading))


def _part(package: zipfile.ZipFile, path: str) -> Element:
    with package.open(package.getinfo(path)) as part:
        data = part.read(GREATEST_SIZE + 1)
    if len(data) > GREATEST_SIZE:
        raise ValueError(f"{path} has more than {GREATEST_SIZE} bytes")
    return parse_untrusted(data)


def _read_rows(
    sheet: Element, shared: Sequence[str], name: str, reading: Reading
) -> Iterator[list[str]]:
    written = 0
    for row in sheet.iterfind(f"{{{_MAIN}}}sheetData/{{{_MAIN}}}row"):
        number = row.get("r", "")
        place = int(number) if number.isdecimal() and len(number) < 6 else written + 1
        for _ in range(written + 1, place):
            yield []
        written = max(written + 1, place)
        cells: list[str] = []
        for cell in row.iterfind(f"{{{_MAIN}}}c"):
            column = _column(cell.get("r", ""), len(cells))
            if column >= GREATEST_COLUMN:
                reading.fault(f"{name}, row {written}", f"column {column + 1}", "a form's columns")
                break
            cells += [""] * (column + 1 - len(cells))
            cells[column] = _cell_text(cell, shared).strip()
        yield cells


def _cell_text(cell: Element, shared: Sequence[str]) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        inline = cell.find(f"{{{_MAIN}}}is")
        return "" if inline is None else _text(inline)
    value = cell.findtext(f"{{{_MAIN}}}v") or ""
    if kind == "s":
        return shared[int(value)] if value.isdecimal() and int(value) < len(shared) else ""
    if kind == "n" and re.fullmatch(r"-?[0-9]+\.0+", value):
        return value.partition(".")[0]
    return value


def _text(element: Element) -> str:
    """The words of all runs; how they are to be pronounced is left out."""
    runs = [*element.iterfind(f"{{{_MAIN}}}t"), *element.iterfind(f"{{{_MAIN}}}r/{{{_MAIN}}}t")]
    return "".join(run.text or "" for run in runs)
