"""Whoever asked for a new link is answered: with a letter where they may have one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from survey_app.database.session import Database
from survey_app.jobs.failures import without_words
from survey_app.operations.link_requests import answer_link_requests
from survey_app.settings import Settings

_log = logging.getLogger(__name__)


def queue_new_links(
    settings: Settings, database: Database, *, clock: Callable[[], datetime]
) -> int:
    """Put a letter with a new link into the outbox for each request; give how many.

    Safe to repeat. A failure here is told and keeps no other letter from leaving.
    """
    try:
        with database.writing() as session:
            queued = answer_link_requests(session, key=settings.secret_key, at=clock())
    except Exception as error:
        _log.error("Requests for new links were not answered.\n%s", without_words(error))
        return 0
    if queued:
        _log.info("New links queued: %d", queued)
    return queued
