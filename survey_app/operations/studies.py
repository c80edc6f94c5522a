"""Studies: their definition enters the record, is amended, and their arms are released."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from instruments.errors import DefinitionError
from survey_app.database.models import Invitation, QuestionnaireVersion, Randomisation, Study
from survey_app.operations.audit import record_event
from survey_app.operations.errors import OperationError, StudyFrozenError
from survey_app.operations.typed_reasons import refuse_personal_words
from survey_app.operations.versions import (
    definition_as_filed,
    definition_of,
    refuse_changed_files,
    renew_questionnaires,
)
from survey_app.operations.waves import day_in_england
from survey_app.trial.amendments import Use, amendment_faults
from survey_app.trial.design import StudyDefinition

__all__ = ["definition_of", "register_study", "unmask_study"]


def register_study(
    session: Session, *, definition: StudyDefinition, by: str, at: datetime, because: str = ""
) -> Study:
    """Put a study's definition on record; once it is in use, a change of it needs a reason.

    Raises DefinitionError, with every fault, where a change would take away or alter what people
    in the study were asked, agreed to or were allocated to.
    """
    study = session.scalar(
        select(Study).where(Study.slug == definition.study.slug).with_for_update()
    )
    refuse_changed_files(session, definition, frozen=study.instruments if study else ())
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
        _record(session, "study_registered", study, by=by, at=at)
    elif (study.source, study.shifted_by_days) == (definition.source, definition.shifted_by_days):
        return study
    elif _is_in_use(session, study):
        _amend(session, study, definition, because=because.strip(), by=by, at=at)
    else:
        _take(study, definition)
        _record(session, "study_updated", study, by=by, at=at)
    return study


def _amend(
    session: Session,
    study: Study,
    definition: StudyDefinition,
    *,
    because: str,
    by: str,
    at: datetime,
) -> None:
    if not because:
        raise StudyFrozenError(
            f"The study {study.slug} is in use: schools were randomised or people invited under "
            f"the definition on record ({study.definition_sha256[:12]}), and the file given "
            f"({definition.sha256[:12]}) differs from it. To amend the study, say why: --because."
        )
    refuse_personal_words(session, study=study, reason=because)
    faults = amendment_faults(definition_as_filed(study), definition, _use_of(session, study))
    if faults:
        raise DefinitionError(faults)
    _keep_days_not_amended(study, definition)
    _take(study, definition)
    renewed = renew_questionnaires(session, study=study, because=because, by=by, at=at)
    questionnaires = ", ".join(f"{each.wave} version {each.number}" for each in renewed)
    _record(
        session,
        "study_amended",
        study,
        by=by,
        at=at,
        because=because,
        questionnaires=questionnaires or "no questionnaire in use",
    )


def _keep_days_not_amended(study: Study, definition: StudyDefinition) -> None:
    """Let go the days that a coordinator gave a wave where the amended file gives it others."""
    before = {wave.id: (wave.opens_on, wave.closes_on) for wave in definition_as_filed(study).waves}
    now = {wave.id: (wave.opens_on, wave.closes_on) for wave in definition.waves}
    study.moved_waves = {
        wave: days
        for wave, days in (study.moved_waves or {}).items()
        if before.get(wave) == now.get(wave)
    }


def _take(study: Study, definition: StudyDefinition) -> None:
    study.source = definition.source
    study.shifted_by_days = definition.shifted_by_days
    study.definition_sha256 = definition.sha256


def _record(
    session: Session, action: str, study: Study, *, by: str, at: datetime, **detail: str
) -> None:
    record_event(
        session,
        action,
        by=by,
        at=at,
        subject=f"study:{study.id}",
        study_id=study.id,
        sha256=study.definition_sha256[:12],
        **detail,
    )


def _use_of(session: Session, study: Study) -> Use:
    frozen = select(QuestionnaireVersion.wave).where(QuestionnaireVersion.study_id == study.id)
    invited = select(Invitation.wave).where(Invitation.study_id == study.id).distinct()
    randomised = exists().where(Randomisation.study_id == study.id)
    return Use(
        waves=frozenset([*session.scalars(frozen), *session.scalars(invited)]),
        is_randomised=bool(session.scalar(select(randomised))),
        is_unmasked=study.unmasked_at is not None,
    )


def _is_in_use(session: Session, study: Study) -> bool:
    return bool(
        session.scalar(
            select(
                exists().where(Invitation.study_id == study.id)
                | exists().where(Randomisation.study_id == study.id)
            )
        )
    )


def unmask_study(session: Session, *, study: Study, because: str, by: str, at: datetime) -> None:
    """Release the arms of a study to its evaluators and researchers, once, with the reason."""
    session.flush()
    session.refresh(study, with_for_update=True)
    if study.unmasked_at is not None:
        raise OperationError(f"The arms of {study.slug} are already released.")
    if not because.strip():
        raise OperationError("Say why the arms are released.")
    fixed_on = definition_of(study).plan.fixed_on
    if fixed_on is None or fixed_on > day_in_england(at):
        raise OperationError(
            "The analysis plan is not fixed yet: the study's file has "
            f"{'no fixed_on' if fixed_on is None else f'fixed_on = {fixed_on}'} under [plan]. "
            "Expected a day that has come, so that nobody plans what they have seen."
        )
    refuse_personal_words(session, study=study, reason=because)
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
