"""Rehearsals asked for and lived through."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from survey_app.database.models import Rehearsal, Study


def rehearsals_of(session: Session, study: Study) -> list[Rehearsal]:
    """The study's rehearsals, newest first, without their reports."""
    return list(
        session.scalars(
            select(Rehearsal).where(Rehearsal.study_id == study.id).order_by(Rehearsal.id.desc())
        )
    )


def rehearsal_with_documents(session: Session, study: Study, rehearsal_id: int) -> Rehearsal | None:
    """One rehearsal of the study, with its report."""
    return session.scalar(
        select(Rehearsal)
        .where(Rehearsal.study_id == study.id, Rehearsal.id == rehearsal_id)
        .options(undefer(Rehearsal.html), undefer(Rehearsal.pdf))
    )
