"""Letters that have come due are put into the outbox, on days on which schools are at work."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from survey_app.database.models import Study
from survey_app.database.queries.studies import all_studies, study_by_slug
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
        slugs = [study.slug for study in all_studies(session)]
    queued = 0
    for slug in slugs:
        try:
            queued += _queue(slug, settings, database, at=at)
        except Exception as error:
            # One study's fault is not the others'.
            _log.error("No reminders for %s.\n%s", slug, without_words(error))
    return queued


def _queue(slug: str, settings: Settings, database: Database, *, at: datetime) -> int:
    with database.reading() as session:
        study = study_by_slug(session, slug)
        if (
            study is None
            or not _is_time(study, at)
            or not has_due_letters(session, study=study, at=at)
        ):
            return 0
    with database.writing() as session:
        study = session.get_one(Study, study.id)
        return queue_due_letters(session, study=study, key=settings.secret_key, by=BY, at=at)


def _is_time(study: Study, at: datetime) -> bool:
    """Whether a study's letters leave now: a day begins at midnight, a letter about it need not."""
    letters = definition_of(study).letters
    in_hours = letters.leave_from <= at.astimezone(ENGLAND).time() < letters.leave_until
    return in_hours and study.letters_paused_at is None
