"""What was asked is frozen by use: definitions by their content, questionnaires by version.

A wave's questionnaire is frozen when the first person is invited to it, and each instrument it uses
is frozen for the study: whatever the files say later, the study goes on with these.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, object_session

from instruments.catalogue import Source, load_catalogue, load_sources
from instruments.model import Instrument
from instruments.questionnaire import Questionnaire
from survey_app.database.models import (
    FrozenDefinition,
    Invitation,
    QuestionnaireVersion,
    Study,
    Submission,
)
from survey_app.database.queries.invitations import VERSIONS_READ
from survey_app.database.upsert import insert_unless_there
from survey_app.operations.errors import DefinitionChangedError
from survey_app.trial.design import StudyDefinition, read_accepted_study, read_study

WaveDays = Mapping[str, tuple[date, date]]

# By their hash, so that what is once read is right for ever.
_FROZEN: Final[dict[str, Instrument]] = {}


def definition_of(study: Study) -> StudyDefinition:
    """Give a study's definition as it stands on record, with the instruments frozen for it."""
    return _on_record(study, study.days_of_moved_waves)


def definition_as_filed(study: Study) -> StudyDefinition:
    """Give a study's definition with the days of its waves as its file has them."""
    return _on_record(study, {})


def _on_record(study: Study, days: WaveDays) -> StudyDefinition:
    frozen = _known(object_session(study), study.instruments)
    return _read(
        _Wanted(
            study.definition_sha256,
            study.slug,
            study.shifted_by_days,
            frozen,
            tuple(sorted(days.items())),
            lambda: study.source,
        )
    )


def definition_asked(study: Study, submission: Submission | None) -> StudyDefinition:
    """Give the definition that somebody is asked by: as it was, once answers are submitted."""
    if submission is None or submission.submitted_at is None:
        return definition_of(study)
    session = object_session(submission)
    newest = session and current_version_id(session, study, submission.wave)
    if submission.questionnaire_id == newest or submission.questionnaire is None:
        return definition_of(study)
    return definition_at(study, submission.questionnaire)


def definition_at_start(study: Study, submission: Submission) -> StudyDefinition:
    """Give the definition that somebody began to answer, which may have been amended since."""
    session = object_session(submission)
    if session is None:
        return definition_of(study)
    began_with = session.scalar(
        _VERSION_AT,
        {"study_id": study.id, "wave": submission.wave, "at": submission.started_at},
    )
    if began_with in (None, current_version_id(session, study, submission.wave)):
        return definition_of(study)
    return definition_at(study, session.get_one(QuestionnaireVersion, began_with))


_VERSION_AT = (
    select(QuestionnaireVersion.id)
    .where(
        QuestionnaireVersion.study_id == bindparam("study_id"),
        QuestionnaireVersion.wave == bindparam("wave"),
        QuestionnaireVersion.frozen_at <= bindparam("at"),
    )
    .order_by(QuestionnaireVersion.number.desc())
    .limit(1)
)


def definition_at(study: Study, version: QuestionnaireVersion) -> StudyDefinition:
    """Give a study's definition as it was under one version of a questionnaire."""
    frozen = {each.name: each.sha256 for each in version.instruments}
    known = _known(object_session(version), {**study.instruments, **frozen})
    text = version.definition
    return _read(
        _Wanted(
            text.sha256,
            study.slug,
            study.shifted_by_days,
            known,
            tuple(sorted(study.days_of_moved_waves.items())),
            lambda: text.source,
        )
    )


def questionnaire_of(study: Study, *, wave: str, arm: str | None) -> Questionnaire:
    """Give what is asked at a wave of one arm now, compiled once for all who are asked the same."""
    definition = definition_of(study)
    frozen = tuple(sorted(study.instruments.items()))
    return _compiled(
        _Asked(definition.sha256, study.shifted_by_days, frozen, wave, arm, definition)
    )


def is_routed(study: Study, *, wave: str) -> bool:
    """Whether what a wave asks anybody depends on answers."""
    arms = (None, *(arm.id for arm in definition_of(study).arms))
    return any(questionnaire_of(study, wave=wave, arm=arm).is_routed for arm in arms)


def _known(session: Session | None, frozen: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Read the frozen instruments that this process has not read yet."""
    unread = [sha256 for sha256 in frozen.values() if sha256 not in _FROZEN]
    if unread and session is None:
        raise LookupError("the frozen instruments of a study are read in the session that found it")
    if unread and session is not None:
        for each in session.scalars(
            select(FrozenDefinition).where(FrozenDefinition.sha256.in_(unread))
        ):
            _FROZEN[each.sha256] = Source(each.source, each.wording).read(f"{each.name}.toml")
    return tuple(sorted(frozen.items()))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A definition, and where its text is to be had if nobody has read it yet."""

    sha256: str
    slug: str
    shifted_by_days: int
    frozen: tuple[tuple[str, str], ...]
    days: tuple[tuple[str, tuple[date, date]], ...]
    """The first and last day of each wave whose days were changed."""
    text: Callable[[], str] = field(compare=False)


@lru_cache(maxsize=64)
def _read(wanted: _Wanted) -> StudyDefinition:
    catalogue = {**load_catalogue(), **{name: _FROZEN[sha256] for name, sha256 in wanted.frozen}}
    return read_accepted_study(
        wanted.text(),
        f"{wanted.slug}.toml",
        wanted.shifted_by_days,
        catalogue=MappingProxyType(catalogue),
    ).with_wave_days(dict(wanted.days))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What decides which pages a person is shown; two that are equal show the same pages."""

    definition_sha256: str
    shifted_by_days: int
    frozen: tuple[tuple[str, str], ...]
    wave: str
    arm: str | None
    definition: StudyDefinition = field(compare=False)


@lru_cache(maxsize=128)
def _compiled(asked: _Asked) -> Questionnaire:
    return asked.definition.questionnaire(asked.wave, asked.arm)


def current_version(session: Session, study: Study, wave: str) -> QuestionnaireVersion | None:
    """The newest version of a wave's questionnaire; None until anybody is invited to it."""
    return session.scalars(
        select(QuestionnaireVersion)
        .where(QuestionnaireVersion.study_id == study.id, QuestionnaireVersion.wave == wave)
        .order_by(QuestionnaireVersion.number.desc())
        .limit(1)
    ).first()


def current_version_id(session: Session, study: Study, wave: str) -> int | None:
    """The number on record of the newest version of a wave's questionnaire.

    One that was read with the visit stands for the length of its session: the definition that the
    pages are shown and checked by was read in the same moment.
    """
    known = session.info.get(VERSIONS_READ, {}).get((study.id, wave))
    return known or session.scalar(_CURRENT_VERSION_ID, {"study_id": study.id, "wave": wave})


_CURRENT_VERSION_ID = (
    select(QuestionnaireVersion.id)
    .where(
        QuestionnaireVersion.study_id == bindparam("study_id"),
        QuestionnaireVersion.wave == bindparam("wave"),
    )
    .order_by(QuestionnaireVersion.number.desc())
    .limit(1)
)


def freeze_questionnaire(
    session: Session, *, study: Study, wave: str, by: str, at: datetime
) -> QuestionnaireVersion:
    """Give the version of a wave's questionnaire that is asked now, frozen if it was not yet.

    Raises DefinitionChangedError when an instrument's file has changed without a new version.
    """
    return current_version(session, study, wave) or _next_version(
        session, study=study, wave=wave, because="", by=by, at=at
    )


def renew_questionnaires(
    session: Session, *, study: Study, because: str, by: str, at: datetime
) -> list[QuestionnaireVersion]:
    """Freeze a new version of each questionnaire in use that the study's definition now changes."""
    definition = definition_of(study)
    renewed = []
    for wave in definition.waves:
        now_asked = current_version(session, study, wave.id)
        if now_asked is None:
            continue
        _freeze_instruments(session, study=study, wave=wave.id, at=at)
        if now_asked.sha256 != _seal(definition, wave.id, study.instruments):
            renewed.append(
                _next_version(session, study=study, wave=wave.id, because=because, by=by, at=at)
            )
    return renewed


def versions_in_use(session: Session, study: Study) -> list[QuestionnaireVersion]:
    """Every version of every questionnaire of a study that was frozen, oldest first."""
    return list(
        session.scalars(
            select(QuestionnaireVersion)
            .where(QuestionnaireVersion.study_id == study.id)
            .order_by(QuestionnaireVersion.id)
        )
    )


def freeze_what_is_used(session: Session, *, by: str, at: datetime) -> int:
    """Freeze every questionnaire that was in use before versions were kept; give how many.

    Its submissions are taken to answer what the files say now, which is the best that is known.
    """
    frozen = 0
    for study in session.scalars(select(Study).order_by(Study.id)):
        for wave in session.scalars(
            select(Invitation.wave).where(Invitation.study_id == study.id).distinct()
        ).all():
            if current_version(session, study, wave) is None:
                version = freeze_questionnaire(session, study=study, wave=wave, by=by, at=at)
                frozen += 1
                for submission in session.scalars(
                    select(Submission).where(
                        Submission.study_id == study.id,
                        Submission.wave == wave,
                        Submission.questionnaire_id.is_(None),
                    )
                ):
                    submission.questionnaire_id = version.id
    session.flush()
    return frozen


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """An instrument whose file is no longer what a study rests on."""

    instrument: str
    version: str
    sha256: str
    file_version: str
    file_sha256: str

    def __str__(self) -> str:
        same = self.version == self.file_version
        return (
            f"{self.instrument}: this study rests on version {self.version} "
            f"(SHA-256 {self.sha256}). The file now is "
            f"{'other text of the same version' if same else f'version {self.file_version}'} "
            f"(SHA-256 {self.file_sha256}) and is not used here."
        )


def changed_files(study: Study) -> tuple[ChangedFile, ...]:
    """Give the instruments frozen for a study whose files have changed since."""
    definition = definition_of(study)
    return tuple(
        ChangedFile(
            name,
            definition.catalogue[name].version,
            sha256,
            load_catalogue()[name].version,
            load_sources()[name].sha256,
        )
        for name, sha256 in sorted(study.instruments.items())
        if name in load_sources() and load_sources()[name].sha256 != sha256
    )


def read_study_again(session: Session, text: str, file: str, *, slug: str) -> StudyDefinition:
    """Read a study's file as the study on record is: with its instruments, its dates as moved.

    Raises DefinitionError with every fault.
    """
    study = session.scalar(select(Study).where(Study.slug == slug))
    if study is None:
        return read_study(text, file)
    return read_study(text, file, study.shifted_by_days, catalogue=definition_of(study).catalogue)


def refuse_changed_files(
    session: Session, definition: StudyDefinition, *, frozen: Collection[str]
) -> None:
    """Refuse a study that would use a file changed without a new version, with both hashes.

    The instruments frozen for the study already are used as they are on record.
    """
    named = {name for wave in definition.waves for name in wave.instruments()} - {*frozen}
    for name in sorted(named & load_sources().keys()):
        _refuse_if_changed(session, name, load_catalogue()[name], load_sources()[name])


def _refuse_if_changed(session: Session, name: str, instrument: Instrument, source: Source) -> None:
    other = session.scalars(
        select(FrozenDefinition.sha256).where(
            FrozenDefinition.kind == "instrument",
            FrozenDefinition.name == name,
            FrozenDefinition.version == instrument.version,
            FrozenDefinition.sha256 != source.sha256,
        )
    ).first()
    if other is not None:
        raise DefinitionChangedError(
            f"{name}.toml has changed and still says version {instrument.version}: the one in use "
            f"has the SHA-256 {other}, the file {source.sha256}. Give the changed file another "
            "version, or put the one in use back."
        )


def _next_version(
    session: Session, *, study: Study, wave: str, because: str, by: str, at: datetime
) -> QuestionnaireVersion:
    # Two that freeze at once wait for each other here, and the second finds what the first froze.
    session.flush()
    session.refresh(study, with_for_update=True)
    newest = current_version(session, study, wave)
    _freeze_instruments(session, study=study, wave=wave, at=at)
    definition = definition_of(study)
    seal = _seal(definition, wave, study.instruments)
    if newest is not None and newest.sha256 == seal:
        return newest
    version = QuestionnaireVersion(
        study_id=study.id,
        wave=wave,
        number=newest.number + 1 if newest else 1,
        sha256=seal,
        definition=_frozen_study(session, study, at),
        because=because,
        frozen_at=at,
        frozen_by=by,
        instruments=list(
            session.scalars(
                select(FrozenDefinition).where(
                    FrozenDefinition.sha256.in_(
                        study.instruments[name] for name in definition.wave(wave).instruments()
                    )
                )
            )
        ),
    )
    session.add(version)
    session.flush()
    session.info.pop(VERSIONS_READ, None)
    return version


def _freeze_instruments(session: Session, *, study: Study, wave: str, at: datetime) -> None:
    definition = definition_of(study)
    added = {}
    for name in definition.wave(wave).instruments():
        if name in study.instruments:
            continue
        source, instrument = load_sources()[name], definition.catalogue[name]
        _refuse_if_changed(session, name, instrument, source)
        _freeze(session, "instrument", name, instrument.version, source, at)
        added[name] = source.sha256
    if added:
        study.frozen_instruments = {**study.instruments, **added}
        session.flush()


def _frozen_study(session: Session, study: Study, at: datetime) -> FrozenDefinition:
    return _freeze(
        session, "study", study.slug, study.definition_sha256[:12], Source(study.source), at
    )


def _freeze(
    session: Session, kind: str, name: str, version: str, source: Source, at: datetime
) -> FrozenDefinition:
    insert_unless_there(
        session,
        FrozenDefinition,
        {
            "sha256": source.sha256,
            "kind": kind,
            "name": name,
            "version": version,
            "source": source.text,
            "wording": source.wording,
            "frozen_at": at,
        },
        key=("sha256",),
    )
    return session.scalars(
        select(FrozenDefinition).where(FrozenDefinition.sha256 == source.sha256)
    ).one()


def _seal(definition: StudyDefinition, wave_id: str, frozen: Mapping[str, str]) -> str:
    """The hash of all that a wave asks."""
    wave = definition.wave(wave_id)
    asked = {
        "parts": [
            part.model_dump(mode="json", exclude_defaults=True) for part in wave.questionnaire
        ],
        "prefer_not_to_say": wave.prefer_not_to_say,
        "instruments": {name: frozen[name] for name in sorted(wave.instruments())},
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
