"""Rehearsals of a study: asked for, lived through by the worker apart from the record, and kept."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, LargeBinary, String
from sqlalchemy.orm import Mapped, deferred, mapped_column

from survey_app.database.base import Base
from survey_app.database.columns import Id, LongText, Moment, ShortText, StudyId


class Rehearsal(Base):
    """One rehearsal, waiting, under way, ready or failed; of what it simulated, only its report."""

    __tablename__ = "rehearsal"

    id: Mapped[Id]
    study_id: Mapped[StudyId]
    seed: Mapped[ShortText]
    requested_by: Mapped[ShortText]
    requested_at: Mapped[Moment]
    state: Mapped[str] = mapped_column(String(20))
    lease_until: Mapped[Moment | None]
    attempts: Mapped[int] = mapped_column(default=0)
    progress: Mapped[ShortText] = mapped_column(default="")
    finished_at: Mapped[Moment | None]
    error: Mapped[LongText] = mapped_column(default="")
    figures: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    html: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    pdf: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
