"""Reminders and last calls are put into the outbox when their day comes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from survey_app.database.queries.studies import all_studies
from survey_app.database.session import Database
from survey_app.jobs.failures import without_words
from survey_app.operations.invitations import queue_due_letters
from survey_app.operations.waves import ENGLAND
from survey_app.settings import Settings

BY = "worker"
# A day begins at midnight; a letter about it need not.
FIRST_HOUR, LAST_HOUR = 8, 18

_log = logging.getLogger(__name__)


def queue_reminders(
    settings: Settings, database: Database, *, clock: Callable[[], datetime]
) -> int:
    """Queue the letters due today in every study, by day only; give how many. Safe to repeat."""
    at = clock()
    if not FIRST_HOUR <= at.astimezone(ENGLAND).hour < LAST_HOUR:
        return 0
    with database.reading() as session:
        studies = all_studies(session)
    queued = 0
    for study in studies:
        try:
            with database.writing() as session:
                queued += queue_due_letters(
                    session, study=study, key=settings.secret_key, by=BY, at=at
                )
        except Exception as error:
            # One study's fault is not the others'.
            _log.error("No reminders for %s.\n%s", study.slug, without_words(error))
    return queued
