"""Reports asked for and made."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from survey_app.database.models import Report, Study


def reports_of(session: Session, study: Study) -> list[Report]:
    """The study's reports, newest first, without their documents."""
    return list(
        session.scalars(
            select(Report).where(Report.study_id == study.id).order_by(Report.id.desc())
        )
    )


def report_with_documents(session: Session, study: Study, report_id: int) -> Report | None:
    """One report of the study, with its documents."""
    return session.scalar(
        select(Report)
        .where(Report.study_id == study.id, Report.id == report_id)
        .options(undefer(Report.html), undefer(Report.pdf))
    )
