"""Counts that authorities hold of schools: each import is kept, and a later one counts."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from survey_app.database.base import Base
from survey_app.database.columns import Digest, Id, Moment, SchoolId, ShortText, StudyId


class CountsImport(Base):
    """One file of counts: who brought it in, when, and what it changed."""

    __tablename__ = "counts_import"

    id: Mapped[Id]
    study_id: Mapped[StudyId]
    imported_at: Mapped[Moment]
    imported_by: Mapped[ShortText]
    file_name: Mapped[ShortText]
    file_sha256: Mapped[Digest]
    n_new: Mapped[int]
    n_changed: Mapped[int]
    n_unchanged: Mapped[int]


class SchoolMonth(Base):
    """The counts of one school in one month as one import gave them; rows are never changed.

    Of several, that of the latest import counts. A count that was not given is null, and not 0.
    """

    __tablename__ = "school_month"
    __table_args__ = (UniqueConstraint("import_id", "school_id", "month"),)

    id: Mapped[Id]
    study_id: Mapped[StudyId]
    import_id: Mapped[int] = mapped_column(ForeignKey("counts_import.id"), index=True)
    school_id: Mapped[SchoolId]
    month: Mapped[date]
    contacts: Mapped[int | None]
    no_further_action: Mapped[int | None]
    referrals: Mapped[int | None]
    child_in_need_plans: Mapped[int | None]
    initial_conferences: Mapped[int | None]
