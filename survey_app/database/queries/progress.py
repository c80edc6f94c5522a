"""How a study goes, counted by the database: response, pairs, and the flow of schools and people.

Only eligible schools and their people are counted, except where schools are assessed. Arms are as
on record: whoever shows them names them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.orm import Session

from survey_app.database.models import (
    Allocation,
    Authority,
    Invitation,
    Participant,
    School,
    Study,
    Submission,
    SupervisionSession,
)
from survey_app.database.models.delivery import ATTENDED, SUPERVISION
from survey_app.database.queries.invitations import has_begun
from survey_app.database.queries.people import counts


@dataclass(frozen=True, slots=True)
class WaveCell:
    """The people invited to one wave, of the schools of one authority, phase and arm.

    Every figure is a sum over schools, so that cells can be added up. The squares and products are
    of a school's invited and submitted people: what the spread between schools is worked out from.
    """

    wave: str
    authority: str
    phase: str
    arm: str | None
    schools: int
    schools_analysed: int
    invited: int
    started: int
    submitted: int
    withdrew: int
    analysed: int
    invited_squared: int
    invited_times_submitted: int
    submitted_squared: int


@dataclass(frozen=True, slots=True)
class PairedCell:
    """The people invited to every one of some waves, and how many submitted at each."""

    authority: str
    phase: str
    arm: str | None
    invited: int
    submitted: int


@dataclass(frozen=True, slots=True)
class SchoolCell:
    """Schools with the same reason to be left out, or none, of one arm, and the people in them."""

    exclusion: str
    arm: str | None
    schools: int
    people: int
    fewest: int
    most: int


def wave_cells(session: Session, study: Study) -> list[WaveCell]:
    """How many were invited and answered, by wave, authority, phase and arm."""
    of_school = _people_by_wave_and_school(study).subquery()
    at, m, y = of_school.c, of_school.c.invited, of_school.c.submitted
    rows = session.execute(
        select(
            at.wave,
            Authority.name,
            School.phase,
            Allocation.arm,
            func.count(),
            _number_where(at.analysed > 0),
            *(func.sum(each) for each in (m, at.started, y, at.withdrew, at.analysed)),
            *(func.sum(each) for each in (m * m, m * y, y * y)),
        )
        .join(School, School.id == at.school_id)
        .join(Authority, Authority.id == School.authority_id)
        .outerjoin(Allocation, Allocation.school_id == School.id)
        .group_by(at.wave, Authority.name, School.phase, Allocation.arm)
    )
    return [
        WaveCell(wave, authority, phase, arm, *(int(number) for number in numbers))
        for wave, authority, phase, arm, *numbers in rows
    ]


def _people_by_wave_and_school(study: Study) -> Select[str, int, int, int, int, int, int]:
    is_submitted = Submission.submitted_at.is_not(None)
    has_withdrawn = Participant.withdrawn_at.is_not(None)
    return (
        select(
            Invitation.wave.label("wave"),
            Participant.school_id.label("school_id"),
            func.count(Invitation.id).label("invited"),
            _number_where(has_begun()).label("started"),
            _number_where(is_submitted).label("submitted"),
            _number_where(has_withdrawn).label("withdrew"),
            _number_where(is_submitted & ~has_withdrawn).label("analysed"),
        )
        .join(Participant, Participant.id == Invitation.participant_id)
        .join(School, School.id == Participant.school_id)
        .outerjoin(Submission, Submission.invitation_id == Invitation.id)
        .where(Invitation.study_id == study.id, School.exclusion == "", counts())
        .group_by(Invitation.wave, Participant.school_id)
    )


def paired_cells(session: Session, study: Study, *, waves: Collection[str]) -> list[PairedCell]:
    """How many were invited to all of these waves and submitted at all, by authority and so on."""
    of_person = (
        select(
            Invitation.participant_id.label("participant_id"),
            _number_where(Submission.submitted_at.is_not(None)).label("submitted"),
        )
        .join(Participant, Participant.id == Invitation.participant_id)
        .outerjoin(Submission, Submission.invitation_id == Invitation.id)
        .where(Invitation.study_id == study.id, Invitation.wave.in_(waves), counts())
        .group_by(Invitation.participant_id)
        .having(func.count(Invitation.id) == len(waves))
        .subquery()
    )
    rows = session.execute(
        select(
            Authority.name,
            School.phase,
            Allocation.arm,
            func.count(),
            _number_where(of_person.c.submitted == len(waves)),
        )
        .join(Participant, Participant.id == of_person.c.participant_id)
        .join(School, School.id == Participant.school_id)
        .join(Authority, Authority.id == School.authority_id)
        .outerjoin(Allocation, Allocation.school_id == School.id)
        .where(School.exclusion == "")
        .group_by(Authority.name, School.phase, Allocation.arm)
    )
    return [
        PairedCell(authority, phase, arm, invited, int(submitted))
        for authority, phase, arm, invited, submitted in rows
    ]


def school_cells(session: Session, study: Study) -> list[SchoolCell]:
    """How many schools were left out and why, or are in each arm, with their people."""
    of_school = (
        select(School.id.label("school_id"), func.count(Participant.id).label("people"))
        .outerjoin(Participant, and_(Participant.school_id == School.id, counts()))
        .where(School.study_id == study.id, School.merged_into_id.is_(None))
        .group_by(School.id)
        .subquery()
    )
    people = of_school.c.people
    rows = session.execute(
        select(
            School.exclusion,
            Allocation.arm,
            func.count(),
            func.sum(people),
            func.min(people),
            func.max(people),
        )
        .join(School, School.id == of_school.c.school_id)
        .outerjoin(Allocation, Allocation.school_id == School.id)
        .group_by(School.exclusion, Allocation.arm)
        .order_by(School.exclusion, Allocation.arm)
    )
    return [
        SchoolCell(exclusion, arm, schools, int(n), fewest, most)
        for exclusion, arm, schools, n, fewest, most in rows
    ]


def n_schools_that_attended(session: Session, study: Study) -> dict[str, int]:
    """How many schools of each arm attended any session."""
    rows = session.execute(
        select(Allocation.arm, func.count(SupervisionSession.school_id.distinct()))
        .join(Allocation, Allocation.school_id == SupervisionSession.school_id)
        .where(
            SupervisionSession.study_id == study.id,
            SupervisionSession.part == SUPERVISION,
            SupervisionSession.outcome == ATTENDED,
        )
        .group_by(Allocation.arm)
    )
    return dict(rows.all())


def _number_where(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
