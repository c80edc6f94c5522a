"""Invented supervision sessions: some schools never come, and what comes from outside ends them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from survey_app.database.models import School
from survey_app.demonstration.chance import numbers_from
from survey_app.operations.supervision import record_session
from survey_app.trial.design import StudyDefinition
from survey_app.trial.meetings import SUPERVISION, MeetingFacts, Outcome
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
    stops = [event for event in definition.events if event.stops_sessions]
    offered = [n for n, day in enumerate(dates, 1) if all(day < stop.on for stop in stops)]
    wanted = 0
    if rng.random() >= sizes.never_attending:
        wanted = min(int(rng.binomial(len(dates), sizes.attendance)), len(offered))
    attended = set(rng.choice(offered, size=wanted, replace=False).tolist()) if wanted else set()
    for number, planned_on in enumerate(dates, start=1):
        is_offered = number in offered
        facts = MeetingFacts(
            part=SUPERVISION,
            number=number,
            planned_on=planned_on,
            outcome=_outcome(
                is_attended=number in attended, is_offered=is_offered, is_stopped=bool(stops)
            ),
            model=" and ".join(arm.models_on(planned_on)) if is_offered else "",
            supervisor=f"Supervisor of {school.authority.name}",
            because="" if is_offered else stops[0].title if stops else "",
        )
        record_session(session, school=school, facts=facts, by=by, at=at)
    for part in definition.sessions.other_parts:
        for number, planned_on in enumerate(part.planned_dates(), start=1):
            facts = MeetingFacts(
                part=part.id,
                number=number,
                planned_on=planned_on,
                outcome="attended" if wanted and rng.random() < sizes.attendance else "missed",
            )
            record_session(session, school=school, facts=facts, by=by, at=at)


def _outcome(*, is_attended: bool, is_offered: bool, is_stopped: bool) -> Outcome:
    if is_attended:
        return "attended"
    if is_offered:
        return "missed"
    return "cancelled" if is_stopped else "not_offered"
