"""What in a study waits for somebody, counted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from survey_app.database.models import (
    Allocation,
    AuditEvent,
    Contact,
    HeldPage,
    Invitation,
    Letter,
    Participant,
    Report,
    School,
    Study,
    SupervisionSession,
)
from survey_app.database.models.delivery import SUPERVISION
from survey_app.database.queries.comments import comment_counts
from survey_app.database.queries.people import takes_part


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many of each kind of thing wait."""

    refused_letters: int
    failing_letters: int
    disowned_letters: int
    addresses_that_bounce: int
    schools_without_lead: int
    held_pages: int
    comments: int
    failed_report: bool


def things_waiting(session: Session, study: Study, *, held_since: datetime) -> Waiting:
    """Count what waits; pages are held for good, so only those held since a moment count."""
    letters = select(func.count()).select_from(Letter).join(Invitation)
    of_study = letters.where(Invitation.study_id == study.id)
    newest_report = session.scalar(
        select(Report.state).where(Report.study_id == study.id).order_by(Report.id.desc()).limit(1)
    )
    return Waiting(
        refused_letters=_number(session, of_study.where(Letter.state == "refused")),
        failing_letters=_number(
            session,
            of_study.where(Letter.state.in_(["waiting", "sending"]), Letter.last_error != ""),
        ),
        disowned_letters=_number(session, of_study.where(Letter.disowned_at.is_not(None))),
        addresses_that_bounce=_number(
            session,
            select(func.count())
            .select_from(Contact)
            .join(Participant)
            .where(
                Contact.study_id == study.id,
                Contact.undeliverable_at.is_not(None),
                takes_part(),
            ),
        ),
        schools_without_lead=_number(
            session,
            select(func.count())
            .select_from(School)
            .where(
                School.study_id == study.id,
                School.exclusion == "",
                ~exists().where(
                    Participant.school_id == School.id,
                    Participant.role == "DSL",
                    takes_part(),
                ),
            ),
        ),
        held_pages=_number(
            session,
            select(func.count())
            .select_from(HeldPage)
            .where(HeldPage.study_id == study.id, HeldPage.held_at >= held_since),
        ),
        comments=comment_counts(session, study).waiting,
        failed_report=newest_report == "failed",
    )


def n_sessions_unrecorded(
    session: Session, study: Study, *, arms: Collection[str], n_due: int
) -> int:
    """How many of the first sessions, which should have been held, are not on record."""
    of_arms = Allocation.study_id == study.id, Allocation.arm.in_(arms)
    n_schools = _number(session, select(func.count()).select_from(Allocation).where(*of_arms))
    n_recorded = _number(
        session,
        select(func.count())
        .select_from(SupervisionSession)
        .join(Allocation, Allocation.school_id == SupervisionSession.school_id)
        .where(
            *of_arms,
            SupervisionSession.part == SUPERVISION,
            SupervisionSession.outcome != "planned",
            SupervisionSession.number <= n_due,
        ),
    )
    return n_schools * n_due - n_recorded


def n_times_guessing_was_slowed(session: Session, *, since: datetime) -> int:
    """How often too many wrong links were tried at once, on the whole service."""
    return _number(
        session,
        select(func.count())
        .select_from(AuditEvent)
        .where(AuditEvent.action == "wrong_links_slowed", AuditEvent.at >= since),
    )


def _number(session: Session, statement: Select[int]) -> int:
    return session.scalar(statement) or 0
