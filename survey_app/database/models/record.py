"""Reports asked for, and the trail of who changed what."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, deferred, mapped_column

from survey_app.database.base import Base
from survey_app.database.columns import Digest, Id, LongText, Moment, ShortText, StudyId


class Report(Base):
    """A report asked for, being made, ready, or failed with its reason."""

    __tablename__ = "report"

    id: Mapped[Id]
    study_id: Mapped[StudyId]
    requested_by: Mapped[ShortText]
    requested_at: Mapped[Moment]
    state: Mapped[str] = mapped_column(String(20))
    lease_until: Mapped[Moment | None]
    attempts: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[Moment | None]
    masked: Mapped[bool | None]
    error: Mapped[LongText] = mapped_column(default="")
    destroyed_at: Mapped[Moment | None]
    """When its files were destroyed, because answers in them were erased."""
    html_sha256: Mapped[Digest | None]
    pdf_sha256: Mapped[Digest | None]
    html: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    pdf: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))


class Outlook(Base):
    """What models say of a study that still runs, worked out by the worker; the newest only."""

    __tablename__ = "outlook"
    __table_args__ = (UniqueConstraint("study_id"),)

    id: Mapped[Id]
    study_id: Mapped[StudyId]
    worked_out_at: Mapped[Moment]
    basis: Mapped[Digest]
    """The seal of what it rests on: where that is the same, there is nothing new to work out."""
    figures: Mapped[list[dict[str, Any]]] = mapped_column(JSON)


class AuditEvent(Base):
    """One change: who, when, what. No foreign keys and no personal data, so it outlives erasure."""

    __tablename__ = "audit_event"

    id: Mapped[Id]
    at: Mapped[Moment]
    by: Mapped[ShortText]
    action: Mapped[ShortText] = mapped_column(index=True)
    study_id: Mapped[int | None] = mapped_column(index=True)
    subject: Mapped[ShortText] = mapped_column(index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)


class AuditSeal(Base):
    """A batch of events closed by a hash over them and over the seal before."""

    __tablename__ = "audit_seal"

    id: Mapped[Id]
    sealed_at: Mapped[Moment]
    n_events: Mapped[int]
    previous_sha256: Mapped[Digest] = mapped_column(unique=True)
    sha256: Mapped[Digest] = mapped_column(unique=True)


class AuditSealedEvent(Base):
    """Which seal an event is under; no foreign key to it, so that one taken away is missed."""

    __tablename__ = "audit_sealed_event"

    event_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seal_id: Mapped[int] = mapped_column(ForeignKey("audit_seal.id"), index=True)
