"""Letters that have come due are put into the outbox, on days on which schools are at work."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from survey_app.database.models import Study
from survey_app.database.queries.studies import all_studies
from survey_app.database.session import Database
from survey_app.jobs.failures import without_words
from survey_app.operations.invitations import has_due_letters, queue_due_letters
from survey_app.operations.studies import definition_of
from survey_app.settings import Settings
from survey_app.trial.working_days import ENGLAND

BY = "worker"

_log = logging.getLogger(__name__)


def queue_reminders(
    settings: Settings, database: Database, *, clock: Callable[[], datetime]
) -> int:
    """Queue the letters due today in every study, in its hours; give how many. Safe to repeat."""
    at = clock()
    with database.reading() as session:
        studies = all_studies(session)
    queued = 0
    for study in studies:
        try:
            queued += _queue(study, settings, database, at=at)
        except Exception as error:
            # One study's fault is not the others'.
            _log.error("No reminders for %s.\n%s", study.slug, without_words(error))
    return queued


def _queue(study: Study, settings: Settings, database: Database, *, at: datetime) -> int:
    letters = definition_of(study).letters
    # A day begins at midnight; a letter about it need not.
    if not letters.leave_from <= at.astimezone(ENGLAND).time() < letters.leave_until:
        return 0
    if study.letters_paused_at is not None:
        return 0
    with database.reading() as session:
        if not has_due_letters(session, study=study, at=at):
            return 0
    with database.writing() as session:
        return queue_due_letters(session, study=study, key=settings.secret_key, by=BY, at=at)
