"""The people who sign in, what they may do in which study, and their open sessions."""

from __future__ import annotations

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from survey_app.database.base import Base
from survey_app.database.columns import Digest, Id, LongText, Moment, ShortText, StaffId, StudyId


class Staff(Base):
    """One person who signs in."""

    __tablename__ = "staff"

    id: Mapped[Id]
    name: Mapped[ShortText]
    email: Mapped[ShortText] = mapped_column(unique=True)
    password_hash: Mapped[LongText]
    added_at: Mapped[Moment]
    disabled_at: Mapped[Moment | None]

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
    """One sign-in: what the cookie holds is kept only as a hash."""

    __tablename__ = "staff_session"

    id: Mapped[Id]
    staff_id: Mapped[StaffId]
    token_hash: Mapped[Digest] = mapped_column(unique=True)
    started_at: Mapped[Moment]
    ended_at: Mapped[Moment | None]

    staff: Mapped[Staff] = relationship()
