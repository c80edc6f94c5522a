"""The people invited to answer, and, in a table apart, how to reach them."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from survey_app.database.base import Base
from survey_app.database.columns import (
    Id,
    Moment,
    ParticipantId,
    SchoolId,
    ShortText,
    StudyId,
)
from survey_app.database.encryption import Encrypted, LookUpHash
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
    left_on: Mapped[date | None]
    """The day on which they were no longer in the role at this school."""
    left_because: Mapped[ShortText | None]
    """left_school, other_role, moved, merged or not_known."""
    succeeds_id: Mapped[int | None]
    """The participant whose place at the school they took."""
    came_from_id: Mapped[int | None]
    """The participant that the same person was at another school."""
    erased_at: Mapped[Moment | None]
    merged_into_id: Mapped[int | None]
    """The participant that this record turned out to be, too; it counts nowhere any more."""

    school: Mapped[School] = relationship()
    contact: Mapped[Contact | None] = relationship(back_populates="participant")


class Contact(Base):
    """A participant's name and address: read by coordinators and letters, by nothing else."""

    __tablename__ = "contact"
    # An address of a school goes on to whoever comes next, so it is one person's at a time.
    __table_args__ = (
        Index(
            "ix_contact_current_email",
            "study_id",
            "email_hash",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"), primary_key=True)
    study_id: Mapped[StudyId]
    name: Mapped[str] = mapped_column(Encrypted("contacts"))
    email: Mapped[str] = mapped_column(Encrypted("contacts"))
    email_hash: Mapped[str] = mapped_column(LookUpHash("contacts", of="email"))
    """What an address is looked up by, since an encrypted one cannot be searched for."""
    address_since: Mapped[Moment | None]
    """When the address was last changed; what bounced before tells nothing of it."""
    undeliverable_at: Mapped[Moment | None]
    ended_at: Mapped[Moment | None]
    """When letters stopped going here, because the person left the role."""

    participant: Mapped[Participant] = relationship(back_populates="contact")

    @validates("email")
    def _keep_hash(self, _name: str, email: str) -> str:
        self.email_hash = email
        return email


class Membership(Base):
    """One person in one role at one school, from one day until another; rows are never reused.

    At the school of the participant's own row they take part; at any other they only work as well.
    """

    __tablename__ = "membership"

    id: Mapped[Id]
    study_id: Mapped[StudyId]
    participant_id: Mapped[ParticipantId]
    school_id: Mapped[SchoolId]
    role: Mapped[ShortText]
    since_on: Mapped[date]
    until_on: Mapped[date | None]

    participant: Mapped[Participant] = relationship()
    school: Mapped[School] = relationship()
