"""The counts that authorities hold: which count now, how complete they are, and their imports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from survey_app.database.models import Authority, CountsImport, School, SchoolMonth, Study


@dataclass(frozen=True, slots=True)
class Completeness:
    """How many schools of one authority have counts for one month."""

    authority: str
    month: date
    schools: int


def is_latest(study_id: int) -> ColumnElement[bool]:
    """Hold for the row of the latest import among those of one school and month."""
    newest = (
        select(func.max(SchoolMonth.id))
        .where(SchoolMonth.study_id == study_id)
        .group_by(SchoolMonth.school_id, SchoolMonth.month)
    )
    return SchoolMonth.id.in_(newest)


def counts_now(session: Session, study: Study) -> dict[tuple[int, date], SchoolMonth]:
    """The counts that count now, by school and month."""
    return {
        (row.school_id, row.month): row
        for row in session.scalars(select(SchoolMonth).where(is_latest(study.id)))
    }


def completeness(session: Session, study: Study) -> list[Completeness]:
    """How many schools that can take part have counts, by authority and month."""
    rows = session.execute(
        select(Authority.name, SchoolMonth.month, func.count(SchoolMonth.school_id.distinct()))
        .join(School, School.id == SchoolMonth.school_id)
        .join(Authority, Authority.id == School.authority_id)
        .where(SchoolMonth.study_id == study.id, School.exclusion == "")
        .group_by(Authority.name, SchoolMonth.month)
        .order_by(Authority.name, SchoolMonth.month)
    )
    return [Completeness(authority, month, schools) for authority, month, schools in rows]


def eligible_by_authority(session: Session, study: Study) -> dict[str, int]:
    """How many schools of each authority can take part."""
    rows = session.execute(
        select(Authority.name, func.count())
        .join(School, School.authority_id == Authority.id)
        .where(School.study_id == study.id, School.exclusion == "")
        .group_by(Authority.name)
        .order_by(Authority.name)
    )
    return dict(rows.all())


def months_by_school(session: Session, study: Study) -> list[tuple[School, frozenset[date]]]:
    """Each school that can take part with the months it has counts for."""
    found: dict[int, set[date]] = {}
    for school, month in session.execute(
        select(SchoolMonth.school_id, SchoolMonth.month)
        .where(SchoolMonth.study_id == study.id)
        .distinct()
    ):
        found.setdefault(school, set()).add(month)
    schools = session.scalars(
        select(School)
        .join(Authority)
        .where(School.study_id == study.id, School.exclusion == "")
        .order_by(Authority.name, School.name, School.id)
    )
    return [(school, frozenset(found.get(school.id, ()))) for school in schools]


def counts_imports(session: Session, study: Study) -> Sequence[CountsImport]:
    """Every import of counts, newest first."""
    return session.scalars(
        select(CountsImport)
        .where(CountsImport.study_id == study.id)
        .order_by(CountsImport.id.desc())
    ).all()
