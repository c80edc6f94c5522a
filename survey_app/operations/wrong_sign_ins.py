"""Wrong passwords are counted, so that guessing is slowed; nobody is locked out by their name.

What makes one wait is the number of different wrong passwords from one network, for one name or for
many. The same person signing in from elsewhere is not kept waiting, and one password mistyped the
same way again and again counts once.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from survey_app.database.models import WrongSignIn
from survey_app.database.upsert import insert_or_update
from survey_app.links import address_hash, guess_hash
from survey_app.operations.audit import record_event
from survey_app.operations.wrong_links import BY_VISITOR

WINDOW: Final = timedelta(minutes=15)
FREE_TRIES: Final = 5
FREE_TRIES_OF_ONE_NETWORK: Final = 30
FIRST_WAIT: Final = timedelta(seconds=2)
LONGEST_WAIT: Final = timedelta(minutes=1)

_log = logging.getLogger(__name__)


def wait_before_sign_in(
    session: Session, *, email: str, network_hash: str, key: str, at: datetime
) -> timedelta:
    """Give how long this network has yet to wait before it may try this name; mostly nothing."""
    of_network = WrongSignIn.network_hash == network_hash
    of_name = of_network & (WrongSignIn.address_hash == address_hash(email, key=key))
    return max(
        _wait(session, of_name, FREE_TRIES, at=at),
        _wait(session, of_network, FREE_TRIES_OF_ONE_NETWORK, at=at),
    )


def note_wrong_sign_in(
    session: Session, *, email: str, password: str, network_hash: str, key: str, at: datetime
) -> None:
    """Count a wrong pair of name and password."""
    session.execute(delete(WrongSignIn).where(WrongSignIn.tried_at <= at - WINDOW))
    of_name = address_hash(email, key=key)
    before = wait_before_sign_in(session, email=email, network_hash=network_hash, key=key, at=at)
    tried = {
        "network_hash": network_hash,
        "address_hash": of_name,
        "guess_hash": guess_hash(email, password, key=key),
        "tried_at": at,
    }
    insert_or_update(
        session, WrongSignIn, [tried], key=("network_hash", "address_hash", "guess_hash")
    )
    after = wait_before_sign_in(session, email=email, network_hash=network_hash, key=key, at=at)
    if after and not before:
        _log.warning("Many different wrong passwords were tried; more have to wait.")
        record_event(session, "sign_ins_slowed", by=BY_VISITOR, at=at, subject="service")


def forget_wrong_sign_ins(session: Session, *, email: str, network_hash: str, key: str) -> None:
    """Forget the wrong tries of somebody who has signed in since."""
    session.execute(
        delete(WrongSignIn).where(
            WrongSignIn.network_hash == network_hash,
            WrongSignIn.address_hash == address_hash(email, key=key),
        )
    )


def _wait(session: Session, tries: ColumnElement[bool], free: int, *, at: datetime) -> timedelta:
    n: int
    newest: datetime | None
    n, newest = session.execute(
        select(func.count(), func.max(WrongSignIn.tried_at)).where(
            tries, WrongSignIn.tried_at > at - WINDOW
        )
    ).one()
    if n < free or newest is None:
        return timedelta()
    factor: int = 2 ** min(n - free, 10)
    whole = min(FIRST_WAIT * factor, LONGEST_WAIT)
    return max(newest + whole - at, timedelta())
