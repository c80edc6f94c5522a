"""The trail of changes, and the names of those in it."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey_app.database.models import AuditEvent, Staff, Study


def n_events(session: Session, study: Study) -> int:
    """How many changes of the study are on the trail."""
    return (
        session.scalar(
            select(func.count()).select_from(AuditEvent).where(AuditEvent.study_id == study.id)
        )
        or 0
    )


def events_page(session: Session, study: Study, *, offset: int, limit: int) -> list[AuditEvent]:
    """Some of the study's changes, newest first."""
    return list(
        session.scalars(
            select(AuditEvent)
            .where(AuditEvent.study_id == study.id)
            .order_by(AuditEvent.id.desc())
            .offset(offset)
            .limit(limit)
        )
    )


def staff_names(session: Session, staff_ids: Collection[int]) -> dict[int, str]:
    """The names of these members of staff, by their number."""
    found = session.scalars(select(Staff).where(Staff.id.in_(staff_ids)))
    return {staff.id: staff.name for staff in found}
