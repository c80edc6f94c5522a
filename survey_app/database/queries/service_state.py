"""How the service fares as a whole: counts and ages, of nobody in particular."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from survey_app.database.base import Base
from survey_app.database.encryption import Encrypted, EncryptedFields
from survey_app.database.models import (
    AuditEvent,
    AuditSealedEvent,
    Invitation,
    Letter,
    Report,
    Study,
    Submission,
)

_WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class ServiceState:
    """What waits and what was done, over all studies."""

    letters: Mapping[str, int]
    """How many letters are in each state."""
    n_delayed_letters: int
    """Letters that were tried and wait to be tried again."""
    oldest_due_at: datetime | None
    """Since when the letter has been due that has waited longest."""
    reports: Mapping[str, int]
    n_submissions: int
    n_submitted: int
    oldest_unsealed_at: datetime | None
    newest_event_at: datetime | None


def service_state(session: Session, *, at: datetime) -> ServiceState:
    """Count what waits in the record."""
    unsealed = ~exists().where(AuditSealedEvent.event_id == AuditEvent.id)
    n_submissions, n_submitted = session.execute(
        select(func.count(Submission.id), func.count(Submission.submitted_at))
    ).one()
    letters = session.execute(select(Letter.state, func.count()).group_by(Letter.state))
    reports = session.execute(select(Report.state, func.count()).group_by(Report.state))
    return ServiceState(
        letters=dict(letters.all()),
        n_delayed_letters=session.scalar(
            select(func.count()).where(Letter.state == _WAITING, Letter.attempts > 0)
        )
        or 0,
        oldest_due_at=session.scalar(
            select(Letter.not_before)
            .join(Invitation)
            .join(Study)
            .where(
                Letter.state == _WAITING,
                Letter.not_before <= at,
                Study.letters_paused_at.is_(None),
            )
            .order_by(Letter.not_before)
            .limit(1)
        ),
        reports=dict(reports.all()),
        n_submissions=n_submissions,
        n_submitted=n_submitted,
        oldest_unsealed_at=session.scalar(
            select(AuditEvent.at).where(unsealed).order_by(AuditEvent.id).limit(1)
        ),
        newest_event_at=session.scalar(
            select(AuditEvent.at).order_by(AuditEvent.id.desc()).limit(1)
        ),
    )


def read_what_is_encrypted(session: Session) -> int:
    """Read the first and last value of every encrypted column; give how many there were.

    KeyMissingError where no key opens one: old values may need an older key than new ones.
    """
    n_read = 0
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Encrypted | EncryptedFields):
                key = next(iter(table.primary_key))
                filled = select(column).where(column.is_not(None))
                for order in (key, key.desc()):
                    n_read += len(session.execute(filled.order_by(order).limit(1)).all())
    return n_read
