"""XLSForm, the .xlsx workbook of ODK, KoboToolbox and their kin, out and in.

The instrument is one group shown on one screen: the stem and the attribution are notes, the items
`select_one` questions, and each response set a list of choices. Columns that no tool knows
(`loinc`, and on the sheet of settings `citation`, `notice` and `licence`) are left alone by all of
them, so they carry what XLSForm itself has no column for.

References
----------
https://xlsform.org/en/, https://xlsform.org/en/ref-table/
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
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
from instruments.exchange.spreadsheet import Rows, read_workbook, write_workbook
from instruments.model import Instrument, Item

WHY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "licence": "an XLSForm has no fields for terms; their text and the attribution are kept",
        "wording": "an XLSForm does not say how its wording was verified",
        "loinc_source": "an XLSForm does not say where its codes were read",
        "loinc_verified": "an XLSForm does not say how its codes were verified",
        "items.wording": "an XLSForm does not say how its wording was verified",
        "items.risk": "an XLSForm has no mark for items that may ask for attention",
        "short_title": "an XLSForm has one title",
        "scores": "an XLSForm has calculations and no scoring rules",
        "norms": "an XLSForm has no norms",
        "percentiles": "an XLSForm has no norms",
        "reliabilities": "an XLSForm has no reliabilities",
        "recall_period": "an XLSForm has the time asked about only in its words",
        "items.scored": "an XLSForm has no scoring rules",
        "items.asked_when": "`relevant` has a form of its own, in which the rule is kept",
        "items.same_as": "an XLSForm knows no items of other instruments",
    }
)

_SURVEY: Final = ("type", "name", "label", "appearance", "relevant", "loinc")
_CHOICES: Final = ("list_name", "name", "label", "loinc")
_SETTINGS: Final = (
    *("form_title", "form_id", "version", "loinc"),
    *("citation", "notice", "licence"),
)
_SELECT: Final = re.compile(r"(?:select_one|select one|select1)\s+(?:from\s+)?(\S+)(\s+or_other)?")
_GROUPS: Final = frozenset({"begin_group", "begin group", "end_group", "end group"})
_OLD_NAMES: Final = {"list name": "list_name", "caption": "label", "title": "form_title"}
_LABEL_OF_A_LANGUAGE: Final = re.compile(r"label::?(.+)")


def write(instrument: Instrument) -> bytes:
    """Return the instrument as an XLSForm workbook."""
    return write_workbook(sheets(instrument))


def sheets(instrument: Instrument) -> dict[str, Rows]:
    """Return the three sheets of the instrument's XLSForm as rows of text, headings first."""
    return {
        "survey": [_SURVEY, *_survey(instrument)],
        "choices": [
            _CHOICES,
            *(
                (each.id, str(option.value), option.label, option.loinc)
                for each in instrument.response_sets
                for option in each.options
            ),
        ],
        "settings": [
            _SETTINGS,
            (
                *(instrument.title, instrument.id, instrument.version, instrument.loinc),
                *(instrument.citation, instrument.notice, instrument.licence.text),
            ),
        ],
    }


def read(data: bytes, file: str) -> Imported:
    """Return what an XLSForm says of an instrument.

    Questions of other kinds than `select_one`, other languages than the first, and every cell that
    a definition has no place for, are listed.

    Raises
    ------
    DefinitionError
        When the file is no XLSForm or its rows are at fault; it holds every fault, with its sheet
        and row.
    """
    reading = Reading(file)
    workbook = {name.strip().lower(): rows for name, rows in read_workbook(data, reading).items()}
    survey = _table(workbook, "survey", ("type", "name"), reading)
    choices = _table(workbook, "choices", ("list_name", "name"), reading)
    settings = _table(workbook, "settings", (), reading) if "settings" in workbook else []
    reading.refuse_if_faulty()
    lists = _lists(choices, reading)
    words = _Words()
    found = [item for row in survey for item in _question(row, lists, words, reading)]
    first = settings[0] if settings else _Row("settings", 2, {})
    draft = finish(
        reading,
        found,
        form=first.take("form_id") or first.take("form_title") or words.group or "form",
        title=first.take("form_title"),
        version=first.take("version"),
        loinc=first.take("loinc"),
        citation=first.take("citation"),
        notice=first.take("notice"),
        heading=words.heading,
        stem=words.stem,
        licence=DraftLicence(text=first.take("licence"), attribution=words.attribution),
    )
    first.list_rest("", reading)
    return Imported(draft.draft, tuple(reading.losses))


def _survey(instrument: Instrument) -> Iterator[tuple[str, ...]]:
    name = instrument.id
    yield "begin_group", name, instrument.heading, "field-list", "", ""
    if instrument.stem:
        yield "note", f"{name}_stem", instrument.stem, "", "", ""
    for item in instrument.items:
        kind = f"select_one {item.response_set}"
        yield kind, item.id, item.text, "", _relevant(item), item.loinc
    if instrument.licence.attribution:
        yield "note", f"{name}_attribution", instrument.licence.attribution, "", "", ""
    yield "end_group", "", "", "", "", ""


def _relevant(item: Item) -> str:
    if item.asked_when is None:
        return ""
    return written(logic_of(item.asked_when), field="${{{}}}".format, unequal="!=")


class _Row:
    """One row of a sheet, by its headings; remembers which cells were looked at."""

    def __init__(self, sheet: str, number: int, cells: Mapping[str, str]) -> None:
        self.where = f"{sheet}, row {number}"
        self._cells = cells
        self._taken: set[str] = set()

    def take(self, column: str) -> str:
        self._taken.add(column)
        return self._cells.get(column, "")

    def take_label(self) -> str:
        """Return the label, or that of the first language when there is none without one."""
        label = self.take("label")
        for column in self._cells:
            if not label and _LABEL_OF_A_LANGUAGE.fullmatch(column):
                label = self.take(column)
        return label

    def list_rest(self, item: str, reading: Reading) -> None:
        for column, cell in self._cells.items():
            if cell and column not in self._taken:
                reading.lost(column, item, "a definition has no place for it")


@dataclass(slots=True)
class _Words:
    """The words around the questions, as they are met."""

    group: str = ""
    heading: str = ""
    stem: str = ""
    attribution: str = ""
    is_before_questions: bool = True


def _table(
    workbook: Mapping[str, Rows], sheet: str, required: Iterable[str], reading: Reading
) -> list[_Row]:
    if sheet not in workbook:
        reading.fault(sheet, "no such sheet", "the sheets survey and choices")
        return []
    rows = workbook[sheet]
    headings = [_heading(cell) for cell in rows[0]] if rows else []
    for column in required:
        if column not in headings:
            reading.fault(f"{sheet}, row 1", f"no column {column!r}", f"a column {column!r}")
    return [
        _Row(sheet, number, {h: cell for h, cell in zip(headings, cells, strict=False) if h})
        for number, cells in enumerate(rows[1:], start=2)
        if any(cells)
    ]


def _heading(cell: str) -> str:
    name = cell.strip().lower()
    return _OLD_NAMES.get(name, name)


def _lists(choices: Iterable[_Row], reading: Reading) -> Mapping[str, list[FoundChoice]]:
    lists: dict[str, list[FoundChoice]] = defaultdict(list)
    for row in choices:
        name, code = row.take("list_name"), row.take("name")
        if not name:
            reading.fault(f"{row.where}, list_name", "nothing", "the name of a list")
        elif not code:
            reading.fault(f"{row.where}, name", "nothing", "the name of a choice")
        else:
            lists[name].append(FoundChoice(code, row.take_label(), row.take("loinc")))
            row.list_rest(f"{name} {code}", reading)
    return lists


def _question(
    row: _Row, lists: Mapping[str, list[FoundChoice]], words: _Words, reading: Reading
) -> Iterator[FoundItem]:
    kind, name, label = row.take("type"), row.take("name"), row.take_label()
    select = _SELECT.fullmatch(kind)
    if not kind:
        reading.fault(f"{row.where}, type", "nothing", "the type of the question")
    elif not name and not kind.startswith("end"):
        reading.fault(f"{row.where}, name", "nothing", "the name of the question")
    elif select:
        words.is_before_questions = False
        if select.group(1) in lists:
            choices = tuple(lists[select.group(1)])
            relevant = row.take("relevant")
            yield FoundItem(
                row.where,
                name,
                label,
                choices,
                select.group(1),
                row.take("loinc"),
                condition=parsed(relevant) if relevant else None,
                condition_text=relevant,
                condition_field="relevant",
            )
        else:
            expected = f"a list of the sheet choices: {', '.join(sorted(lists))}"
            reading.fault(f"{row.where}, type", repr(select.group(1)), expected)
        if select.group(2):
            reading.lost("type", name, "a definition has no choice to be filled in (or_other)")
    elif kind in _GROUPS:
        _note_group(row, kind, name, label, words, reading)
    elif kind == "note":
        _note(name, label, words, reading)
    else:
        reading.lost("type", name, f"a definition holds single choices only, and this is {kind}")
    row.list_rest(name, reading)


def _note_group(
    row: _Row, kind: str, name: str, label: str, words: _Words, reading: Reading
) -> None:
    if kind.startswith("end"):
        return
    if row.take("appearance") not in ("", "field-list"):
        reading.lost("appearance", name, "a definition has no place for it")
    if not words.group:
        words.group, words.heading = name, label
    elif label:
        reading.lost("label", name, "a definition has one heading")


def _note(name: str, label: str, words: _Words, reading: Reading) -> None:
    if name.endswith("_attribution"):
        words.attribution = label
    elif words.is_before_questions and not words.stem:
        words.stem = label
    else:
        reading.lost("note", name, "a definition has no text between its items")
