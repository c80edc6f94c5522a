"""The trail of changes, and the names of those in it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from survey_app.database.models import AuditEvent, Staff, Study


@dataclass(frozen=True, slots=True)
class TrailSearch:
    """Which changes are looked for; whatever is empty or None is not asked about."""

    action: str = ""
    by: str = ""
    subject: str = ""
    since: datetime | None = None
    before: datetime | None = None


EVERYTHING = TrailSearch()


def n_events(session: Session, study: Study, search: TrailSearch = EVERYTHING) -> int:
    """How many changes of the study, found by the search, are on the trail."""
    counted = select(func.count()).select_from(AuditEvent).where(*_found(study, search))
    return session.scalar(counted) or 0


def events_page(
    session: Session, study: Study, search: TrailSearch = EVERYTHING, *, offset: int, limit: int
) -> list[AuditEvent]:
    """Some of the study's changes found by the search, newest first."""
    return list(
        session.scalars(
            select(AuditEvent)
            .where(*_found(study, search))
            .order_by(AuditEvent.id.desc())
            .offset(offset)
            .limit(limit)
        )
    )


def all_events(
    session: Session, study: Study, search: TrailSearch = EVERYTHING
) -> Iterator[AuditEvent]:
    """Every change of the study found by the search, oldest first, a thousand in memory at once."""
    yield from session.scalars(
        select(AuditEvent)
        .where(*_found(study, search))
        .order_by(AuditEvent.id)
        .execution_options(yield_per=1000)
    )


def whole_trail(session: Session) -> Iterator[tuple[AuditEvent, str | None]]:
    """Every change with its study's name, oldest first, a thousand in memory at once."""
    rows = session.execute(
        select(AuditEvent, Study.slug)
        .outerjoin(Study, Study.id == AuditEvent.study_id)
        .order_by(AuditEvent.id)
        .execution_options(yield_per=1000)
    )
    yield from ((event, slug) for event, slug in rows)


def all_staff_names(session: Session) -> dict[int, str]:
    """The names of everybody who ever was on staff, by their number."""
    return {staff.id: staff.name for staff in session.scalars(select(Staff))}


def actions_and_actors(session: Session, study: Study) -> tuple[list[str], list[str]]:
    """What was done in the study, and who did something."""
    of_study = _of_study(study)
    actions = session.scalars(select(AuditEvent.action).where(of_study).distinct())
    actors = session.scalars(select(AuditEvent.by).where(of_study).distinct())
    return sorted(actions), sorted(actors)


def staff_names(session: Session, staff_ids: Collection[int]) -> dict[int, str]:
    """The names of these members of staff, by their number."""
    found = session.scalars(select(Staff).where(Staff.id.in_(staff_ids)))
    return {staff.id: staff.name for staff in found}


def _of_study(study: Study) -> ColumnElement[bool]:
    """What was done in the study, about the accounts of those who ever had a role in it, or to all.

    A sign-in or a password is of no one study, and still a matter for who answers for its access.
    """
    its_staff = select(AuditEvent.subject).where(
        AuditEvent.study_id == study.id, AuditEvent.action == "role_granted"
    )
    of_no_study = AuditEvent.study_id.is_(None) & (
        AuditEvent.subject.in_(its_staff) | (AuditEvent.subject == "service")
    )
    return (AuditEvent.study_id == study.id) | of_no_study


def _found(study: Study, search: TrailSearch) -> list[ColumnElement[bool]]:
    wanted = [_of_study(study)]
    if search.action:
        wanted.append(AuditEvent.action == search.action)
    if search.by:
        wanted.append(AuditEvent.by == search.by)
    if search.subject:
        wanted.append(AuditEvent.subject == search.subject)
    if search.since is not None:
        wanted.append(AuditEvent.at >= search.since)
    if search.before is not None:
        wanted.append(AuditEvent.at < search.before)
    return wanted
