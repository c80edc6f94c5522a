"""Meetings of schools: planned, offered, attended, or called off."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from survey_app.database.models import (
    Contact,
    Participant,
    School,
    SessionAttendance,
    Study,
    SupervisionSession,
)
from survey_app.database.queries.people import counts as counts_as_a_person
from survey_app.operations.audit import record_event
from survey_app.operations.errors import OperationError
from survey_app.operations.studies import definition_of
from survey_app.operations.typed_reasons import refuse_personal_words
from survey_app.trial.errors import RosterError, RosterFault
from survey_app.trial.meetings import (
    NOTHING_DELIVERED,
    OFFERED,
    SUPERVISION,
    MeetingFacts,
    faults_of,
    parts_of,
    supervised_arms,
)
from survey_app.trial.sessions_file import SessionRow
from survey_app.trial.working_days import ENGLAND

Key = tuple[int, str, int]
People = Mapping[int, Sequence[tuple[int, date | None]]]


class MeetingError(OperationError):
    """A meeting that cannot be so; `faults` gives each field with what is wrong of it."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{field}: {reason}" for field, reason in faults))


@dataclass(frozen=True, slots=True)
class Marked:
    """What became of one meeting of one school, and who came where that is known."""

    school: School
    facts: MeetingFacts
    came: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class SessionsSummary:
    """What one import of sessions did, and what of it should be looked at."""

    added: int
    updated: int
    unchanged: int
    notes: tuple[str, ...] = ()


def record_session(
    session: Session,
    *,
    school: School,
    facts: MeetingFacts,
    by: str,
    at: datetime,
    came: Collection[int] = (),
) -> SupervisionSession:
    """Record one meeting of a school, or correct what is recorded of it.

    `came` holds the participants who attended; where the school has one person alone and the
    meeting was attended, that person did. Raises MeetingError with every field that cannot be so.
    """
    study = session.get_one(Study, school.study_id)
    definition = definition_of(study)
    faults = list(faults_of(facts, definition, today=at.astimezone(ENGLAND).date()))
    people = _people(session, [school.id])
    if set(came) - {person for person, _ in people.get(school.id, ())}:
        faults.append(("came", "found somebody of another school; expected this school's people"))
    if facts.outcome == "cancelled":
        # The reason stays on the trail.
        try:
            refuse_personal_words(session, study=study, reason=facts.because)
        except OperationError as error:
            faults.append(("reason", str(error)))
    if faults:
        raise MeetingError(faults)
    book = _Book(session, study, [school.id], people)
    meeting, _ = book.write(Marked(school, facts, frozenset(came)))
    session.flush()
    what: dict[str, str] = {}
    action = "session_recorded"
    if facts.part != SUPERVISION or facts.outcome == "cancelled":
        action = "meeting_recorded"
        what["part"] = parts_of(definition)[facts.part].label
    if facts.outcome == "cancelled":
        action = "meeting_cancelled"
        what["because"] = facts.because
    record_event(
        session,
        action,
        by=by,
        at=at,
        subject=f"school:{school.id}",
        study_id=school.study_id,
        number=facts.number,
        **what,
    )
    return meeting


def mark_sessions(
    session: Session, *, study: Study, marks: Sequence[Marked], by: str, at: datetime
) -> int:
    """Record what became of many meetings at once; all of them, or none where one cannot be so."""
    definition = definition_of(study)
    today = at.astimezone(ENGLAND).date()
    faults = [
        (f"{mark.school.urn}-{mark.facts.part}-{mark.facts.number}", f"{mark.school.name}: {why}")
        for mark in marks
        for _, why in faults_of(mark.facts, definition, today=today)
    ]
    if faults:
        raise MeetingError(faults)
    school_ids = [mark.school.id for mark in marks]
    book = _Book(session, study, school_ids, _people(session, school_ids))
    for mark in marks:
        book.write(mark)
    session.flush()
    record_event(
        session,
        "sessions_marked",
        by=by,
        at=at,
        subject=f"study:{study.id}",
        study_id=study.id,
        sessions=len(marks),
        attended=sum(mark.facts.outcome == "attended" for mark in marks),
    )
    return len(marks)


def import_sessions(
    session: Session, *, study: Study, rows: Sequence[SessionRow], by: str, at: datetime
) -> SessionsSummary:
    """Add or update every meeting of a checked file; the same file twice changes nothing.

    Raises RosterError with every row whose school or people are not on the roster; nothing is
    written then.
    """
    # The study's row is the lock: two imports at once queue.
    session.execute(select(Study.id).where(Study.id == study.id).with_for_update())
    schools = {
        school.urn: school
        for school in session.scalars(
            select(School)
            .where(School.study_id == study.id, School.urn.in_({row.urn for row in rows}))
            .options(joinedload(School.allocation))
        )
    }
    addresses = {
        (school, email): person
        for person, school, email in session.execute(
            select(Participant.id, Participant.school_id, Contact.email)
            .join(Contact)
            .where(Participant.study_id == study.id, counts_as_a_person())
            .order_by(Participant.id)
        )
    }
    faults = [fault for row in rows for fault in _not_on_the_roster(row, schools, addresses)]
    if faults:
        raise RosterError(faults)
    ids = [school.id for school in schools.values()]
    book = _Book(session, study, ids, _people(session, ids))
    counts = {"added": 0, "updated": 0, "unchanged": 0}
    for row in rows:
        school = schools[row.urn]
        came = frozenset(addresses[school.id, email] for email in row.attended_by)
        _, what = book.write(Marked(school, row.facts, came))
        counts[what] += 1
    session.flush()
    record_event(
        session,
        "sessions_imported",
        by=by,
        at=at,
        subject=f"study:{study.id}",
        study_id=study.id,
        **counts,
    )
    arms = supervised_arms(definition_of(study))
    return SessionsSummary(**counts, notes=tuple(_outside_the_arm(schools.values(), arms)))


def _not_on_the_roster(
    row: SessionRow, schools: Mapping[str, School], addresses: Mapping[tuple[int, str], int]
) -> Iterable[RosterFault]:
    school = schools.get(row.urn)
    if school is None:
        reason = f"found {row.urn}; expected the URN of a school on the roster"
        yield RosterFault(row.line, "urn", reason)
        return
    if school.allocation is None:
        reason = f"{row.urn} has no arm; expected a school that was randomised"
        yield RosterFault(row.line, "urn", reason)
    for email in row.attended_by:
        if (school.id, email) not in addresses:
            reason = f"found {email}; expected the address of a person at {row.urn}"
            yield RosterFault(row.line, "attended_by", reason)


def _outside_the_arm(schools: Iterable[School], arms: Collection[str]) -> Iterable[str]:
    for school in schools:
        if school.allocation is not None and school.allocation.arm not in arms:
            yield (
                f"{school.name} ({school.urn}) is not allocated to supervision: what it attended "
                "is counted in its own arm."
            )


def _people(session: Session, school_ids: Collection[int]) -> People:
    found: dict[int, list[tuple[int, date | None]]] = {}
    for person, school, left_on in session.execute(
        select(Participant.id, Participant.school_id, Participant.left_on)
        .where(
            Participant.school_id.in_(school_ids),
            Participant.withdrawn_at.is_(None),
            counts_as_a_person(),
        )
        .order_by(Participant.id)
    ):
        found.setdefault(school, []).append((person, left_on))
    return found


class _Book:
    """The meetings of some schools as they stand, and what is written into them."""

    def __init__(
        self,
        session: Session,
        study: Study,
        school_ids: Collection[int],
        people: People,
    ) -> None:
        self._session = session
        self._study = study
        self._people = people
        self._meetings: dict[Key, SupervisionSession] = {
            (meeting.school_id, meeting.part, meeting.number): meeting
            for meeting in session.scalars(
                select(SupervisionSession)
                .where(SupervisionSession.school_id.in_(school_ids))
                .options(selectinload(SupervisionSession.attendances))
            )
        }

    def write(self, mark: Marked) -> tuple[SupervisionSession, str]:
        facts, key = mark.facts, (mark.school.id, mark.facts.part, mark.facts.number)
        values = {
            "planned_on": facts.planned_on,
            "held_on": (facts.held_on or facts.planned_on) if facts.outcome == "attended" else None,
            "outcome": facts.outcome,
            "model": facts.model or NOTHING_DELIVERED,
            "group_name": facts.group,
            "supervisor": facts.supervisor,
            "because": facts.because,
        }
        meeting = self._meetings.get(key)
        is_new = meeting is None
        if meeting is None:
            meeting = SupervisionSession(
                study_id=self._study.id,
                school_id=mark.school.id,
                part=facts.part,
                number=facts.number,
                **values,
            )
            self._session.add(meeting)
            self._meetings[key] = meeting
        before = {name: getattr(meeting, name) for name in values}
        for name, value in values.items():
            setattr(meeting, name, value)
        changed = self._write_people(meeting, mark) or before != values
        return meeting, "added" if is_new else "updated" if changed else "unchanged"

    def _write_people(self, meeting: SupervisionSession, mark: Marked) -> bool:
        there = {each.participant_id: each for each in meeting.attendances}
        was = {person: each.attended for person, each in there.items()}
        should = self._attendance(mark, was)
        for person in was.keys() - should.keys():
            meeting.attendances.remove(there[person])
        for person, attended in should.items():
            if person in there:
                there[person].attended = attended
            else:
                meeting.attendances.append(
                    SessionAttendance(participant_id=person, attended=attended)
                )
        return was != should

    def _attendance(self, mark: Marked, was: Mapping[int, bool]) -> dict[int, bool]:
        day = mark.facts.held_on or mark.facts.planned_on
        people = [
            person
            for person, left_on in self._people.get(mark.school.id, ())
            if left_on is None or day < left_on
        ]
        if mark.facts.outcome not in OFFERED:
            return {}
        if mark.facts.outcome == "missed":
            return dict.fromkeys(people, False)
        came = mark.came or (frozenset(people) if len(people) == 1 else frozenset())
        if not came:
            # That it was attended is known, and who came is not said: what was known of it stays.
            return dict(was) if any(was.values()) else {}
        return {person: person in came for person in {*people, *came}}
