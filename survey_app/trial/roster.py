"""Reads a roster of schools and their DSLs from a CSV file, or says everything wrong with it.

Our own headings and those of the national register of schools' download are understood, in any mix
and any order; other columns are left alone. Four choices are ours:

- One address stands for one person. A DSL who is shared by schools takes part for one of them, the
  one named first: asked twice, one person would count as two, and might come to be in two arms.
- A school of a phase or a type outside the study is read, and is not eligible; a file without any
  school of the study's phases is refused as the wrong file.
- Where the file has no answer under ``mainstream``, the type of establishment gives it.
- Addresses are kept in lower case, so that a person is recognised at the next import.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from survey_app.trial.errors import RosterError, RosterFault
from survey_app.trial.register import plain
from survey_app.trial.roster_cells import (
    CellError,
    Role,
    checked_text,
    email_of,
    mainstream_type_of,
    name_of,
    open_status_of,
    phase_of,
    role_of,
    urn_of,
    yes_or_no_of,
)
from survey_app.trial.roster_file import Column, Report, Row, Table, read_table
from survey_app.trial.study_file import Phase

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One DSL or deputy at one school, with the line of the file they stand on."""

    line: int
    authority: str
    school: str
    urn: str
    phase: Phase
    mainstream: bool
    dsl_name: str
    dsl_email: str
    dsl_role: Role
    trust: str | None = None
    """The trust the school belongs to, "" where to none; None where the file does not say."""


@dataclass(frozen=True, slots=True)
class RosterNote:
    """Something to look at that does not stop an import."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Roster:
    """A roster without a fault, in the order of the file."""

    rows: tuple[RosterRow, ...]
    notes: tuple[RosterNote, ...] = ()

    @property
    def n_schools(self) -> int:
        """How many schools the rows are about."""
        return len({row.urn for row in self.rows})


@dataclass(frozen=True, slots=True)
class _Draft:
    """What could be read of a row; None where a cell is at fault."""

    line: int
    authority: str | None
    authority_code: str | None
    school: str | None
    urn: str | None
    phase: Phase | None
    mainstream: bool | None
    dsl_name: str | None
    dsl_email: str | None
    dsl_role: Role | None
    trust: str | None

    def completed(self) -> RosterRow | None:
        """The row, where nothing of it is missing."""
        if (
            self.authority is None
            or self.school is None
            or self.urn is None
            or self.phase is None
            or self.mainstream is None
            or self.dsl_name is None
            or self.dsl_email is None
            or self.dsl_role is None
        ):
            return None
        return RosterRow(
            line=self.line,
            authority=self.authority,
            school=self.school,
            urn=self.urn,
            phase=self.phase,
            mainstream=self.mainstream,
            dsl_name=self.dsl_name,
            dsl_email=self.dsl_email,
            dsl_role=self.dsl_role,
            trust=self.trust,
        )


def read_roster(data: bytes, *, phases: Collection[str]) -> Roster:
    """The roster in this file; RosterError with every fault of every row where there is any."""
    faults: list[RosterFault] = []
    try:
        table = read_table(data, faults.append)
    except RosterError as error:
        raise RosterError([*faults, *error.faults]) from error
    drafts = [_read_row(row, table, faults.append) for row in table.rows]
    faults += _contradictions(drafts, table)
    faults += _faults_of_the_whole(drafts, table, phases)
    if faults:
        raise RosterError(faults)
    rows = tuple(row for draft in drafts if (row := draft.completed()) is not None)
    notes = (
        *_same_name_at_one_school(rows),
        *_schools_without_a_lead(rows),
        *_shared_by_schools(rows),
    )
    return Roster(rows, tuple(sorted(notes, key=lambda note: note.line)))


def _read_row(row: Row, table: Table, report: Report) -> _Draft:
    def read(column: Column, parse: Callable[[str], Value]) -> Value | None:
        return _read_cell(row, column, parse, table, report)

    if "status" in row.cells:
        read("status", open_status_of)
    has_answer = bool(row.cells.get("mainstream")) or "type" not in row.cells
    return _Draft(
        line=row.line,
        authority=read("authority", name_of),
        authority_code=row.cells.get("authority_code") or None,
        school=read("school", name_of),
        urn=read("urn", urn_of),
        phase=read("phase", phase_of),
        mainstream=read("mainstream", yes_or_no_of)
        if has_answer
        else read("type", mainstream_type_of),
        dsl_name=read("dsl_name", name_of),
        dsl_email=read("dsl_email", email_of),
        dsl_role=read("dsl_role", role_of),
        # Most schools belong to no trust, so an empty cell says something.
        trust=read("trust", name_of) if row.cells.get("trust") else row.cells.get("trust"),
    )


def _read_cell(
    row: Row, column: Column, parse: Callable[[str], Value], table: Table, report: Report
) -> Value | None:
    if column not in row.cells:
        return None
    text = row.cells[column]
    try:
        return parse(checked_text(text))
    except CellError as error:
        report(RosterFault(row.line, table.headings[column], str(error)))
        return None


def _contradictions(drafts: Sequence[_Draft], table: Table) -> Iterator[RosterFault]:
    yield from _repeated_addresses(drafts, table)
    for column in ("authority", "school", "phase", "mainstream", "trust"):
        yield from _different_for_one(drafts, table, key="urn", name="URN", column=column)
    yield from _different_for_one(
        drafts, table, key="authority_code", name="LA code", column="authority"
    )
    yield from _authorities_spelt_differently(drafts, table)


def _repeated_addresses(drafts: Iterable[_Draft], table: Table) -> Iterator[RosterFault]:
    first: dict[str, _Draft] = {}
    at_school: dict[tuple[str, str], _Draft] = {}
    for draft in drafts:
        if draft.urn is None or draft.dsl_email is None:
            continue
        earlier = first.setdefault(draft.dsl_email, draft)
        same = at_school.setdefault((draft.dsl_email, draft.urn), draft)
        if same is not draft:
            earlier = same
        if earlier is draft:
            continue
        if earlier.urn == draft.urn:
            found = f"{draft.dsl_email} at {draft.urn} is already on line {earlier.line}"
            yield RosterFault(draft.line, "", f"{found}; expected once")
        elif None not in (draft.dsl_name, earlier.dsl_name) and plain(
            draft.dsl_name or ""
        ) != plain(earlier.dsl_name or ""):
            reason = (
                f"found {draft.dsl_email}, which is that of {earlier.dsl_name} at {earlier.urn} on "
                f"line {earlier.line}; expected an address that two people do not share"
            )
            yield RosterFault(draft.line, _heading(table, "dsl_email"), reason)


def _different_for_one(
    drafts: Iterable[_Draft],
    table: Table,
    *,
    key: str,
    name: str,
    column: Column,
) -> Iterator[RosterFault]:
    """A fault for each row that says something else of one URN, code or address than the first."""
    first: dict[str, _Draft] = {}
    for draft in drafts:
        known, value = getattr(draft, key), getattr(draft, column)
        if known is None or value is None:
            continue
        earlier = first.setdefault(known, draft)
        said = getattr(earlier, column)
        if value != said:
            found = f"found {_worded(value)} for the {name} {known}"
            reason = f"{found}; expected {_worded(said)}, as on line {earlier.line}"
            yield RosterFault(draft.line, _heading(table, column), reason)


def _authorities_spelt_differently(drafts: Iterable[_Draft], table: Table) -> Iterator[RosterFault]:
    """A fault for each row whose spelling is not the commonest: two spellings make two strata."""
    spellings: dict[str, list[_Draft]] = {}
    for draft in drafts:
        if draft.authority is not None:
            spellings.setdefault(plain(draft.authority), []).append(draft)
    for alike in spellings.values():
        ((usual, _),) = Counter(draft.authority for draft in alike).most_common(1)
        line = next(draft.line for draft in alike if draft.authority == usual)
        for draft in alike:
            if draft.authority != usual:
                reason = f"found {draft.authority!r}; expected {usual!r}, as it is on line {line}"
                yield RosterFault(draft.line, _heading(table, "authority"), reason)


def _faults_of_the_whole(
    drafts: Sequence[_Draft], table: Table, phases: Collection[str]
) -> Iterator[RosterFault]:
    if not drafts:
        yield RosterFault(
            0, "", "there are headings and no row below them; expected a row a person"
        )
    found = {draft.phase for draft in drafts if draft.phase is not None}
    if found and not found & set(phases):
        reason = (
            f"every school is of the phase {', '.join(sorted(found))}; expected at least one of "
            f"the phase that this study covers, {', '.join(sorted(phases))}"
        )
        yield RosterFault(0, _heading(table, "phase"), reason)


def _same_name_at_one_school(rows: Iterable[RosterRow]) -> Iterator[RosterNote]:
    first: dict[tuple[str, str], RosterRow] = {}
    for row in rows:
        earlier = first.setdefault((row.urn, plain(row.dsl_name)), row)
        if earlier is not row:
            yield RosterNote(
                row.line,
                f"{row.dsl_name} is at {row.school} ({row.urn}) on line {earlier.line} too, with "
                "another address: one person twice, or two of one name?",
            )


def _schools_without_a_lead(rows: Sequence[RosterRow]) -> Iterator[RosterNote]:
    led = {row.urn for row in rows if row.dsl_role == "DSL"}
    first = {row.urn: row for row in reversed(rows)}
    for urn, row in first.items():
        if urn not in led:
            yield RosterNote(row.line, f"{row.school} ({urn}) has a deputy here and no DSL")


def _shared_by_schools(rows: Iterable[RosterRow]) -> Iterator[RosterNote]:
    first: dict[str, RosterRow] = {}
    for row in rows:
        earlier = first.setdefault(row.dsl_email, row)
        if earlier is not row:
            yield RosterNote(
                row.line,
                f"{row.dsl_name} is at {earlier.school} ({earlier.urn}) on line {earlier.line} too:"
                " one person shared by two schools takes part for one of them",
            )


def _worded(value: object) -> str:
    if isinstance(value, bool):
        return "mainstream" if value else "not mainstream"
    return repr(value)


def _heading(table: Table, column: Column) -> str:
    if column == "mainstream" and column not in table.headings:
        column = "type"
    return table.headings.get(column, column)
