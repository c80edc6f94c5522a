"""A study's letters are held back and let go again, without losing their place."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from survey_app.database.models import Study
from survey_app.operations.audit import record_event
from survey_app.operations.errors import OperationError


def pause_letters(session: Session, *, study: Study, by: str, at: datetime) -> None:
    """Keep the worker from taking any letter of a study."""
    if study.letters_paused_at is not None:
        raise OperationError("The letters of this study are paused already.")
    study.letters_paused_at = at
    record_event(
        session, "letters_paused", by=by, at=at, subject=f"study:{study.id}", study_id=study.id
    )


def resume_letters(session: Session, *, study: Study, by: str, at: datetime) -> None:
    """Let the worker take the letters of a study again."""
    if study.letters_paused_at is None:
        raise OperationError("The letters of this study are not paused.")
    study.letters_paused_at = None
    record_event(
        session, "letters_resumed", by=by, at=at, subject=f"study:{study.id}", study_id=study.id
    )
