"""Invented supervision sessions: some schools never come, and what comes from outside ends them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from survey_app.database.models import School
from survey_app.demonstration.chance import numbers_from
from survey_app.operations.supervision import record_session
from survey_app.trial.design import StudyDefinition
from survey_app.trial.study_file import Arm, Demonstration


def hold_sessions(
    session: Session,
    *,
    school: School,
    arm: Arm,
    definition: StudyDefinition,
    sizes: Demonstration,
    by: str,
    at: datetime,
) -> None:
    """Record every planned session of one supervised school, offered until an event stops them."""
    rng = numbers_from(sizes.seed, f"sessions {school.urn}")
    dates = definition.sessions.planned_dates()
    stops = [event.on for event in definition.events if event.stops_sessions]
    offered = [n for n, day in enumerate(dates, 1) if all(day < stop for stop in stops)]
    wanted = 0
    if rng.random() >= sizes.never_attending:
        wanted = min(int(rng.binomial(len(dates), sizes.attendance)), len(offered))
    attended = set(rng.choice(offered, size=wanted, replace=False).tolist()) if wanted else set()
    for number, planned_on in enumerate(dates, start=1):
        record_session(
            session,
            school=school,
            number=number,
            planned_on=planned_on,
            offered=number in offered,
            attended=number in attended,
            model=" and ".join(arm.models_on(planned_on)) or "none",
            by=by,
            at=at,
        )
