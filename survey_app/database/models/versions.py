"""What was asked, frozen: definitions by their content, and the versions of each questionnaire."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, String, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from survey_app.database.base import Base
from survey_app.database.columns import Digest, Id, LongText, Moment, ShortText, StudyId

questionnaire_instrument = Table(
    "questionnaire_instrument",
    Base.metadata,
    Column("questionnaire_id", ForeignKey("questionnaire_version.id"), primary_key=True),
    Column("definition_id", ForeignKey("frozen_definition.id"), primary_key=True),
)


class FrozenDefinition(Base):
    """The text of an instrument or a study as it was used, found by its hash; never changed."""

    __tablename__ = "frozen_definition"
    __table_args__ = (UniqueConstraint("sha256"),)

    id: Mapped[Id]
    sha256: Mapped[Digest]
    kind: Mapped[str] = mapped_column(String(20))
    """instrument or study"""
    name: Mapped[ShortText]
    version: Mapped[ShortText]
    source: Mapped[LongText]
    wording: Mapped[LongText]
    """The licence holder's words, where the definition has none of its own."""
    frozen_at: Mapped[Moment]


class QuestionnaireVersion(Base):
    """One version of what a wave asks: a study's text and the instruments' texts; never changed."""

    __tablename__ = "questionnaire_version"
    __table_args__ = (UniqueConstraint("study_id", "wave", "number"),)

    id: Mapped[Id]
    study_id: Mapped[StudyId]
    wave: Mapped[ShortText]
    number: Mapped[int]
    sha256: Mapped[Digest]
    definition_id: Mapped[int] = mapped_column(ForeignKey("frozen_definition.id"))
    because: Mapped[LongText]
    frozen_at: Mapped[Moment]
    frozen_by: Mapped[ShortText]

    definition: Mapped[FrozenDefinition] = relationship()
    instruments: Mapped[list[FrozenDefinition]] = relationship(
        secondary=questionnaire_instrument, order_by=FrozenDefinition.name
    )
