"""People and where they have been: who takes part now, their places, and how they came and went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session, joinedload

from survey_app.database.models import (
    Invitation,
    Membership,
    Participant,
    Randomisation,
    School,
    Study,
    Submission,
)

Standing = Literal["stayer", "joiner", "leaver"]
STANDINGS: tuple[Standing, ...] = get_args(Standing)


def takes_part() -> ColumnElement[bool]:
    """Whether a person may be written to and may answer: in the role, and not withdrawn."""
    return and_(Participant.withdrawn_at.is_(None), Participant.left_on.is_(None))


def counts() -> ColumnElement[bool]:
    """Whether a record is a person of its own, and not a second record of one."""
    return Participant.merged_into_id.is_(None)


def standing_since(first_day: date) -> ColumnElement[str]:
    """Tell who stayed, joined or left: a leaver has left, whenever they came.

    A joiner came after the trial's first day, or in the place of somebody.
    """
    joined = or_(
        Participant.succeeds_id.is_not(None),
        Participant.came_from_id.is_not(None),
        _since() > first_day,
    )
    return case((Participant.left_on.is_not(None), "leaver"), (joined, "joiner"), else_="stayer")


def _since() -> ColumnElement[date]:
    return (
        select(func.min(Membership.since_on))
        .where(Membership.participant_id == Participant.id)
        .scalar_subquery()
    )


@dataclass(frozen=True, slots=True)
class StandingCounts:
    """Of one wave, how many people of one standing were invited and submitted."""

    wave: str
    standing: Standing
    invited: int
    submitted: int


def counts_by_standing(session: Session, study: Study, *, first_day: date) -> list[StandingCounts]:
    """How many stayers, joiners and leavers were invited to each wave, and submitted."""
    standing = standing_since(first_day).label("standing")
    rows = session.execute(
        select(
            Invitation.wave,
            standing,
            func.count(Invitation.id),
            func.sum(case((Submission.submitted_at.is_not(None), 1), else_=0)),
        )
        .join(Participant, Participant.id == Invitation.participant_id)
        .outerjoin(Submission, Submission.invitation_id == Invitation.id)
        .where(Invitation.study_id == study.id, counts())
        .group_by(Invitation.wave, standing)
    )
    return [
        StandingCounts(wave, standing, invited, int(submitted or 0))
        for wave, standing, invited, submitted in rows
    ]


def randomised_on_or(session: Session, study: Study, *, otherwise: date) -> date:
    """The day that tells joiners from stayers: that of the randomisation, or else another."""
    found = session.scalar(
        select(Randomisation.allocated_at).where(Randomisation.study_id == study.id)
    )
    return found.date() if found is not None else otherwise


def person_by_code(session: Session, study: Study, code: str) -> Participant | None:
    """One person of the study with their contact and school; None where the code is nobody's."""
    return session.scalar(
        select(Participant)
        .where(Participant.study_id == study.id, Participant.code == code)
        .options(joinedload(Participant.contact), joinedload(Participant.school))
    )


def person_by_id(session: Session, study: Study, person_id: int | None) -> Participant | None:
    """Likewise by number, as other records point to people."""
    return session.scalar(
        select(Participant)
        .where(Participant.study_id == study.id, Participant.id == person_id)
        .options(joinedload(Participant.contact), joinedload(Participant.school))
    )


def follower_of(session: Session, person: Participant) -> Participant | None:
    """Whoever took this person's place."""
    return session.scalar(
        select(Participant)
        .where(Participant.succeeds_id == person.id)
        .options(joinedload(Participant.contact))
    )


def moved_on_as(session: Session, person: Participant) -> Participant | None:
    """The record that a person who moved has at the other school."""
    return session.scalar(
        select(Participant)
        .where(Participant.came_from_id == person.id)
        .options(joinedload(Participant.contact))
    )


def places_of(session: Session, person: Participant) -> list[Membership]:
    """Every place where a person was or is, oldest first."""
    return list(
        session.scalars(
            select(Membership)
            .where(Membership.participant_id == person.id)
            .options(joinedload(Membership.school))
            .order_by(Membership.since_on, Membership.id)
        )
    )


def history_of_school(session: Session, school: School) -> list[Membership]:
    """Everybody who was or is at a school, oldest first."""
    return list(session.scalars(_memberships().where(Membership.school_id == school.id)))


def history_of_study(session: Session, study: Study) -> Sequence[Membership]:
    """Who was where from when until when, in the whole study, by school."""
    statement = _memberships().where(Membership.study_id == study.id)
    return session.scalars(statement.order_by(None).order_by(School.urn, Membership.since_on)).all()


def _memberships() -> Select[Membership]:
    return (
        select(Membership)
        .join(School)
        .options(
            joinedload(Membership.school),
            joinedload(Membership.participant).joinedload(Participant.contact),
        )
        .order_by(Membership.since_on, Membership.id)
    )


def people_shared(session: Session, study: Study) -> list[Membership]:
    """The open places of everybody who works at more than one school now, by person."""
    shared = (
        select(Membership.participant_id)
        .where(Membership.study_id == study.id, Membership.until_on.is_(None))
        .group_by(Membership.participant_id)
        .having(func.count(Membership.school_id.distinct()) > 1)
    )
    return list(
        session.scalars(
            select(Membership)
            .where(Membership.participant_id.in_(shared), Membership.until_on.is_(None))
            .options(
                joinedload(Membership.school).joinedload(School.allocation),
                joinedload(Membership.participant).joinedload(Participant.contact),
            )
            .order_by(Membership.participant_id, Membership.id)
        )
    )


def schools_of_trusts(session: Session, study: Study) -> list[School]:
    """The schools that can take part and whose trust has another such school, by trust."""
    taking_part = (
        School.study_id == study.id,
        School.exclusion == "",
        School.merged_into_id.is_(None),
        School.trust != "",
    )
    several = select(School.trust).where(*taking_part).group_by(School.trust)
    return list(
        session.scalars(
            select(School)
            .where(*taking_part, School.trust.in_(several.having(func.count() > 1)))
            .options(joinedload(School.allocation), joinedload(School.authority))
            .order_by(School.trust, School.name)
        )
    )


def moves_between_schools(session: Session, study: Study) -> list[tuple[Participant, Participant]]:
    """Whoever moved after randomisation: the record they left, and the one they have now."""
    movers = session.scalars(
        select(Participant)
        .where(Participant.study_id == study.id, Participant.came_from_id.is_not(None))
        .options(
            joinedload(Participant.contact),
            joinedload(Participant.school).joinedload(School.allocation),
        )
        .order_by(Participant.id)
    ).all()
    before = {
        each.id: each
        for each in session.scalars(
            select(Participant)
            .where(Participant.id.in_([mover.came_from_id for mover in movers]))
            .options(joinedload(Participant.school).joinedload(School.allocation))
        )
    }
    return [
        (before[mover.came_from_id], mover) for mover in movers if mover.came_from_id is not None
    ]
