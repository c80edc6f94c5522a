"""The people who sign in, what they may do in which study, and their open sessions."""

from __future__ import annotations

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from survey_app.database.base import Base
from survey_app.database.columns import Digest, Id, LongText, Moment, ShortText, StaffId, StudyId
from survey_app.database.encryption import Encrypted


class Staff(Base):
    """One person who signs in."""

    __tablename__ = "staff"

    id: Mapped[Id]
    name: Mapped[ShortText]
    email: Mapped[ShortText] = mapped_column(unique=True)
    password_hash: Mapped[LongText]
    added_at: Mapped[Moment]
    disabled_at: Mapped[Moment | None]
    totp_secret: Mapped[str | None] = mapped_column(Encrypted("staff"), deferred=True)
    totp_confirmed_at: Mapped[Moment | None]
    totp_last_step: Mapped[int | None]

    roles: Mapped[list[StaffRole]] = relationship(lazy="selectin")


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
