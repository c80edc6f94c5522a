"""Reads what became of sessions from a CSV, one row a school and meeting.

An empty `attended_by` leaves open who came; one that names people says that the others did not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from survey_app.trial.csv_rows import CsvRow, read_rows
from survey_app.trial.design import StudyDefinition
from survey_app.trial.errors import RosterError, RosterFault
from survey_app.trial.meetings import (
    NOT_HELD,
    OFFERED,
    OUTCOMES,
    SUPERVISION,
    MeetingFacts,
    Outcome,
    Part,
    faults_of,
    models_of,
    parts_of,
)
from survey_app.trial.register import plain
from survey_app.trial.roster_cells import CellError, email_of, urn_of

HEADINGS: Final[Mapping[str, str]] = {
    "urn": "urn",
    "part": "part",
    "session": "session",
    "outcome": "outcome",
    "planned on": "planned_on",
    "held on": "held_on",
    "kind": "kind",
    "group": "group",
    "supervisor": "supervisor",
    "reason": "reason",
    "attended by": "attended_by",
}
REQUIRED: Final = ("urn", "session", "outcome")
OUTCOME_WORDS: Final[Mapping[str, Outcome]] = {
    **{plain(each): each for each in OUTCOMES},
    "not attended": "missed",
    "canceled": "cancelled",
}
KINDS: Final[Mapping[str, str]] = {
    "one to one": "one_to_one",
    "individual": "one_to_one",
    "group": "group",
}
_COLUMN_OF: Final[Mapping[str, str]] = {"number": "session", "model": "kind", "because": "reason"}


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One meeting of one school, with the line it stands on and who came, where that is said."""

    line: int
    urn: str
    facts: MeetingFacts
    attended_by: tuple[str, ...] = ()


def read_sessions(
    data: bytes, *, definition: StudyDefinition, today: date
) -> tuple[SessionRow, ...]:
    """The meetings in this file; RosterError with every fault of every row where there is any."""
    faults: list[RosterFault] = []
    try:
        rows = read_rows(data, faults.append, headings=HEADINGS, required=REQUIRED)
    except RosterError as error:
        raise RosterError([*faults, *error.faults]) from error
    found = [_read(row, definition, today) for row in rows]
    first: dict[tuple[str, str, int], int] = {}
    for each in found:
        if each is None:
            continue
        key = (each.urn, each.facts.part, each.facts.number)
        line = first.setdefault(key, each.line)
        if line != each.line:
            reason = f"this session of {each.urn} is already on line {line}; expected it once"
            faults.append(RosterFault(each.line, "", reason))
    if faults:
        raise RosterError(faults)
    return tuple(each for each in found if each is not None)


def _read(row: CsvRow, definition: StudyDefinition, today: date) -> SessionRow | None:
    parts = parts_of(definition)
    urn = row.needed("urn", urn_of)
    part = row.read("part", lambda text: _part_of(text, parts)) or (
        None if row.cells.get("part") else SUPERVISION
    )
    number = row.needed("session", _number_of)
    outcome = row.needed("outcome", _outcome_of)
    planned_on = row.read("planned_on", day_of)
    held_on = row.read("held_on", day_of)
    model = row.read("kind", _kind_of)
    people = row.read("attended_by", _addresses_of) or ()
    texts = {name: row.read(name, _text_of) or "" for name in ("group", "supervisor", "reason")}
    if part is None or number is None:
        return None
    days = parts[part].days
    if not 1 <= number <= len(days):
        row.fault("session", f"found {number}; expected a number from 1 to {len(days)}")
        return None
    if urn is None or outcome is None:
        return None
    if planned_on is None and not row.cells.get("planned_on"):
        planned_on = days[number - 1]
    models = models_of(definition)
    if model is None and not row.cells.get("kind") and outcome in OFFERED and len(models) == 1:
        (model,) = models
    if people and outcome != "attended":
        row.fault("attended_by", "nobody can have attended; expected the outcome attended")
    facts = MeetingFacts(
        part=part,
        number=number,
        planned_on=planned_on or days[0],
        outcome=outcome,
        model="" if outcome in NOT_HELD else model or "",
        held_on=held_on,
        group=texts["group"],
        supervisor=texts["supervisor"],
        because=texts["reason"],
    )
    wrong = False
    for field, reason in faults_of(facts, definition, today=today):
        column = _COLUMN_OF.get(field, field)
        if column == "kind" and row.cells.get("kind"):
            continue
        row.fault(column, reason)
        wrong = True
    return None if wrong else SessionRow(row.line, urn, facts, people)


def day_of(text: str) -> date:
    """A day as 2020-03-23 or 23/03/2020."""
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007  a day has no zone
        except ValueError:
            continue
    raise CellError(f"found {text!r}; expected a day such as 2020-03-23 or 23/03/2020")


def _part_of(text: str, parts: Mapping[str, Part]) -> str:
    names = {plain(name): part.id for part in parts.values() for name in (part.id, part.label)}
    if plain(text) not in names:
        raise CellError(f"found {text!r}; expected one of {', '.join(parts)}")
    return names[plain(text)]


def _number_of(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text):
        raise CellError(f"found {text!r}; expected the number of a session, such as 3")
    return int(text)


def _outcome_of(text: str) -> Outcome:
    if plain(text) not in OUTCOME_WORDS:
        raise CellError(
            f"found {text!r}; expected planned, attended, not attended, not offered or cancelled"
        )
    return OUTCOME_WORDS[plain(text)]


def _kind_of(text: str) -> str:
    if plain(text) not in KINDS:
        raise CellError(f"found {text!r}; expected one to one or group")
    return KINDS[plain(text)]


def _text_of(text: str) -> str:
    return text


def _addresses_of(text: str) -> tuple[str, ...]:
    return tuple(email_of(each) for each in re.split(r"[\s,;]+", text) if each)
