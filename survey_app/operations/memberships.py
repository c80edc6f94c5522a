"""Who is at which school, in which role, from when until when: rows are ended, never altered."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey_app.database.encryption import is_hash_of
from survey_app.database.models import Contact, Membership, Participant, School, Study
from survey_app.operations.errors import OperationError
from survey_app.operations.waves import day_in_england


def lock_roster(session: Session, study_id: int) -> None:
    """Wait for whoever else changes this study's roster, so that each code is given once."""
    session.execute(select(Study.id).where(Study.id == study_id).with_for_update(key_share=True))


def lock_person(session: Session, participant: Participant) -> None:
    """Wait for whoever else changes this person, and look at them as they are then."""
    # Not by a refresh alone: it would lock what the person was read with, which may be missing.
    session.execute(
        select(Participant.id)
        .where(Participant.id == participant.id)
        .with_for_update(key_share=True)
    )
    columns = [column.key for column in Participant.__table__.columns]
    session.refresh(participant, columns)


def enrol_person(
    session: Session,
    *,
    school: School,
    name: str,
    email: str,
    role: str,
    since: date,
    at: datetime,
    n_before: int | None = None,
) -> Participant:
    """Put a new person on the roster of a school, with their address and their first membership.

    `n_before`, how many people the study has, is counted where it is not given.
    """
    if n_before is None:
        n_before = (
            session.scalar(
                select(func.count())
                .select_from(Participant)
                .where(Participant.study_id == school.study_id)
            )
            or 0
        )
    participant = Participant(
        study_id=school.study_id,
        school=school,
        code=f"P{n_before + 1:05d}",
        role=role,
        added_at=at,
    )
    session.add(participant)
    session.add(Contact(study_id=school.study_id, participant=participant, name=name, email=email))
    session.add(
        Membership(
            study_id=school.study_id,
            participant=participant,
            school=school,
            role=role,
            since_on=since,
        )
    )
    return participant


def begin_membership(
    session: Session, *, participant: Participant, school: School, since: date
) -> None:
    """Note that a person is at a school from a day on, in the role they now have."""
    session.add(
        Membership(
            study_id=participant.study_id,
            participant_id=participant.id,
            school_id=school.id,
            role=participant.role,
            since_on=since,
        )
    )


def end_memberships(
    session: Session, *, participant: Participant, until: date, school: School | None = None
) -> int:
    """Note that a person is no longer at a school, or at any; give how many rows that ended."""
    ended = open_memberships(session, participant=participant)
    if school is not None:
        ended = [each for each in ended if each.school_id == school.id]
    for membership in ended:
        # One recorded by mistake a day late would otherwise end before it began.
        membership.until_on = max(until, membership.since_on)
    return len(ended)


def open_memberships(session: Session, *, participant: Participant) -> list[Membership]:
    """Every place where a person is now, oldest first."""
    return list(
        session.scalars(
            select(Membership)
            .where(Membership.participant_id == participant.id, Membership.until_on.is_(None))
            .order_by(Membership.id)
        )
    )


def refuse_unless_in_role(participant: Participant) -> None:
    """Refuse for somebody who left, or whose record is another's."""
    if participant.merged_into_id is not None:
        raise OperationError("This record was merged into another one; change that one.")
    if participant.left_on is not None:
        raise OperationError("This person has left the role already.")


def refuse_impossible_day(
    session: Session, *, participant: Participant, on: date, at: datetime
) -> None:
    """Refuse a day that is still to come, or before the person was there."""
    if on > day_in_england(at):
        raise OperationError("The day is still to come; record it once it has happened.")
    since = session.scalar(
        select(func.min(Membership.since_on)).where(Membership.participant_id == participant.id)
    )
    if since is not None and on < since:
        raise OperationError(f"The day is before this person was on the roster, which is {since}.")


def refuse_taken_address(session: Session, *, study_id: int, email: str) -> None:
    """Refuse an address at which somebody else of the study is written to."""
    taken = session.scalar(
        select(Participant.code)
        .join(Contact)
        .where(
            Contact.study_id == study_id,
            is_hash_of(session, Contact.email_hash, email),
            Contact.ended_at.is_(None),
        )
    )
    if taken is not None:
        raise OperationError(f"This address is that of {taken} already; expected one of their own.")
