"""Supervision sessions of a school: planned, offered, attended."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey_app.database.models import School, SupervisionSession
from survey_app.operations.audit import record_event
from survey_app.operations.errors import OperationError


def record_session(
    session: Session,
    *,
    school: School,
    number: int,
    planned_on: date,
    offered: bool,
    attended: bool,
    model: str,
    by: str,
    at: datetime,
) -> SupervisionSession:
    """Record one session of a school, or correct what is recorded of it."""
    if attended and not offered:
        raise OperationError("A session that was not offered cannot have been attended.")
    meeting = session.scalar(
        select(SupervisionSession).where(
            SupervisionSession.school_id == school.id, SupervisionSession.number == number
        )
    )
    if meeting is None:
        meeting = SupervisionSession(study_id=school.study_id, school_id=school.id, number=number)
        session.add(meeting)
    meeting.planned_on = planned_on
    meeting.offered = offered
    meeting.attended = attended
    meeting.model = model
    record_event(
        session,
        "session_recorded",
        by=by,
        at=at,
        subject=f"school:{school.id}",
        study_id=school.study_id,
        number=number,
    )
    return meeting
