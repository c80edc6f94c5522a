"""LimeSurvey survey structures in: .lss (XML) and the tab-separated form (.txt).

References
----------
https://www.limesurvey.org/manual/Tab_Separated_Value_survey_structure; for .lss the tables
`questions`, `subquestions`, `answers` and, since version 4, their `…_l10ns` with the words.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from instruments.exchange.drafts import FoundChoice, FoundItem, Imported, Reading, finish
from instruments.exchange.html_text import has_tags, words_of_html
from instruments.exchange.logic import parsed
from instruments.exchange.untrusted_xml import parse_untrusted

WHY: Final[Mapping[str, str]] = MappingProxyType({})

_LISTS: Final = frozenset({"L", "!", "O"})
_ARRAYS: Final = frozenset({"F", "H"})
_POINTS: Final[Mapping[str, int]] = {"5": 5, "A": 5, "B": 10}
_ARRAYS_OF_POINTS: Final = frozenset({"A", "B"})
_BOILERPLATE: Final = "X"

_TSV_COLUMNS: Final = ("class", "type/scale", "name", "text")
_NOT_SETTINGS: Final = frozenset(
    {
        *("id", "related_id", "class", "type/scale", "name", "text", "language"),
        *("same_default", "same_script", "question_theme_name"),
    }
)
_LSS_SETTINGS: Final = ("help", "mandatory", "other", "relevance", "preg")
_LOOKS: Final = frozenset({"statistics_showgraph", "statistics_graphtype", "save_as_default"})
_TABLES_READ: Final = frozenset(
    {
        *("groups", "group_l10ns", "questions", "subquestions", "question_l10ns"),
        *("answers", "answer_l10ns", "question_attributes", "surveys_languagesettings"),
    }
)
_TEXTS_OF_A_SURVEY: Final = ("surveyls_description", "surveyls_welcometext", "surveyls_endtext")
_OF_THE_STUDY: Final = "it belongs to a study, not to an instrument"
_USUAL: Final = frozenset({"", "0", "N", "n"})


Row = Mapping[str, str]


@dataclass(slots=True)
class _Question:
    """One question of either form, with the rows of an array and the answers offered."""

    where: str
    kind: str
    name: str
    text: str
    settings: dict[str, str]
    rows: list[tuple[str, str]] = field(default_factory=list)
    answers: list[FoundChoice] = field(default_factory=list)


@dataclass(slots=True)
class _Survey:
    title: str = ""
    groups: list[str] = field(default_factory=list)
    questions: list[_Question] = field(default_factory=list)


def read(data: bytes, file: str) -> Imported:
    """Return what a survey structure says of an instrument.

    Lists of one choice and arrays become items; of several languages the survey's first is taken.

    Raises
    ------
    DefinitionError
        When the file is no survey structure or parts of it are missing; it holds every fault.
    """
    reading = Reading(file)
    is_xml = data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")
    survey = _from_lss(data, reading) if is_xml else _from_tsv(data, reading)
    reading.refuse_if_faulty()
    for name in survey.groups[1:]:
        reading.lost("group", name, "a definition has one heading")
    found: list[FoundItem] = []
    stem = ""
    for question in survey.questions:
        text = _plain(question.text, question.name, reading)
        _list_settings(question, reading)
        has_own_stem = question.kind in _ARRAYS | _ARRAYS_OF_POINTS | {_BOILERPLATE}
        if has_own_stem and text and not (stem or found):
            stem = text
        elif has_own_stem and text not in ("", stem):
            reading.lost("text", question.name, "a definition has one stem")
        found += _items(question, text, reading)
    title = _plain(survey.title, "", reading)
    heading = survey.groups[0] if survey.groups else ""
    return finish(
        reading, found, form=title or heading or "survey", title=title, heading=heading, stem=stem
    )


def _items(question: _Question, text: str, reading: Reading) -> Iterator[FoundItem]:
    kind = question.kind
    points = range(1, _POINTS.get(kind, 0) + 1)
    choices = tuple(FoundChoice(str(point), str(point)) for point in points) or tuple(
        FoundChoice(each.code, _plain(each.label, question.name, reading))
        for each in question.answers
    )
    if kind in _LISTS or kind == "5":
        relevance = question.settings.get("relevance", "")
        relevance = "" if relevance in _USUAL | {"1"} else relevance
        yield FoundItem(
            question.where,
            question.name,
            text,
            choices,
            condition=parsed(relevance) if relevance else None,
            condition_text=relevance,
            condition_field="relevance",
        )
        if kind == "O":
            reading.lost("comment", question.name, "a definition has no comment beside a choice")
    elif kind in _ARRAYS | _ARRAYS_OF_POINTS:
        for code, row in question.rows:
            name = f"{question.name}_{code}"
            yield FoundItem(question.where, name, _plain(row, name, reading), choices)
    elif kind != _BOILERPLATE:
        reading.lost(
            "type", question.name, f"a definition holds single choices only, and this is {kind!r}"
        )


def _list_settings(question: _Question, reading: Reading) -> None:
    for setting, value in question.settings.items():
        if setting == "relevance" and question.kind in _LISTS | {"5"}:
            continue
        is_usual = value in _USUAL or (setting == "relevance" and value == "1")
        if not is_usual and setting not in _LOOKS:
            reading.lost(setting, question.name, "a definition has no place for it")


def _plain(text: str, name: str, reading: Reading) -> str:
    if has_tags(text):
        reading.lost("formatting", name, "words here have no formatting")
    return words_of_html(text)


def _from_tsv(data: bytes, reading: Reading) -> _Survey:
    survey = _Survey()
    language = ""
    others: set[str] = set()
    has_settings = False
    for where, row in _tsv_rows(data, reading):
        kind = row["class"]
        spoken = row.get("language", "")
        language = language or spoken
        if spoken and spoken != language:
            others.add(spoken)
        elif kind == "SL" and row["name"] == "surveyls_title":
            survey.title = row["text"]
        elif kind == "G":
            survey.groups.append(words_of_html(row["name"]))
        elif kind == "Q":
            settings = {key: cell for key, cell in row.items() if key not in _NOT_SETTINGS}
            survey.questions.append(
                _Question(where, row["type/scale"], row["name"], row["text"], settings)
            )
            if not (row["name"] and row["type/scale"]):
                reading.fault(where, "a question without name or type", "both")
        elif kind in ("SQ", "A"):
            _add_tsv_part(survey, kind, row, where, reading)
        elif kind == "S" or (kind == "SL" and row["name"] not in _TEXTS_OF_A_SURVEY):
            has_settings = True
        elif row["text"]:
            reading.lost(row["name"] or kind, "", _OF_THE_STUDY)
    if has_settings:
        reading.lost("settings", "", _OF_THE_STUDY)
    for other in sorted(others):
        reading.lost("language", other, f"only the first language is read, {language}")
    return survey


def _add_tsv_part(
    survey: _Survey, kind: str, row: Mapping[str, str], where: str, reading: Reading
) -> None:
    if not survey.questions:
        reading.fault(where, f"class {kind} before any question", "a question above it")
        return
    question = survey.questions[-1]
    if row["type/scale"] not in ("", "0"):
        reading.lost("scale", f"{question.name} {row['name']}", "a definition has one scale")
    elif kind == "SQ":
        question.rows.append((row["name"], row["text"]))
    else:
        question.answers.append(FoundChoice(row["name"], row["text"]))
        if row.get("relevance", "") not in _USUAL:
            reading.lost(
                "assessment value", f"{question.name} {row['name']}", "scores are written by hand"
            )


def _tsv_rows(data: bytes, reading: Reading) -> Iterator[tuple[str, dict[str, str]]]:
    try:
        text = data.decode("utf-8-sig")
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter="\t"))
    except UnicodeDecodeError as error:
        reading.fault(f"byte {error.start}", "bytes that are not UTF-8", "a text file in UTF-8")
        return
    except csv.Error as error:
        reading.fault("", f"text without tabs between its cells ({error})", "a survey structure")
        return
    headings = [cell.strip() for cell in lines[0]] if lines else []
    missing = [column for column in _TSV_COLUMNS if column not in headings]
    for column in missing:
        reading.fault("row 1", f"no column {column!r}", "the columns of a survey structure")
    if missing:
        return
    for number, cells in enumerate(lines[1:], start=2):
        row = dict.fromkeys(headings, "") | {
            heading: cell.strip() for heading, cell in zip(headings, cells, strict=False) if heading
        }
        if any(row.values()):
            yield f"row {number}", row


def _from_lss(data: bytes, reading: Reading) -> _Survey:
    try:
        document = parse_untrusted(data)
    except (ParseError, ValueError) as error:
        reading.fault("", f"XML that cannot be read safely ({error})", "a plain .lss file")
        return _Survey()
    kind = document.findtext("LimeSurveyDocType")
    if kind != "Survey":
        reading.fault("LimeSurveyDocType", repr(kind), "'Survey'")
        return _Survey()
    language = _language(document, reading)
    tables = _Tables(document, language)
    for table in document:
        if table.find("rows/row") is not None and table.tag not in _TABLES_READ:
            reading.lost(table.tag, "", _OF_THE_STUDY)
    for row in tables.titles():
        for name in _TEXTS_OF_A_SURVEY:
            if row.get(name):
                reading.lost(name, "", _OF_THE_STUDY)
    survey = _Survey(
        title=next((row.get("surveyls_title", "") for row in tables.titles()), ""),
        groups=[words_of_html(row.get("group_name", "")) for row in tables.of("groups", "gid")],
    )
    order = {row.get("gid", ""): number for number, row in enumerate(tables.of("groups", "gid"))}
    questions = sorted(
        tables.of("questions", "qid"), key=lambda row: order.get(row.get("gid", ""), 0)
    )
    rows = _by_question(tables.of("subquestions", "qid"), "parent_qid")
    answers = _by_question(tables.of("answers", "aid"), "qid")
    attributes = _by_question(_rows(document, "question_attributes"), "qid")
    for row in questions:
        survey.questions.append(
            _lss_question(row, rows, answers, attributes.get(row.get("qid", ""), []), reading)
        )
    return survey


def _lss_question(
    row: Row,
    rows: Mapping[str, list[Row]],
    answers: Mapping[str, list[Row]],
    attributes: Iterable[Row],
    reading: Reading,
) -> _Question:
    number = row.get("qid", "")
    where = f"questions, qid {number}"
    for column in ("title", "type"):
        if not row.get(column):
            reading.fault(f"{where}, {column}", "nothing", "a value")
    settings = {name: row.get(name, "") for name in _LSS_SETTINGS}
    settings |= {each.get("attribute", ""): each.get("value", "") for each in attributes}
    offered = []
    for each in answers.get(number, []):
        label = f"{row.get('title', '')} {each.get('code', '')}"
        if each.get("scale_id", "0") not in _USUAL:
            reading.lost("scale", label, "a definition has one scale")
            continue
        if each.get("assessment_value", "0") not in _USUAL:
            reading.lost("assessment value", label, "scores are written by hand")
        offered.append(FoundChoice(each.get("code", ""), each.get("answer", "")))
    return _Question(
        where=where,
        kind=row.get("type", ""),
        name=row.get("title", ""),
        text=row.get("question", ""),
        settings=settings,
        rows=[(each.get("title", ""), each.get("question", "")) for each in rows.get(number, [])],
        answers=offered,
    )


def _language(document: Element, reading: Reading) -> str:
    spoken = [each.text or "" for each in document.iterfind("languages/language")]
    base = next((row.get("language", "") for row in _rows(document, "surveys")), "")
    base = base or (spoken[0] if spoken else "")
    for other in spoken:
        if other != base:
            reading.lost("language", other, f"only the first language is read, {base}")
    return base


_ORDERS: Final = {
    "groups": "group_order",
    "questions": "question_order",
    "subquestions": "question_order",
    "answers": "sortorder",
}
_WORDS: Final = {
    "groups": "group_l10ns",
    "questions": "question_l10ns",
    "subquestions": "question_l10ns",
    "answers": "answer_l10ns",
}


class _Tables:
    """The tables of a document in one language, their rows in the order shown."""

    def __init__(self, document: Element, language: str) -> None:
        self._document = document
        self._language = language

    def titles(self) -> list[Row]:
        return self._spoken(_rows(self._document, "surveys_languagesettings"), "surveyls_language")

    def of(self, table: str, key: str) -> list[Row]:
        """Return the rows, each joined to its words where those are in a table of their own."""
        words = {
            row.get(key, ""): row
            for row in self._spoken(_rows(self._document, _WORDS[table]), "language")
        }
        rows = self._spoken(_rows(self._document, table), "language")
        rows = [{**words.get(row.get(key, ""), {}), **row} for row in rows]
        return sorted(rows, key=lambda row: _number(row.get(_ORDERS[table], "")))

    def _spoken(self, rows: Iterable[Row], column: str) -> list[Row]:
        return [row for row in rows if row.get(column, self._language) == self._language]


def _rows(document: Element, table: str) -> list[Row]:
    return [
        {cell.tag: (cell.text or "").strip() for cell in row}
        for row in document.iterfind(f"{table}/rows/row")
    ]


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _by_question(rows: Iterable[Row], column: str) -> Mapping[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.get(column, "")].append(row)
    return found
