"""Studies: their definition enters the record, and their arms are released."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from survey_app.database.models import Invitation, Randomisation, Study
from survey_app.operations.audit import record_event
from survey_app.operations.errors import OperationError, StudyFrozenError
from survey_app.trial.design import StudyDefinition, read_study


def register_study(
    session: Session, *, definition: StudyDefinition, by: str, at: datetime
) -> Study:
    """Put a study's definition on record; once it is in use it can no longer change."""
    study = session.scalar(select(Study).where(Study.slug == definition.study.slug))
    if study is None:
        study = Study(
            slug=definition.study.slug,
            source=definition.source,
            shifted_by_days=definition.shifted_by_days,
            definition_sha256=definition.sha256,
            registered_at=at,
        )
        session.add(study)
        session.flush()
        action = "study_registered"
    elif (study.source, study.shifted_by_days) == (definition.source, definition.shifted_by_days):
        return study
    else:
        if _is_in_use(session, study):
            raise StudyFrozenError(
                f"The study {study.slug} is in use: schools were randomised or people invited "
                "under the definition on record, and the file given differs from it."
            )
        study.source = definition.source
        study.shifted_by_days = definition.shifted_by_days
        study.definition_sha256 = definition.sha256
        action = "study_updated"
    record_event(
        session,
        action,
        by=by,
        at=at,
        subject=f"study:{study.id}",
        study_id=study.id,
        sha256=definition.sha256[:12],
    )
    return study


def _is_in_use(session: Session, study: Study) -> bool:
    return bool(
        session.scalar(
            select(
                exists().where(Invitation.study_id == study.id)
                | exists().where(Randomisation.study_id == study.id)
            )
        )
    )


def definition_of(study: Study) -> StudyDefinition:
    """Give a study's definition as it stands on record."""
    return _read(study.source, study.slug, study.shifted_by_days)


@lru_cache(maxsize=64)
def _read(source: str, slug: str, shifted_by_days: int) -> StudyDefinition:
    return read_study(source, file=f"{slug}.toml", shifted_by_days=shifted_by_days)


def unmask_study(session: Session, *, study: Study, because: str, by: str, at: datetime) -> None:
    """Release the arms of a study to its evaluators and researchers, once, with the reason."""
    session.flush()
    session.refresh(study, with_for_update=True)
    if study.unmasked_at is not None:
        raise OperationError(f"The arms of {study.slug} are already released.")
    if not because.strip():
        raise OperationError("Say why the arms are released.")
    study.unmasked_at = at
    study.unmasked_by = by
    study.unmasked_because = because.strip()
    record_event(
        session,
        "study_unmasked",
        by=by,
        at=at,
        subject=f"study:{study.id}",
        study_id=study.id,
        because=because.strip(),
    )
