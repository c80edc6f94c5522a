"""Letters that came back are read from their mailbox, each report once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from survey_app.database.session import Database
from survey_app.mail.bounce_mailbox import unseen_messages
from survey_app.mail.bounces import read_bounce
from survey_app.mail.errors import MailServerUnavailable
from survey_app.operations.delivery_reports import record_delivery_report
from survey_app.settings import Settings

BY = "worker"

_log = logging.getLogger(__name__)


def read_bounces(
    settings: Settings,
    database: Database,
    *,
    clock: Callable[[], datetime],
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Put every bounce that is in the mailbox on record; give how many were new.

    A message is marked as seen only after its report is committed, so one that is read twice, by
    a worker that died or by two at once, counts once.
    """
    if settings.bounces is None or settings.bounces.mailbox is None:
        return 0
    n_new = n_other = 0
    try:
        with unseen_messages(settings.bounces.mailbox) as messages:
            for key, raw in messages:
                if stopping():
                    break
                bounce = read_bounce(raw, key=settings.secret_key)
                if bounce is None:
                    n_other += 1
                else:
                    with database.writing() as session:
                        n_new += record_delivery_report(
                            session,
                            letter_id=bounce.letter_id,
                            outcome=bounce.outcome,
                            status=bounce.status,
                            source=bounce.source,
                            by=BY,
                            at=clock(),
                        )
                messages.mark_seen(key)
    except MailServerUnavailable as error:
        _log.warning("Bounces: %s", error)
    if n_new or n_other:
        _log.info("Bounces: %d new; other messages left for people: %d", n_new, n_other)
    return n_new
