"""How a study's roster stands towards its arms and its waves."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class ArmCount:
    """How many schools of one stratum were allocated to one arm."""

    stratum: str
    arm: str
    schools: int


def schools_by_arm(session: Session, study: Study) -> list[ArmCount]:
    """How many schools each arm has in each stratum; empty until the schools are randomised."""
    rows = session.execute(
        select(Allocation.stratum, Allocation.arm, func.count())
        .where(Allocation.study_id == study.id)
        .group_by(Allocation.stratum, Allocation.arm)
        .order_by(Allocation.stratum, Allocation.arm)
    )
    return [ArmCount(stratum, arm, schools) for stratum, arm, schools in rows]


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
