"""The researchers' codes and where they were applied."""

from __future__ import annotations

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from survey_app.database.base import Base
from survey_app.database.columns import Id, LongText, Moment, ShortText, StaffId, StudyId


class Code(Base):
    """One code of a study's codebook."""

    __tablename__ = "code"
    __table_args__ = (UniqueConstraint("study_id", "label"),)

    id: Mapped[Id]
    study_id: Mapped[StudyId]
    label: Mapped[ShortText]
    definition: Mapped[LongText]
    position: Mapped[int]


class Coding(Base):
    """One coder applying one code to one comment."""

    __tablename__ = "coding"
    __table_args__ = (UniqueConstraint("comment_id", "code_id", "staff_id"),)

    id: Mapped[Id]
    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id"), index=True)
    code_id: Mapped[int] = mapped_column(ForeignKey("code.id"), index=True)
    staff_id: Mapped[StaffId]
    coded_at: Mapped[Moment]

    code: Mapped[Code] = relationship()
