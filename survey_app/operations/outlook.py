"""What a study can still detect is put on record, the newest only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from survey_app.database.models import Outlook, Study
from survey_app.database.upsert import insert_or_update
from survey_app.operations.audit import record_event


def record_outlook(
    session: Session,
    *,
    study: Study,
    figures: Sequence[dict[str, Any]],
    basis: str,
    by: str,
    at: datetime,
) -> None:
    """Put what was worked out in the place of what was before; a figure not known is None."""
    insert_or_update(
        session,
        Outlook,
        [
            {
                "study_id": study.id,
                "worked_out_at": at,
                "basis": basis,
                "figures": list(figures),
            }
        ],
        key=("study_id",),
    )
    record_event(
        session,
        "outlook_worked_out",
        by=by,
        at=at,
        subject=f"study:{study.id}",
        study_id=study.id,
    )
