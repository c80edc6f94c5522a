"""Studies, and where each stands."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey_app.database.models import Randomisation, Study


def study_by_slug(session: Session, slug: str) -> Study | None:
    """The study of this slug."""
    return session.scalar(select(Study).where(Study.slug == slug))


def studies_by_id(session: Session, ids: Collection[int]) -> list[Study]:
    """These studies, by slug."""
    return list(session.scalars(select(Study).where(Study.id.in_(ids)).order_by(Study.slug)))


def all_studies(session: Session) -> list[Study]:
    """Every study on record, by slug."""
    return list(session.scalars(select(Study).order_by(Study.slug)))


def randomisation_of(session: Session, study: Study) -> Randomisation | None:
    """How the study's schools were randomised; None until they are."""
    return session.scalar(select(Randomisation).where(Randomisation.study_id == study.id))
