"""Reading a CSV of answers from any platform as a table of text."""

from __future__ import annotations

import csv
import re
from io import StringIO
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    import pandas as pd

_SEPARATORS: Final = (",", ";", "\t", "|")
_BYTE_ORDER_MARKS: Final = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_WIDER_ROW: Final = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")
_BLANK_LINES: Final = re.compile(r"(?:[\s,;|]*\n|[\s,;|]*\Z)+")
_WHOLE_WITH_COMMA: Final = r"^(-?\d+),0+$"
"""A whole number written with a decimal comma, as in 3,0."""


def read_answer_table(data: bytes, source: str) -> pd.DataFrame:
    """Give every cell as text, numbered as a spreadsheet numbers rows: the headings are row 1.

    The separator is the one its headings have most of: comma, semicolon, tab or bar. Rows with
    nothing in them are left out, and the others keep their numbers. A heading that is there twice
    stays twice, for whoever uses it to refuse.
    """
    import pandas as pd

    text = _decoded(data, source)
    headings = _BLANK_LINES.match(text)
    above = "" if headings is None else headings.group()
    text = text.removeprefix(above)
    if not text:
        raise click.ClickException(f"{source} cannot be read as a CSV: there is nothing in it.")
    first = 1 + above.count("\n")
    try:
        cells = pd.read_csv(
            StringIO(text),
            sep=_separator(text),
            header=None,
            dtype="str",
            keep_default_na=False,
            skip_blank_lines=False,
        ).fillna("")
    except ValueError as error:
        raise click.ClickException(_not_a_table(source, error, first)) from error
    cells.index = pd.RangeIndex(first, first + len(cells))
    filled = cells[(cells.apply(lambda column: column.str.strip()) != "").any(axis=1)]
    table: pd.DataFrame = filled.iloc[1:].replace(_WHOLE_WITH_COMMA, r"\1", regex=True)
    table.columns = pd.Index(cells.iloc[0].str.strip(), name=None)
    return table


def _decoded(data: bytes, source: str) -> str:
    encoding = _BYTE_ORDER_MARKS.get(data[:2], "utf-8-sig")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise click.ClickException(
            f"{source} cannot be read as a CSV in UTF-8: row {row} has a letter in another "
            "encoding. Save it as “CSV UTF-8” and try again."
        ) from error


def _separator(text: str) -> str:
    headings = text.splitlines()[0]

    def count(separator: str) -> int:
        return len(next(csv.reader([headings], delimiter=separator), []))

    return max(_SEPARATORS, key=count)


def _not_a_table(source: str, error: ValueError, first: int) -> str:
    wider = _WIDER_ROW.search(str(error))
    if wider is not None:
        expected, row, found = wider.groups()
        return (
            f"{source} cannot be read as a CSV: row {int(row) + first - 1} has {found} cells; "
            f"expected {expected}, as in the rows before it."
        )
    return f"{source} cannot be read as a CSV: {error}"
