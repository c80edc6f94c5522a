"""The people invited to answer, and, in a table apart, how to reach them."""

from __future__ import annotations

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from survey_app.database.base import Base
from survey_app.database.columns import Id, Moment, SchoolId, ShortText, StudyId
from survey_app.database.models.studies import School


class Participant(Base):
    """One person of one school, known to everything but letters by a code."""

    __tablename__ = "participant"
    __table_args__ = (UniqueConstraint("study_id", "code"),)

    id: Mapped[Id]
    study_id: Mapped[StudyId]
    school_id: Mapped[SchoolId]
    code: Mapped[ShortText]
    role: Mapped[ShortText]
    added_at: Mapped[Moment]
    withdrawn_at: Mapped[Moment | None]
    reminders_stopped_at: Mapped[Moment | None]

    school: Mapped[School] = relationship()
    contact: Mapped[Contact | None] = relationship(back_populates="participant")


class Contact(Base):
    """A participant's name and address: read by coordinators and letters, by nothing else."""

    __tablename__ = "contact"
    __table_args__ = (UniqueConstraint("study_id", "email"),)

    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"), primary_key=True)
    study_id: Mapped[StudyId]
    name: Mapped[ShortText]
    email: Mapped[ShortText]
    address_since: Mapped[Moment | None]
    """When the address was last changed; what bounced before tells nothing of it."""
    undeliverable_at: Mapped[Moment | None]

    participant: Mapped[Participant] = relationship(back_populates="contact")
