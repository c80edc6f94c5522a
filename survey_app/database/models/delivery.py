"""Invitations, the letters that carry their links, and the sessions of the intervention."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from survey_app.database.base import Base
from survey_app.database.columns import (
    Digest,
    Id,
    InvitationId,
    LongText,
    Moment,
    ParticipantId,
    SchoolId,
    ShortText,
    StudyId,
)
from survey_app.database.models.people import Participant

SUPERVISION = "supervision"
ATTENDED = "attended"
OFFERED = frozenset({ATTENDED, "missed"})


class Invitation(Base):
    """One participant's way into one wave; its reference is public and opens nothing."""

    __tablename__ = "invitation"
    __table_args__ = (UniqueConstraint("participant_id", "wave"),)

    id: Mapped[Id]
    study_id: Mapped[StudyId]
    participant_id: Mapped[ParticipantId]
    wave: Mapped[ShortText]
    reference: Mapped[ShortText] = mapped_column(unique=True)
    invited_at: Mapped[Moment]

    participant: Mapped[Participant] = relationship()


class Letter(Base):
    """A letter in the outbox: its kind and whom it is for, never its body or its link."""

    __tablename__ = "letter"
    __table_args__ = (Index("ix_letter_due", "state", "not_before"),)

    id: Mapped[Id]
    invitation_id: Mapped[InvitationId]
    kind: Mapped[ShortText]
    key: Mapped[ShortText] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(String(20))
    not_before: Mapped[Moment]
    lease_until: Mapped[Moment | None]
    attempts: Mapped[int] = mapped_column(default=0)
    queued_at: Mapped[Moment]
    sent_at: Mapped[Moment | None]
    last_error: Mapped[LongText] = mapped_column(default="")
    token_hash: Mapped[Digest | None] = mapped_column(unique=True)
    revoked_at: Mapped[Moment | None]
    disowned_at: Mapped[Moment | None]
    """When whoever opened its link said that it was not for them."""

    invitation: Mapped[Invitation] = relationship()


class DeliveryReport(Base):
    """What a mail server or service reported of a letter it had taken, each report once."""

    __tablename__ = "delivery_report"

    id: Mapped[Id]
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), index=True)
    outcome: Mapped[ShortText]
    """delivered; hard, for an address that takes no letters; soft, for one that may later;
    technical, for a letter that the service took and could not send."""
    status: Mapped[ShortText]
    """The code or word of the report, such as 5.1.1; never its text, which may hold an address."""
    source: Mapped[Digest] = mapped_column(unique=True)
    reported_at: Mapped[Moment]

    letter: Mapped[Letter] = relationship()


class SupervisionSession(Base):
    """One meeting as one school has it: a supervision session, or another part of its arm's.

    Schools that meet together have a row each, under the name of their group.
    """

    __tablename__ = "supervision_session"
    __table_args__ = (UniqueConstraint("school_id", "part", "number"),)

    id: Mapped[Id]
    study_id: Mapped[StudyId]
    school_id: Mapped[SchoolId]
    part: Mapped[ShortText] = mapped_column(
        default=SUPERVISION, server_default=text(f"'{SUPERVISION}'")
    )
    number: Mapped[int]
    planned_on: Mapped[date]
    held_on: Mapped[date | None]
    outcome: Mapped[str] = mapped_column(String(20))
    """planned, attended, missed, not_offered or cancelled."""
    model: Mapped[ShortText]
    group_name: Mapped[ShortText] = mapped_column(default="", server_default=text("''"))
    supervisor: Mapped[ShortText] = mapped_column(default="", server_default=text("''"))
    because: Mapped[LongText] = mapped_column(default="", server_default=text("''"))
    """Why it was cancelled or not offered."""

    attendances: Mapped[list[SessionAttendance]] = relationship(cascade="all, delete-orphan")

    @property
    def offered(self) -> bool:
        return self.outcome in OFFERED

    @property
    def attended(self) -> bool:
        return self.outcome == ATTENDED


class SessionAttendance(Base):
    """One person who was offered one meeting, and whether they came."""

    __tablename__ = "session_attendance"

    session_id: Mapped[int] = mapped_column(
        ForeignKey("supervision_session.id"), primary_key=True, autoincrement=False
    )
    participant_id: Mapped[int] = mapped_column(
        ForeignKey("participant.id"), primary_key=True, autoincrement=False, index=True
    )
    attended: Mapped[bool]
