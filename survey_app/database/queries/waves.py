"""The changes of the days of waves."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey_app.database.models import Study, WaveChange


def wave_changes(session: Session, study: Study) -> list[WaveChange]:
    """Every change of a wave's days, newest first."""
    return list(
        session.scalars(
            select(WaveChange).where(WaveChange.study_id == study.id).order_by(WaveChange.id.desc())
        )
    )
