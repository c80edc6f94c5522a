"""How a study's roster stands towards its arms and its waves."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, joinedload

from survey_app.database.models import (
    Allocation,
    Authority,
    Invitation,
    Participant,
    School,
    Study,
)


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
    return (
        session.scalar(
            select(func.count())
            .select_from(Participant)
            .join(School)
            .where(
                Participant.study_id == study.id,
                Participant.withdrawn_at.is_(None),
                School.exclusion == "",
                ~exists().where(
                    Invitation.participant_id == Participant.id, Invitation.wave == wave
                ),
            )
        )
        or 0
    )
