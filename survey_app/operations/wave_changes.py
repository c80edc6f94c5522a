"""A wave is opened early, kept open longer or closed early, each time with the reason.

Its last day always counts whole: a wave that is closed early takes answers until the end of that
day, today at the earliest, and a page that comes after it is kept as a held page. Letters follow by
themselves: their days are worked out from the days of the wave, and a letter that waits is not sent
once the wave has closed.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from instruments.questionnaire import InstrumentPart
from survey_app.database.models import Study, WaveChange
from survey_app.database.queries.studies import randomisation_of
from survey_app.operations.audit import record_event
from survey_app.operations.errors import OperationError
from survey_app.operations.typed_reasons import refuse_personal_words
from survey_app.operations.versions import definition_of
from survey_app.operations.waves import day_in_england, state_of
from survey_app.trial.design import StudyDefinition
from survey_app.trial.study_file import Wave

LONGEST_REASON = 1000


class WaveDaysError(OperationError):
    """The days of a wave cannot be changed so."""


def open_wave(
    session: Session, *, study: Study, wave: str, because: str, by: str, at: datetime
) -> None:
    """Open a wave today that was to open later; nobody is invited by that alone."""
    design = _locked(session, study)
    planned, today = design.wave(wave), day_in_england(at)
    if state_of(planned, at=at) != "not_open_yet":
        raise WaveDaysError(f"“{planned.title}” opened on {planned.opens_on}.")
    for earlier in design.waves[: design.waves.index(planned)]:
        if earlier.closes_on >= today:
            raise WaveDaysError(
                f"“{earlier.title}” is open until the end of {earlier.closes_on}, and two waves "
                "are not open on one day."
            )
    asks_by_arm = any(
        not isinstance(part, InstrumentPart) and part.arms for part in planned.questionnaire
    )
    if asks_by_arm and randomisation_of(session, study) is None:
        raise WaveDaysError(
            f"“{planned.title}” asks some questions of one arm only, and the schools are not "
            "randomised yet."
        )
    _move(
        session,
        "wave_opened",
        study=study,
        wave=planned,
        opens_on=today,
        closes_on=planned.closes_on,
        because=because,
        by=by,
        at=at,
    )


def extend_wave(
    session: Session,
    *,
    study: Study,
    wave: str,
    closes_on: date,
    because: str,
    by: str,
    at: datetime,
) -> None:
    """Keep a wave open until the end of a later day; one that has closed is opened again by it."""
    design = _locked(session, study)
    planned, today = design.wave(wave), day_in_england(at)
    if closes_on <= planned.closes_on:
        raise WaveDaysError(
            f"“{planned.title}” is to close on {planned.closes_on} already; a later last day than "
            f"{closes_on} is expected."
        )
    if closes_on < today:
        raise WaveDaysError(f"The last day {closes_on} has passed; today or later is expected.")
    for later in design.waves[design.waves.index(planned) + 1 :]:
        if later.opens_on <= closes_on:
            raise WaveDaysError(
                f"“{later.title}” opens on {later.opens_on}; a last day before that is expected, "
                "since two waves are not open on one day."
            )
    _move(
        session,
        "wave_extended",
        study=study,
        wave=planned,
        opens_on=planned.opens_on,
        closes_on=closes_on,
        because=because,
        by=by,
        at=at,
    )


def close_wave(
    session: Session,
    *,
    study: Study,
    wave: str,
    closes_on: date,
    because: str,
    by: str,
    at: datetime,
) -> None:
    """Close an open wave early, at the end of a day that is today or later."""
    design = _locked(session, study)
    planned, today = design.wave(wave), day_in_england(at)
    if state_of(planned, at=at) != "open":
        raise WaveDaysError(
            f"“{planned.title}” is not open today: it runs from {planned.opens_on} to "
            f"{planned.closes_on}."
        )
    if not today <= closes_on < planned.closes_on:
        raise WaveDaysError(
            f"“{planned.title}” can close early at the end of {today} or of a later day before "
            f"{planned.closes_on}; found {closes_on}."
        )
    _move(
        session,
        "wave_closed_early",
        study=study,
        wave=planned,
        opens_on=planned.opens_on,
        closes_on=closes_on,
        because=because,
        by=by,
        at=at,
    )


def _locked(session: Session, study: Study) -> StudyDefinition:
    # Two that move a wave at once wait for each other here, and the second sees what the first did.
    session.flush()
    session.refresh(study, with_for_update=True)
    return definition_of(study)


def _move(
    session: Session,
    action: str,
    *,
    study: Study,
    wave: Wave,
    opens_on: date,
    closes_on: date,
    because: str,
    by: str,
    at: datetime,
) -> None:
    because = because.strip()
    if not because:
        raise WaveDaysError("Say why the days of the wave are changed.")
    if len(because) > LONGEST_REASON:
        raise WaveDaysError(f"The reason must be {LONGEST_REASON} characters or fewer.")
    refuse_personal_words(session, study=study, reason=because)
    study.moved_waves = {
        **(study.moved_waves or {}),
        wave.id: [opens_on.isoformat(), closes_on.isoformat()],
    }
    session.add(
        WaveChange(
            study_id=study.id,
            wave=wave.id,
            opened_on=wave.opens_on,
            closed_on=wave.closes_on,
            opens_on=opens_on,
            closes_on=closes_on,
            because=because,
            changed_at=at,
            changed_by=by,
        )
    )
    record_event(
        session,
        action,
        by=by,
        at=at,
        subject=f"study:{study.id}",
        study_id=study.id,
        wave=wave.id,
        before=f"{wave.opens_on} to {wave.closes_on}",
        now=f"{opens_on} to {closes_on}",
        because=because,
    )
    session.flush()
