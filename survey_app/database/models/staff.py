"""The people who sign in, what they may do in which study, and their open sessions."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from survey_app.database.base import Base
from survey_app.database.columns import Digest, Id, LongText, Moment, ShortText, StaffId, StudyId
from survey_app.database.encryption import Encrypted
from survey_app.database.models.studies import Study


class Staff(Base):
    """One person who signs in."""

    __tablename__ = "staff"

    id: Mapped[Id]
    name: Mapped[ShortText]
    email: Mapped[ShortText] = mapped_column(unique=True)
    password_hash: Mapped[LongText]
    """Empty until they have set a password."""
    added_at: Mapped[Moment]
    disabled_at: Mapped[Moment | None]
    totp_secret: Mapped[str | None] = mapped_column(Encrypted("staff"), deferred=True)
    totp_confirmed_at: Mapped[Moment | None]
    totp_last_step: Mapped[int | None]

    roles: Mapped[list[StaffRole]] = relationship(lazy="selectin")

    @property
    def is_invited_only(self) -> bool:
        """Whether they have not set a password yet."""
        return self.password_hash == ""


class StaffRole(Base):
    """One role of one person in one study."""

    __tablename__ = "staff_role"
    __table_args__ = (UniqueConstraint("staff_id", "study_id", "role"),)

    id: Mapped[Id]
    staff_id: Mapped[StaffId]
    study_id: Mapped[StudyId]
    role: Mapped[ShortText]


class StaffSession(Base):
    """One sign-in, whole once every factor was passed; the cookie is kept only as a hash."""

    __tablename__ = "staff_session"

    id: Mapped[Id]
    staff_id: Mapped[StaffId]
    token_hash: Mapped[Digest] = mapped_column(unique=True)
    started_at: Mapped[Moment]
    passed_at: Mapped[Moment | None]
    wrong_codes: Mapped[int] = mapped_column(default=0, server_default="0")
    ended_at: Mapped[Moment | None]

    staff: Mapped[Staff] = relationship()


class StaffRecoveryCode(Base):
    """A code that stands in once for a lost second factor, kept only as a hash."""

    __tablename__ = "staff_recovery_code"
    __table_args__ = (UniqueConstraint("staff_id", "code_hash"),)

    id: Mapped[Id]
    staff_id: Mapped[StaffId]
    code_hash: Mapped[Digest]
    used_at: Mapped[Moment | None]


class StaffLetter(Base):
    """A letter to a member of staff in their outbox; its link sets a password, once, for a time."""

    __tablename__ = "staff_letter"
    __table_args__ = (Index("ix_staff_letter_due", "state", "not_before"),)

    id: Mapped[Id]
    staff_id: Mapped[StaffId]
    study_id: Mapped[StudyId]
    kind: Mapped[ShortText]
    token_hash: Mapped[Digest | None] = mapped_column(unique=True)
    expires_at: Mapped[Moment]
    used_at: Mapped[Moment | None]
    revoked_at: Mapped[Moment | None]
    state: Mapped[str] = mapped_column(String(20))
    not_before: Mapped[Moment]
    lease_until: Mapped[Moment | None]
    attempts: Mapped[int] = mapped_column(default=0)
    queued_at: Mapped[Moment]
    queued_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    sent_at: Mapped[Moment | None]
    last_error: Mapped[LongText] = mapped_column(default="")

    staff: Mapped[Staff] = relationship(foreign_keys="StaffLetter.staff_id")
    study: Mapped[Study] = relationship()


class WrongSignIn(Base):
    """One wrong password for one name from one network; tried again, it is one row still.

    Only 16 bits of what was typed are kept, under the server's key: enough to count by.
    """

    __tablename__ = "wrong_sign_in"
    __table_args__ = (
        UniqueConstraint("network_hash", "address_hash", "guess_hash"),
        Index("ix_wrong_sign_in_tried_at", "tried_at"),
    )

    id: Mapped[Id]
    network_hash: Mapped[Digest]
    address_hash: Mapped[Digest]
    guess_hash: Mapped[str] = mapped_column(String(4))
    tried_at: Mapped[Moment]
