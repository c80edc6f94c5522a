"""Rehearsals are asked for here and lived through by the worker; the record holds their reports."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from survey_app.database.models import Rehearsal, Study
from survey_app.operations.audit import record_event
from survey_app.operations.errors import OperationError

LEASE = timedelta(minutes=30)
MOST_ATTEMPTS = 2
UNFINISHED = ("waiting", "under way")


def request_rehearsal(
    session: Session, *, study: Study, seed: str, by: str, at: datetime
) -> Rehearsal:
    """Ask for a rehearsal; while one is waiting or under way, that one is given instead."""
    session.execute(select(Study.id).where(Study.id == study.id).with_for_update())
    pending = session.scalars(
        select(Rehearsal).where(Rehearsal.study_id == study.id, Rehearsal.state.in_(UNFINISHED))
    ).first()
    if pending is not None:
        return pending
    rehearsal = Rehearsal(
        study_id=study.id, seed=seed, requested_by=by, requested_at=at, state="waiting"
    )
    session.add(rehearsal)
    session.flush()
    _record(session, "rehearsal_requested", rehearsal, by=by, at=at)
    return rehearsal


def claim_rehearsal(session: Session, *, by: str, at: datetime) -> int | None:
    """Take the next rehearsal, also one whose worker died; None when there is none."""
    rehearsal = session.scalars(
        select(Rehearsal)
        .where(
            or_(
                Rehearsal.state == "waiting",
                (Rehearsal.state == "under way") & (Rehearsal.lease_until < at),
            )
        )
        .order_by(Rehearsal.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if rehearsal is None:
        return None
    if rehearsal.attempts >= MOST_ATTEMPTS:
        because = f"It was begun {MOST_ATTEMPTS} times and never finished."
        fail_rehearsal(session, rehearsal=rehearsal, because=because, by=by, at=at)
        return claim_rehearsal(session, by=by, at=at)
    rehearsal.state, rehearsal.lease_until = "under way", at + LEASE
    rehearsal.attempts += 1
    rehearsal.progress = "Begun."
    return rehearsal.id


def note_rehearsal_progress(
    session: Session, *, rehearsal_id: int, progress: str, at: datetime
) -> None:
    """Note how far a rehearsal is; one deleted meanwhile is left alone."""
    rehearsal = session.get(Rehearsal, rehearsal_id)
    if rehearsal is not None:
        rehearsal.progress, rehearsal.lease_until = progress, at + LEASE


def finish_rehearsal(
    session: Session,
    *,
    rehearsal: Rehearsal,
    figures: dict[str, Any],
    html: bytes,
    pdf: bytes | None,
    pdf_missing_because: str,
    by: str,
    at: datetime,
) -> None:
    """Keep the report of a rehearsal, and what it counted."""
    rehearsal.state, rehearsal.lease_until, rehearsal.finished_at = "ready", None, at
    rehearsal.figures, rehearsal.html, rehearsal.pdf = figures, html, pdf
    rehearsal.error = pdf_missing_because
    _record(session, "rehearsal_made", rehearsal, by=by, at=at)


def fail_rehearsal(
    session: Session, *, rehearsal: Rehearsal, because: str, by: str, at: datetime
) -> None:
    """Note why a rehearsal could not be finished."""
    rehearsal.state, rehearsal.lease_until, rehearsal.finished_at = "failed", None, at
    rehearsal.error = because
    _record(session, "rehearsal_failed", rehearsal, by=by, at=at)


def delete_rehearsal(session: Session, *, rehearsal: Rehearsal, by: str, at: datetime) -> None:
    """Throw a rehearsal and its report away; one under way is finished first."""
    if rehearsal.state == "under way":
        raise OperationError("The rehearsal is under way; it can be deleted once it has ended.")
    _record(session, "rehearsal_deleted", rehearsal, by=by, at=at)
    session.delete(rehearsal)
    session.flush()


def _record(session: Session, action: str, rehearsal: Rehearsal, *, by: str, at: datetime) -> None:
    record_event(
        session,
        action,
        by=by,
        at=at,
        subject=f"rehearsal:{rehearsal.id}",
        study_id=rehearsal.study_id,
    )
