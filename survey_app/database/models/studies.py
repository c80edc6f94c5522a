"""Studies, the schools in them, and what each school was allocated to."""

from __future__ import annotations

from datetime import date

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from survey_app.database.base import Base
from survey_app.database.columns import (
    Digest,
    Id,
    LongText,
    Moment,
    SchoolId,
    ShortText,
    StudyId,
)


class Study(Base):
    """One study: its definition as written, and when its arms were released."""

    __tablename__ = "study"

    id: Mapped[Id]
    slug: Mapped[ShortText] = mapped_column(unique=True)
    source: Mapped[LongText]
    shifted_by_days: Mapped[int]
    definition_sha256: Mapped[Digest]
    frozen_instruments: Mapped[dict[str, str] | None] = mapped_column(JSON)
    registered_at: Mapped[Moment]
    unmasked_at: Mapped[Moment | None]
    unmasked_by: Mapped[ShortText | None]
    unmasked_because: Mapped[LongText | None]

    @property
    def instruments(self) -> dict[str, str]:
        """The hash of each instrument that was frozen for the study, by its id: it keeps these."""
        return self.frozen_instruments or {}

    letters_paused_at: Mapped[Moment | None]
    moved_waves: Mapped[dict[str, list[str]] | None] = mapped_column(JSON)
    """The first and last day of each wave whose days a coordinator changed, by its id."""

    @property
    def days_of_moved_waves(self) -> dict[str, tuple[date, date]]:
        """The same as days."""
        return {
            wave: (date.fromisoformat(first), date.fromisoformat(last))
            for wave, (first, last) in (self.moved_waves or {}).items()
        }


class WaveChange(Base):
    """One change of the days of a wave, with its reason; rows are added and never changed."""

    __tablename__ = "wave_change"

    id: Mapped[Id]
    study_id: Mapped[StudyId]
    wave: Mapped[ShortText]
    opened_on: Mapped[date]
    closed_on: Mapped[date]
    opens_on: Mapped[date]
    closes_on: Mapped[date]
    because: Mapped[LongText]
    changed_at: Mapped[Moment]
    changed_by: Mapped[ShortText]


class Authority(Base):
    """A local authority of a study: the stratum schools are randomised within."""

    __tablename__ = "authority"
    __table_args__ = (UniqueConstraint("study_id", "name"),)

    id: Mapped[Id]
    study_id: Mapped[StudyId]
    name: Mapped[ShortText]


class School(Base):
    """A school on the roster; one that is not eligible stays, with the reason."""

    __tablename__ = "school"
    __table_args__ = (UniqueConstraint("study_id", "urn"), UniqueConstraint("study_id", "code"))

    id: Mapped[Id]
    study_id: Mapped[StudyId]
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"), index=True)
    urn: Mapped[ShortText]
    code: Mapped[ShortText]
    name: Mapped[ShortText]
    phase: Mapped[ShortText]
    mainstream: Mapped[bool]
    exclusion: Mapped[ShortText] = mapped_column(default="")
    trust: Mapped[ShortText] = mapped_column(default="", server_default=text("''"))
    """The trust it belongs to; empty where it belongs to none."""
    merged_into_id: Mapped[int | None]
    """The school that this row turned out to be, too; it counts nowhere any more."""

    authority: Mapped[Authority] = relationship()
    allocation: Mapped[Allocation | None] = relationship(back_populates="school")

    @property
    def is_eligible(self) -> bool:
        return self.exclusion == ""


class ActOfAllocation:
    """What is kept of each act that gave schools their arms."""

    roster_sha256: Mapped[Digest]
    allocation_sha256: Mapped[Digest]
    """The seal of the act, as its part of the certificate has it."""
    program: Mapped[ShortText] = mapped_column(default="", server_default=text("''"))
    engine_sha256: Mapped[str] = mapped_column(String(64), default="", server_default=text("''"))
    """The seal of the code that drew; empty for what was randomised before it was kept."""
    baseline: Mapped[LongText] = mapped_column(default="", server_default=text("''"))
    """Whether the baseline was complete, closed or cut off, and why."""
    source: Mapped[LongText] = mapped_column(default="", server_default=text("''"))
    """Who made an imported allocation, and how; empty for what was drawn here."""
    file_sha256: Mapped[str] = mapped_column(String(64), default="", server_default=text("''"))
    allocated_at: Mapped[Moment]
    allocated_by: Mapped[ShortText]


class Randomisation(ActOfAllocation, Base):
    """The one act of randomising a study's schools, with all that repeats it."""

    __tablename__ = "randomisation"
    __table_args__ = (UniqueConstraint("study_id"),)

    id: Mapped[Id]
    study_id: Mapped[StudyId]
    method: Mapped[ShortText] = mapped_column(
        default="permuted_blocks", server_default="permuted_blocks"
    )
    """permuted_blocks, minimisation or imported."""
    seed: Mapped[ShortText]
    """Of an imported allocation, what drew the letters of the arms alone."""
    block_size: Mapped[int] = mapped_column(default=0)
    factors: Mapped[ShortText] = mapped_column(default="authority", server_default="authority")
    """What the arms are balanced within or over, with "|" between."""
    probability: Mapped[ShortText] = mapped_column(default="", server_default=text("''"))
    arms: Mapped[list[list[object]]] = mapped_column(JSON)
    mask: Mapped[dict[str, str]] = mapped_column(JSON)


class LateAllocation(ActOfAllocation, Base):
    """An act that gave schools which came later the next places, in the order of the acts."""

    __tablename__ = "late_allocation"
    __table_args__ = (UniqueConstraint("study_id", "number"),)

    id: Mapped[Id]
    study_id: Mapped[StudyId]
    number: Mapped[int]
    previous_sha256: Mapped[Digest]


class Allocation(Base):
    """The arm one school was allocated to, and its place in the sequence."""

    __tablename__ = "allocation"
    __table_args__ = (UniqueConstraint("school_id"),)

    id: Mapped[Id]
    study_id: Mapped[StudyId]
    school_id: Mapped[SchoolId]
    act: Mapped[int] = mapped_column(default=0, server_default="0")
    """0 for the randomisation; else the number of the act for late schools."""
    stratum: Mapped[ShortText]
    """The school's level of each factor, with "|" between."""
    block: Mapped[int]
    position: Mapped[int]
    arm: Mapped[ShortText]

    school: Mapped[School] = relationship(back_populates="allocation")


class ArmRelease(Base):
    """That one person was told the arms of the schools, which nobody knew till then."""

    __tablename__ = "arm_release"
    __table_args__ = (UniqueConstraint("study_id", "staff_id"),)

    id: Mapped[Id]
    study_id: Mapped[StudyId]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    because: Mapped[LongText]
    released_at: Mapped[Moment]
    released_by: Mapped[ShortText]
