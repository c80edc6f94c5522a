"""How a study's roster stands towards its arms and its waves."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session, joinedload

from survey_app.database.models import (
    Allocation,
    Authority,
    Invitation,
    Participant,
    School,
    Study,
    Submission,
)
from survey_app.database.queries.people import takes_part


def schools_of_arms(session: Session, study: Study, *, arms: Collection[str]) -> list[School]:
    """The schools allocated to any of these arms, by authority and name."""
    return list(
        session.scalars(
            select(School)
            .join(Allocation)
            .join(Authority)
            .where(School.study_id == study.id, Allocation.arm.in_(arms))
            .options(joinedload(School.authority))
            .order_by(Authority.name, School.name, School.id)
        )
    )


def n_to_invite(session: Session, study: Study, *, wave: str) -> int:
    """How many eligible people are not invited to the wave yet."""
    to_invite = _to_invite(study, wave).subquery()
    return session.scalar(select(func.count()).select_from(to_invite)) or 0


def people_to_invite(session: Session, study: Study, *, wave: str) -> list[Participant]:
    """The eligible people who are not invited to the wave yet, with their school and contact."""
    return list(
        session.scalars(
            _to_invite(study, wave)
            .options(
                joinedload(Participant.contact),
                joinedload(Participant.school).joinedload(School.authority),
            )
            .order_by(Participant.id)
        )
    )


def _to_invite(study: Study, wave: str) -> Select[Participant]:
    return (
        select(Participant)
        .join(School)
        .where(
            Participant.study_id == study.id,
            takes_part(),
            School.exclusion == "",
            ~exists().where(Invitation.participant_id == Participant.id, Invitation.wave == wave),
            # Whoever moved and had answered at their last school is not asked the same again.
            ~exists().where(
                Submission.participant_id == Participant.came_from_id,
                Submission.wave == wave,
                Submission.submitted_at.is_not(None),
            ),
        )
    )
