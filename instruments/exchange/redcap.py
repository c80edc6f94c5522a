"""REDCap data dictionary, a CSV file of eighteen columns, out and in.

The items of one response set that follow each other are a matrix, named for the set; the stem is
the section header above the first. The first row is the record identifier that REDCap requires;
take it away where the items join a project that has one.

References
----------
Harris PA and others (2009), Journal of Biomedical Informatics 42(2), 377-381; the columns are those
of the dictionary that REDCap 8 to 14 downloads and accepts.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from types import MappingProxyType
from typing import Final

from instruments.exchange.drafts import (
    DraftLicence,
    FoundChoice,
    FoundItem,
    Imported,
    Reading,
    finish,
)
from instruments.exchange.logic import logic_of, parsed, written
from instruments.model import Instrument, Item

FIELD: Final = "Variable / Field Name"
FORM: Final = "Form Name"
HEADER: Final = "Section Header"
TYPE: Final = "Field Type"
LABEL: Final = "Field Label"
CHOICES: Final = "Choices, Calculations, OR Slider Labels"
MATRIX: Final = "Matrix Group Name"
ANNOTATION: Final = "Field Annotation"
BRANCHING: Final = "Branching Logic (Show field only if...)"
COLUMNS: Final = (
    FIELD,
    FORM,
    HEADER,
    TYPE,
    LABEL,
    CHOICES,
    "Field Note",
    "Text Validation Type OR Show Slider Number",
    "Text Validation Min",
    "Text Validation Max",
    "Identifier?",
    BRANCHING,
    "Required Field?",
    "Custom Alignment",
    "Question Number (surveys only)",
    MATRIX,
    "Matrix Ranking?",
    ANNOTATION,
)
RECORD_ID: Final = "record_id"

_READ: Final = frozenset({FIELD, FORM, HEADER, TYPE, LABEL, CHOICES, MATRIX, ANNOTATION, BRANCHING})
_CHOICE_TYPES: Final = frozenset({"radio", "dropdown"})
_FIXED_CHOICES: Final = {"yesno": "1, Yes | 0, No", "truefalse": "1, True | 0, False"}
_TYPES: Final = frozenset(
    {
        *("text", "notes", "radio", "dropdown", "checkbox", "yesno", "truefalse"),
        *("calc", "file", "slider", "descriptive", "sql"),
    }
)
_LOINC_NOTE: Final = re.compile(r"LOINC=(\S+)")
_BETWEEN_CHOICES: Final = re.compile(r"\||\r?\n")

_WORDS_OF_FORM = "REDCap keeps the words of a form outside its dictionary"
WHY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "version": "a data dictionary has no version",
        "title": _WORDS_OF_FORM,
        "short_title": _WORDS_OF_FORM,
        "heading": _WORDS_OF_FORM,
        "citation": "a data dictionary has no source",
        "notice": "a data dictionary has no notice",
        "licence": "a data dictionary has no licence; only the attribution is shown",
        "wording": "a data dictionary does not say how its wording was verified",
        "loinc_source": "a data dictionary does not say where its codes were read",
        "loinc_verified": "a data dictionary does not say how its codes were verified",
        "items.wording": "a data dictionary does not say how its wording was verified",
        "items.risk": "a data dictionary has no mark for items that may ask for attention",
        "loinc": "a data dictionary has codes for fields only",
        "response_sets.options.label": "REDCap takes | and line ends for the end of a choice",
        "response_sets.options.loinc": "a data dictionary has no codes for choices",
        "scores": "a data dictionary has calculations and no scoring rules",
        "norms": "a data dictionary has no norms",
        "percentiles": "a data dictionary has no norms",
        "reliabilities": "a data dictionary has no reliabilities",
        "recall_period": "a data dictionary has the time asked about only in its words",
        "items.scored": "a data dictionary has no scoring rules",
        "items.asked_when": "branching logic has a form of its own, in which the rule is kept",
        "items.same_as": "a data dictionary knows no items of other instruments",
    }
)


def write(instrument: Instrument) -> bytes:
    """Return the instrument as a data dictionary, UTF-8 with CRLF line ends."""
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, restval="")
    table.writeheader()
    table.writerows(_rows(instrument))
    return text.getvalue().encode()


def read(data: bytes, file: str) -> Imported:
    """Return what a data dictionary says of an instrument.

    Fields of other kinds than single choices, and every column that a definition has no place for,
    are listed. All forms of the file become one draft.

    Raises
    ------
    DefinitionError
        When the file is no data dictionary or its rows are at fault; it holds every fault.
    """
    reading = Reading(file)
    rows = _read_rows(data, reading)
    reading.refuse_if_faulty()
    attribution = ""
    headers: list[str] = []
    found: list[FoundItem] = []
    for number, row in rows:
        name = row[FIELD]
        if row[HEADER]:
            headers.append(row[HEADER])
            if len(headers) > 1:
                reading.lost(HEADER, name, "a definition has one stem")
        if name.endswith("_attribution") and row[TYPE] == "descriptive":
            attribution = row[LABEL]
        elif not _is_record_id(number, row):
            found += _field(f"row {number}", row, reading)
    forms = list(dict.fromkeys(row[FORM] for _, row in rows if row[FORM]))
    for form in forms[1:]:
        reading.lost(FORM, form, "a definition is one form: its fields follow those of the first")
    return finish(
        reading,
        _with_names_of_sets(found),
        form=forms[0] if forms else "",
        stem=headers[0] if headers else "",
        licence=DraftLicence(attribution=attribution),
    )


def _rows(instrument: Instrument) -> Iterator[dict[str, str]]:
    yield {FIELD: RECORD_ID, FORM: instrument.id, TYPE: "text", LABEL: "Record ID"}
    header = instrument.stem
    taken: set[str] = set()
    for response_set, run in groupby(instrument.items, key=lambda item: item.response_set):
        matrix = _unused(response_set, taken)
        for item in run:
            yield {
                FIELD: item.id,
                FORM: instrument.id,
                HEADER: header,
                TYPE: "radio",
                LABEL: item.text,
                CHOICES: _choices(instrument, item),
                BRANCHING: _branching(item),
                MATRIX: matrix,
                ANNOTATION: f"LOINC={item.loinc}" if item.loinc else "",
            }
            header = ""
    if instrument.licence.attribution:
        yield {
            FIELD: f"{instrument.id}_attribution",
            FORM: instrument.id,
            TYPE: "descriptive",
            LABEL: instrument.licence.attribution,
        }


def _branching(item: Item) -> str:
    if item.asked_when is None:
        return ""
    return written(logic_of(item.asked_when), field="[{}]".format, unequal="<>")


def _unused(name: str, taken: set[str]) -> str:
    """Two matrices never share a name, even when they share their choices."""
    unused, number = name, 1
    while unused in taken:
        number += 1
        unused = f"{name}_{number}"
    taken.add(unused)
    return unused


def _choices(instrument: Instrument, item: Item) -> str:
    return " | ".join(
        f"{option.value}, {_BETWEEN_CHOICES.sub('/', option.label)}"
        for option in instrument.options(item)
    )


def _read_rows(data: bytes, reading: Reading) -> list[tuple[int, dict[str, str]]]:
    """Return the rows with their numbers as a spreadsheet shows them, the heading being row 1."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        reading.fault(f"byte {error.start}", "bytes that are not UTF-8", "a CSV file in UTF-8")
        return []
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        reading.fault("", f"text that is no CSV ({error})", "a CSV file")
        return []
    headings = [heading.strip() for heading in lines[0]] if lines else []
    for column in (FIELD, FORM, TYPE, LABEL, CHOICES):
        if column not in headings:
            reading.fault("row 1", f"no column {column!r}", "the columns of a data dictionary")
    rows = []
    for number, cells in enumerate(lines[1:], start=2):
        if len(cells) > len(headings):
            reading.fault(f"row {number}", f"{len(cells)} cells", f"at most {len(headings)}")
        elif any(cell.strip() for cell in cells):
            row = dict.fromkeys(COLUMNS, "")
            row |= {heading: cell.strip() for heading, cell in zip(headings, cells, strict=False)}
            rows.append((number, row))
    return rows


def _is_record_id(number: int, row: Mapping[str, str]) -> bool:
    return number == 2 and row[FIELD] == RECORD_ID and row[TYPE] == "text"


def _field(where: str, row: Mapping[str, str], reading: Reading) -> Iterator[FoundItem]:
    name, kind = row[FIELD], row[TYPE]
    if not name:
        reading.fault(f"{where}, {FIELD}", "nothing", "the name of the field")
    if kind not in _TYPES:
        reading.fault(
            f"{where}, {TYPE}",
            repr(kind) if kind else "nothing",
            f"one of {', '.join(sorted(_TYPES))}",
        )
        return
    if kind not in _CHOICE_TYPES and kind not in _FIXED_CHOICES:
        reading.lost(TYPE, name, f"a definition holds single choices only, and this is {kind}")
        return
    annotation = row[ANNOTATION]
    loinc = _LOINC_NOTE.search(annotation)
    if _LOINC_NOTE.sub("", annotation).strip():
        reading.lost(ANNOTATION, name, "a definition has no place for it")
    for column, cell in row.items():
        if column not in _READ and cell and not _says_no(column, cell):
            reading.lost(column, name, "a definition has no place for it")
    yield FoundItem(
        where=where,
        name=name,
        text=row[LABEL],
        choices=tuple(
            _read_choices(f"{where}, {CHOICES}", _FIXED_CHOICES.get(kind, row[CHOICES]), reading)
        ),
        response_set=row[MATRIX],
        loinc=loinc.group(1) if loinc else "",
        condition=parsed(row[BRANCHING]) if row[BRANCHING] else None,
        condition_text=row[BRANCHING],
        condition_field=BRANCHING,
    )


def _says_no(column: str, cell: str) -> bool:
    return column.endswith("?") and cell.lower() == "n"


def _read_choices(where: str, text: str, reading: Reading) -> Iterator[FoundChoice]:
    if not text:
        reading.fault(where, "nothing", "the choices, as in: 0, Never | 1, Often")
    for part in filter(None, map(str.strip, _BETWEEN_CHOICES.split(text))):
        code, comma, label = part.partition(",")
        if not comma:
            reading.fault(where, repr(part), "a code, a comma and the words of the choice")
        else:
            yield FoundChoice(code.strip(), label.strip())


def _with_names_of_sets(found: Iterable[FoundItem]) -> list[FoundItem]:
    """A matrix named like an earlier one with a number after it, and with its choices, is its set.

    That is how a set whose items do not follow each other is written.
    """
    sets: dict[str, tuple[FoundChoice, ...]] = {}
    named = []
    for item in found:
        base = re.sub(r"_[0-9]+$", "", item.response_set)
        name = base if sets.get(base) == item.choices else item.response_set
        sets.setdefault(name, item.choices)
        named.append(replace(item, response_set=name))
    return named
