"""Links and codes that open nothing are counted, so that guessing is slowed and seen.

A link that works is looked up first and always opens, whatever was tried beside it: a school is one
address to the outside. What is slowed is a rate of different wrong links, and one person's broken
link, pressed again and again, is one.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from survey_app.database.models import WrongLink
from survey_app.database.upsert import insert_or_update
from survey_app.operations.audit import record_event

WINDOW = timedelta(minutes=10)
MOST_OF_ONE_NETWORK = 20
MOST_OF_ALL = 500
BY_VISITOR = "visitor"

_log = logging.getLogger(__name__)


def note_wrong_link(session: Session, *, network_hash: str, token_hash: str, at: datetime) -> bool:
    """Count a link that opened nothing; give whether too many different ones were tried before it.

    Past the limit nothing more is written until the window has moved on.
    """
    if _are_too_many(session, network_hash, at=at):
        return True
    session.execute(delete(WrongLink).where(WrongLink.tried_at <= at - WINDOW))
    insert_or_update(
        session,
        WrongLink,
        [{"network_hash": network_hash, "token_hash": token_hash, "tried_at": at}],
        key=("network_hash", "token_hash"),
    )
    if _are_too_many(session, network_hash, at=at):
        _log.warning("Many different links that do not work were tried; more are turned away.")
        record_event(session, "wrong_links_slowed", by=BY_VISITOR, at=at, subject="service")
    return False


def _are_too_many(session: Session, network_hash: str, *, at: datetime) -> bool:
    recent = select(func.count()).select_from(WrongLink).where(WrongLink.tried_at > at - WINDOW)
    of_network = session.scalar(recent.where(WrongLink.network_hash == network_hash)) or 0
    return of_network >= MOST_OF_ONE_NETWORK or (session.scalar(recent) or 0) >= MOST_OF_ALL
