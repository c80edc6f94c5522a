"""Rehearsals asked for are lived through one after the other, apart from the record."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from instruments.errors import DefinitionError
from reports.errors import ReportsError
from survey_app.database.models import Rehearsal, Study
from survey_app.database.session import Database
from survey_app.jobs.failures import without_words
from survey_app.operations.errors import OperationError
from survey_app.operations.rehearsals import (
    claim_rehearsal,
    fail_rehearsal,
    finish_rehearsal,
    note_rehearsal_progress,
)
from survey_app.trial.errors import TrialError

BY = "worker"
_FOR_PEOPLE = (OperationError, ReportsError, DefinitionError, TrialError)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What a rehearsal leaves behind."""

    figures: dict[str, Any]
    html: bytes
    pdf: bytes | None
    pdf_missing_because: str


Say = Callable[[str], None]


class RehearseStudy(Protocol):
    """Reads a study and its schools and gives what lives through it, once the record is let go."""

    def __call__(
        self, session: Session, *, study: Study, seed: str
    ) -> Callable[[Say], Rehearsed]: ...


def make_rehearsals(
    database: Database,
    *,
    clock: Callable[[], datetime],
    rehearse: RehearseStudy,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Live through every rehearsal asked for; give how many. One that fails says why."""
    worked_on = 0
    while not stopping():
        with database.writing() as session:
            rehearsal_id = claim_rehearsal(session, by=BY, at=clock())
        if rehearsal_id is None:
            break
        worked_on += 1
        try:
            _make(rehearsal_id, database, clock, rehearse)
        except Exception as error:
            _fail(rehearsal_id, error, database, at=clock())
    return worked_on


def _make(
    rehearsal_id: int,
    database: Database,
    clock: Callable[[], datetime],
    rehearse: RehearseStudy,
) -> None:
    # The record is let go before the simulation, which takes minutes and has one of its own.
    with database.reading() as session:
        asked = session.get_one(Rehearsal, rehearsal_id)
        study = session.get_one(Study, asked.study_id)
        live_through = rehearse(session, study=study, seed=asked.seed)

    def say(progress: str) -> None:
        with database.writing() as session:
            note_rehearsal_progress(
                session, rehearsal_id=rehearsal_id, progress=progress, at=clock()
            )

    done = live_through(say)
    with database.writing() as session:
        finish_rehearsal(
            session,
            rehearsal=session.get_one(Rehearsal, rehearsal_id),
            figures=done.figures,
            html=done.html,
            pdf=done.pdf,
            pdf_missing_because=done.pdf_missing_because,
            by=BY,
            at=clock(),
        )


def _fail(rehearsal_id: int, error: Exception, database: Database, *, at: datetime) -> None:
    because = (
        str(error)
        if isinstance(error, _FOR_PEOPLE)
        else f"A fault in the program stopped it; the worker's log has it as {rehearsal_id}."
    )
    _log.error("Rehearsal %d was not finished.\n%s", rehearsal_id, without_words(error))
    with database.writing() as session:
        fail_rehearsal(
            session,
            rehearsal=session.get_one(Rehearsal, rehearsal_id),
            because=because,
            by=BY,
            at=at,
        )
