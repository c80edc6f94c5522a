"""Reports asked for are made, one at a time; the record is not held while one is worked on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from sqlalchemy.orm import Session

from reports.errors import ReportsError
from survey_app.database.models import Report, Study
from survey_app.database.session import Database
from survey_app.jobs.failures import without_words
from survey_app.operations.errors import OperationError
from survey_app.operations.report_requests import claim_report, fail_report, finish_report

if TYPE_CHECKING:
    from survey_app.operations.reporting import Document

BY = "worker"
_FOR_PEOPLE = (OperationError, ReportsError)

_log = logging.getLogger(__name__)


class MakeDocument(Protocol):
    """Copies a study as it is now and writes its report; only reads."""

    def __call__(self, session: Session, *, study: Study, at: datetime) -> Document: ...


def make_reports(
    database: Database,
    *,
    reading: Database | None = None,
    clock: Callable[[], datetime],
    make: MakeDocument | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Make every report asked for; give how many were worked on. One that fails says why.

    The study is read by `reading`, which sees no contacts, where one is given.
    """
    worked_on = 0
    while not stopping():
        with database.writing() as session:
            report_id = claim_report(session, by=BY, at=clock())
        if report_id is None:
            break
        worked_on += 1
        try:
            _make(report_id, database, reading or database, clock, make or _make_document)
        except Exception as error:
            _fail(report_id, error, database, at=clock())
    return worked_on


def _make(
    report_id: int,
    database: Database,
    reading: Database,
    clock: Callable[[], datetime],
    make: MakeDocument,
) -> None:
    # Read and written in two transactions: making takes many seconds, and on SQLite a writing
    # one would keep every participant's answers waiting.
    with reading.reading() as session:
        study = session.get_one(Study, session.get_one(Report, report_id).study_id)
        document = make(session, study=study, at=clock())
    with database.writing() as session:
        finish_report(
            session,
            report=session.get_one(Report, report_id),
            html=document.html,
            pdf=document.pdf,
            pdf_missing_because=document.pdf_missing_because,
            masked=document.masked,
            by=BY,
            at=clock(),
        )


def _fail(report_id: int, error: Exception, database: Database, *, at: datetime) -> None:
    because = (
        str(error)
        if isinstance(error, _FOR_PEOPLE)
        else f"A fault in the program stopped it; the worker's log has it as report {report_id}."
    )
    _log.error("Report %d could not be made.\n%s", report_id, without_words(error))
    with database.writing() as session:
        fail_report(
            session, report=session.get_one(Report, report_id), because=because, by=BY, at=at
        )


def _make_document(session: Session, *, study: Study, at: datetime) -> Document:
    # Loads pandas and all that statistics needs, so only once there is a report to make.
    from survey_app.operations.reporting import make_document

    return make_document(session, study=study, at=at)
