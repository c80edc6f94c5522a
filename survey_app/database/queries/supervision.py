"""What is on record of the sessions of schools, and of who came."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from survey_app.database.models import (
    Allocation,
    Authority,
    Participant,
    School,
    SessionAttendance,
    Study,
    SupervisionSession,
)
from survey_app.database.queries.people import counts


def sessions_by_school(session: Session, study: Study) -> dict[int, list[SupervisionSession]]:
    """Every meeting on record, by school, in order."""
    found: dict[int, list[SupervisionSession]] = {}
    for meeting in session.scalars(
        select(SupervisionSession)
        .where(SupervisionSession.study_id == study.id)
        .order_by(SupervisionSession.school_id, SupervisionSession.part, SupervisionSession.number)
    ):
        found.setdefault(meeting.school_id, []).append(meeting)
    return found


def meetings_of_school(session: Session, school: School) -> list[SupervisionSession]:
    """Every meeting of one school in order, with who came."""
    return list(
        session.scalars(
            select(SupervisionSession)
            .where(SupervisionSession.school_id == school.id)
            .options(selectinload(SupervisionSession.attendances))
            .order_by(SupervisionSession.part, SupervisionSession.number)
        )
    )


def schools_with_sessions(session: Session, study: Study, *, arms: Collection[str]) -> list[School]:
    """The schools of these arms, and those of others with a meeting on record."""
    has_meeting = (
        select(SupervisionSession.id).where(SupervisionSession.school_id == School.id).exists()
    )
    return list(
        session.scalars(
            select(School)
            .outerjoin(Allocation)
            .join(Authority)
            .where(
                School.study_id == study.id,
                School.merged_into_id.is_(None),
                or_(Allocation.arm.in_(arms), has_meeting),
            )
            .options(joinedload(School.authority), joinedload(School.allocation))
            .order_by(Authority.name, School.name, School.id)
        )
    )


def participants_by_school(
    session: Session, school_ids: Collection[int]
) -> dict[int, list[Participant]]:
    """The people of these schools, with how to reach them, in the order they came."""
    found: dict[int, list[Participant]] = {}
    for person in session.scalars(
        select(Participant)
        .where(Participant.school_id.in_(school_ids), counts())
        .options(joinedload(Participant.contact))
        .order_by(Participant.id)
    ):
        found.setdefault(person.school_id, []).append(person)
    return found


def attendance_by_person(session: Session, school: School) -> dict[int, tuple[int, int]]:
    """How many sessions of a school each of its people was offered, and attended."""
    rows = session.execute(
        select(
            SessionAttendance.participant_id,
            func.count(),
            func.count().filter(SessionAttendance.attended),
        )
        .join(SupervisionSession, SupervisionSession.id == SessionAttendance.session_id)
        .where(
            SupervisionSession.school_id == school.id,
            SupervisionSession.part == "supervision",
        )
        .group_by(SessionAttendance.participant_id)
    )
    return {person: (offered, attended) for person, offered, attended in rows}
