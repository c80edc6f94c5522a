"""Two records of one person, or of one school, become one; nothing that was answered is lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from survey_app.database.models import (
    Invitation,
    Membership,
    Participant,
    School,
    SessionAttendance,
    Submission,
    SupervisionSession,
)
from survey_app.database.queries.invitations import has_begun
from survey_app.operations.audit import record_event
from survey_app.operations.errors import OperationError
from survey_app.operations.memberships import (
    begin_membership,
    end_memberships,
    lock_roster,
    open_memberships,
)
from survey_app.operations.turnover import stop_writing_to
from survey_app.operations.waves import day_in_england

_ASIDE = "(being exchanged)"


@dataclass(frozen=True, slots=True)
class MergedPeople:
    """What merging two records of one person did, wave by wave."""

    taken_over: tuple[str, ...]
    """The waves whose answers or invitation came from the record that went."""
    twice: tuple[str, ...]
    """The waves that both records had answered: those of the record kept count."""


def merge_people(
    session: Session, *, kept: Participant, other: Participant, by: str, at: datetime
) -> MergedPeople:
    """Make a person who is on record twice one: the other record counts nowhere any more.

    Of each wave the record kept takes over what it has not itself. Where both have answers, those
    of the record kept count, and the other's stay on record unused.
    """
    lock_roster(session, kept.study_id)
    _refuse_people(kept, other)
    taken_over, twice = [], []
    theirs = _by_wave(session, other)
    ours = _by_wave(session, kept)
    begun = _begun(session, [kept, other])
    for wave, invitation in theirs.items():
        mine = ours.get(wave)
        if mine is None:
            _hand_over(session, invitation, to=kept)
        elif invitation.id in begun and mine.id not in begun:
            mine.wave = _ASIDE
            session.flush()
            _hand_over(session, invitation, to=kept)
            _hand_over(session, mine, to=other)
            mine.wave = wave
            session.flush()
        else:
            if invitation.id in begun:
                twice.append(wave)
            continue
        taken_over.append(wave)
    today = day_in_england(at)
    there = open_memberships(session, participant=other)
    already = {each.school_id for each in open_memberships(session, participant=kept)}
    end_memberships(session, participant=other, until=today)
    for membership in there:
        if membership.school_id not in already:
            school = session.get_one(School, membership.school_id)
            begin_membership(session, participant=kept, school=school, since=membership.since_on)
    other.merged_into_id, other.left_because = kept.id, "merged"
    other.left_on = other.left_on or today
    if other.contact is not None:
        other.contact.ended_at = at
    if kept.succeeds_id is None and other.succeeds_id != kept.id:
        kept.succeeds_id = other.succeeds_id
    session.execute(
        update(Participant)
        .where(Participant.succeeds_id == other.id, Participant.id != kept.id)
        .values(succeeds_id=kept.id)
    )
    _merge_attendances(session, kept=kept, other=other)
    stop_writing_to(session, other, because="This was a second record of one person.", at=at)
    session.flush()
    record_event(
        session,
        "people_merged",
        by=by,
        at=at,
        subject=f"participant:{kept.id}",
        study_id=kept.study_id,
        code=other.code,
    )
    return MergedPeople(tuple(taken_over), tuple(twice))


def merge_schools(session: Session, *, kept: School, other: School, by: str, at: datetime) -> int:
    """Make a school that is on record twice one; give how many people came over with it.

    A school that was randomised can be kept and cannot go.
    """
    lock_roster(session, kept.study_id)
    if kept.id == other.id:
        raise OperationError("These are the same record; choose another.")
    if kept.merged_into_id is not None or other.merged_into_id is not None:
        raise OperationError("One of the two was merged into another school already.")
    if other.allocation is not None:
        raise OperationError(
            f"{other.name} ({other.urn}) was randomised, so it has to be the one that is kept."
        )
    _merge_sessions(session, kept=kept, other=other)
    people = session.scalars(select(Participant).where(Participant.school_id == other.id)).all()
    for person in people:
        person.school = kept
    session.execute(
        update(Membership).where(Membership.school_id == other.id).values(school_id=kept.id)
    )
    other.merged_into_id = kept.id
    other.exclusion = "On the roster twice"
    session.flush()
    record_event(
        session,
        "schools_merged",
        by=by,
        at=at,
        subject=f"school:{kept.id}",
        study_id=kept.study_id,
        urn=other.urn,
    )
    return len(people)


def _merge_attendances(session: Session, *, kept: Participant, other: Participant) -> None:
    """Of a session that both records were offered, the person attended if either did."""
    rows = {
        (each.participant_id, each.session_id): each
        for each in session.scalars(
            select(SessionAttendance).where(
                SessionAttendance.participant_id.in_([kept.id, other.id])
            )
        )
    }
    for (person, meeting), theirs in rows.items():
        if person == other.id:
            mine = rows.get((kept.id, meeting))
            if mine is None:
                theirs.participant_id = kept.id
            else:
                mine.attended = mine.attended or theirs.attended
                session.delete(theirs)


def _merge_sessions(session: Session, *, kept: School, other: School) -> None:
    held = set(
        session.scalars(
            select(SupervisionSession.school_id).where(
                SupervisionSession.school_id.in_([kept.id, other.id])
            )
        )
    )
    if held == {kept.id, other.id}:
        raise OperationError(
            "Both records have supervision sessions, and nothing tells which were held twice; "
            "record them at the school to be kept, and merge afterwards."
        )
    session.execute(
        update(SupervisionSession)
        .where(SupervisionSession.school_id == other.id)
        .values(school_id=kept.id)
    )


def _refuse_people(kept: Participant, other: Participant) -> None:
    if kept.id == other.id:
        raise OperationError("These are the same record; choose another.")
    if kept.study_id != other.study_id:
        raise OperationError("These are people of two studies.")
    if kept.merged_into_id is not None or other.merged_into_id is not None:
        raise OperationError("One of the two was merged into another record already.")
    if (kept.withdrawn_at is None) != (other.withdrawn_at is None):
        raise OperationError(
            "One of the two has withdrawn from the study and the other has not; expected that the "
            "person has withdrawn under both records, or under neither."
        )
    if kept.left_on is not None and other.left_on is None:
        raise OperationError(
            f"{kept.code} has left, and {other.code} has not: keep the one who is there."
        )


def _by_wave(session: Session, person: Participant) -> dict[str, Invitation]:
    found = session.scalars(
        select(Invitation).where(Invitation.participant_id == person.id).order_by(Invitation.id)
    )
    return {invitation.wave: invitation for invitation in found}


def _begun(session: Session, people: list[Participant]) -> set[int]:
    return set(
        session.scalars(
            select(Submission.invitation_id).where(
                Submission.participant_id.in_([person.id for person in people]), has_begun()
            )
        )
    )


def _hand_over(session: Session, invitation: Invitation, *, to: Participant) -> None:
    invitation.participant_id = to.id
    session.execute(
        update(Submission)
        .where(Submission.invitation_id == invitation.id)
        .values(participant_id=to.id)
    )
    session.flush()
