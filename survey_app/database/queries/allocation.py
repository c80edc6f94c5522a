"""Which schools wait for an arm, whether their baseline is in, and who was told the arms."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, joinedload

from survey_app.database.models import (
    Allocation,
    ArmRelease,
    LateAllocation,
    Participant,
    Randomisation,
    School,
    Staff,
    Study,
    Submission,
)


@dataclass(frozen=True, slots=True)
class BaselineStanding:
    """How far the people of the schools that wait for an arm have answered the first wave."""

    people: int
    outstanding_people: int
    outstanding_schools: int


def schools_waiting(session: Session, study: Study) -> list[School]:
    """The schools that can take part and have no arm yet, by URN."""
    return list(
        session.scalars(
            select(School)
            .outerjoin(Allocation)
            .where(School.study_id == study.id, School.exclusion == "", Allocation.id.is_(None))
            .options(joinedload(School.authority))
            .order_by(School.urn)
        )
    )


def people_by_school(session: Session, study: Study) -> dict[int, int]:
    """How many people who are there and have not withdrawn each school has."""
    counted = (
        select(Participant.school_id, func.count())
        .where(
            Participant.study_id == study.id,
            Participant.withdrawn_at.is_(None),
            Participant.left_on.is_(None),
        )
        .group_by(Participant.school_id)
    )
    return {row[0]: row[1] for row in session.execute(counted)}


def baseline_standing(session: Session, study: Study, *, wave: str) -> BaselineStanding:
    """Who of the waiting schools' people has submitted this wave, and who has not."""
    submitted = exists().where(
        Submission.participant_id == Participant.id,
        Submission.wave == wave,
        Submission.submitted_at.is_not(None),
    )
    people = (
        select(Participant.school_id, submitted.label("submitted"))
        .join(School, School.id == Participant.school_id)
        .outerjoin(Allocation, Allocation.school_id == School.id)
        .where(
            School.study_id == study.id,
            School.exclusion == "",
            Allocation.id.is_(None),
            Participant.withdrawn_at.is_(None),
            Participant.left_on.is_(None),
        )
        .subquery()
    )
    outstanding = people.c.submitted.is_(False)
    n_people, n_outstanding, n_schools = session.execute(
        select(
            func.count(),
            func.count().filter(outstanding),
            func.count(people.c.school_id.distinct()).filter(outstanding),
        ).select_from(people)
    ).one()
    return BaselineStanding(n_people, n_outstanding, n_schools)


def late_allocations(session: Session, study: Study) -> list[LateAllocation]:
    """The acts for late schools, in their order."""
    return list(
        session.scalars(
            select(LateAllocation)
            .where(LateAllocation.study_id == study.id)
            .order_by(LateAllocation.number)
        )
    )


def randomised_schools(session: Session, study: Study) -> list[Allocation]:
    """Every place that was given, with its school, in the order of the acts."""
    return list(
        session.scalars(
            select(Allocation)
            .where(Allocation.study_id == study.id)
            .options(joinedload(Allocation.school))
            .order_by(Allocation.act, Allocation.stratum, Allocation.block, Allocation.position)
        )
    )


def schools_by_stratum(session: Session, study: Study) -> dict[str, int]:
    """How many schools of each stratum have an arm, without saying which."""
    counted = (
        select(Allocation.stratum, func.count())
        .where(Allocation.study_id == study.id)
        .group_by(Allocation.stratum)
        .order_by(Allocation.stratum)
    )
    return {row[0]: row[1] for row in session.execute(counted)}


def releases_of(session: Session, study: Study) -> list[tuple[ArmRelease, Staff]]:
    """To whom the arms were released, earliest first."""
    rows = session.execute(
        select(ArmRelease, Staff)
        .join(Staff, Staff.id == ArmRelease.staff_id)
        .where(ArmRelease.study_id == study.id)
        .order_by(ArmRelease.id)
    )
    return [(release, staff) for release, staff in rows]


def is_released_to(session: Session, study: Study, *, staff_id: int) -> bool:
    """Whether this person was told the arms."""
    told = exists().where(ArmRelease.study_id == study.id, ArmRelease.staff_id == staff_id)
    return bool(session.scalar(select(told)))


def is_randomised(session: Session, study: Study) -> bool:
    """Whether the schools have been randomised."""
    return bool(session.scalar(select(exists().where(Randomisation.study_id == study.id))))
