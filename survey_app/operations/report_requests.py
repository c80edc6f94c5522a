"""Reports are asked for here and made by the worker; the record holds where each stands."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from survey_app.database.models import Report, Study
from survey_app.operations.audit import record_event

LEASE = timedelta(minutes=15)
MOST_ATTEMPTS = 3


def request_report(session: Session, *, study: Study, by: str, at: datetime) -> Report:
    """Ask for a report; while one is waiting or being made, that one is given instead."""
    session.execute(select(Study.id).where(Study.id == study.id).with_for_update())
    pending = session.scalars(
        select(Report).where(Report.study_id == study.id, Report.state.in_(["waiting", "making"]))
    ).first()
    if pending is not None:
        return pending
    report = Report(study_id=study.id, requested_by=by, requested_at=at, state="waiting")
    session.add(report)
    session.flush()
    record_event(
        session, "report_requested", by=by, at=at, subject=f"report:{report.id}", study_id=study.id
    )
    return report


def claim_report(session: Session, *, by: str, at: datetime) -> int | None:
    """Take the next report to make, also one whose worker died; None when there is none.

    One that three workers died of is given up, so that it stops the next ones no longer.
    """
    report = session.scalars(
        select(Report)
        .where(
            or_(
                Report.state == "waiting",
                (Report.state == "making") & (Report.lease_until < at),
            )
        )
        .order_by(Report.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if report is None:
        return None
    if report.attempts >= MOST_ATTEMPTS:
        because = f"It was begun {MOST_ATTEMPTS} times and never finished."
        fail_report(session, report=report, because=because, by=by, at=at)
        return claim_report(session, by=by, at=at)
    report.state, report.lease_until = "making", at + LEASE
    report.attempts += 1
    return report.id


def finish_report(
    session: Session,
    *,
    report: Report,
    html: bytes,
    pdf: bytes | None,
    pdf_missing_because: str,
    masked: bool,
    by: str,
    at: datetime,
) -> None:
    """Put a made report on record; where no PDF could be made, with the reason.

    One that was to be begun again meanwhile is thrown away: it holds answers that were erased.
    """
    session.flush()
    session.refresh(report, with_for_update=True)
    if report.state != "making":
        return
    report.state, report.lease_until, report.finished_at = "ready", None, at
    report.html, report.pdf, report.masked, report.error = html, pdf, masked, pdf_missing_because
    record_event(
        session,
        "report_made",
        by=by,
        at=at,
        subject=f"report:{report.id}",
        study_id=report.study_id,
    )


def fail_report(session: Session, *, report: Report, because: str, by: str, at: datetime) -> None:
    """Note why a report could not be made."""
    report.state, report.lease_until, report.finished_at = "failed", None, at
    report.error = because
    record_event(
        session,
        "report_failed",
        by=by,
        at=at,
        subject=f"report:{report.id}",
        study_id=report.study_id,
    )
