"""What each study can still detect is worked out again once something it rests on has changed."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy.orm import Session

from survey_app.database.models import Study
from survey_app.database.queries.outlook import basis_of_outlook, outlook_of
from survey_app.database.queries.studies import all_studies
from survey_app.database.session import Database
from survey_app.jobs.failures import without_words
from survey_app.operations.outlook import record_outlook

if TYPE_CHECKING:
    from reports.outlook import OutcomeOutlook

BY = "worker"

_log = logging.getLogger(__name__)


class LookAhead(Protocol):
    """Copies a study as it is now and works out what it can detect; only reads."""

    def __call__(
        self, session: Session, *, study: Study, at: datetime
    ) -> Sequence[OutcomeOutlook]: ...


def work_out_outlook(
    database: Database,
    *,
    reading: Database | None = None,
    clock: Callable[[], datetime],
    stopping: Callable[[], bool] = lambda: False,
    look_ahead: LookAhead | None = None,
) -> int:
    """Work out every study's outlook that is not up to date; give how many. Safe to repeat.

    Studies are read by `reading`, which sees no contacts, where one is given.
    """
    with database.reading() as session:
        ids = [study.id for study in all_studies(session)]
    worked_out = 0
    for study_id in ids:
        if stopping():
            break
        try:
            worked_out += _work_out(
                study_id, database, reading or database, clock, look_ahead or _look_ahead
            )
        except Exception as error:
            # One study's fault is not the others'.
            _log.error("No outlook for study %d.\n%s", study_id, without_words(error))
    return worked_out


def _work_out(
    study_id: int,
    database: Database,
    reading: Database,
    clock: Callable[[], datetime],
    look_ahead: LookAhead,
) -> bool:
    at = clock()
    with reading.reading() as session:
        study = session.get_one(Study, study_id)
        basis = basis_of_outlook(session, study)
        newest = outlook_of(session, study)
        if newest is not None and newest.basis == basis:
            return False
        found = look_ahead(session, study=study, at=at)
    with database.writing() as session:
        record_outlook(
            session,
            study=session.get_one(Study, study_id),
            figures=[_as_json(each) for each in found],
            basis=basis,
            by=BY,
            at=at,
        )
    return True


def _as_json(each: OutcomeOutlook) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in asdict(each).items()
    }


def _look_ahead(session: Session, *, study: Study, at: datetime) -> Sequence[OutcomeOutlook]:
    # Loads pandas and all that statistics needs, so only once there is something to work out.
    from survey_app.operations.reporting import look_ahead

    return look_ahead(session, study=study, at=at)
