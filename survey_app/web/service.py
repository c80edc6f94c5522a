"""What every page can reach: the settings, the record, the clock and chance."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Flask, Response, current_app, g, request
from sqlalchemy.orm import Session

from survey_app.database.session import Database
from survey_app.settings import Settings

_KEY = "survey"
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Service:
    """The parts of the running service; time and chance are given, so that tests can give them."""

    settings: Settings
    database: Database
    clock: Callable[[], datetime]
    rng: random.Random


def service() -> Service:
    """Give the parts of the service this request is answered by."""
    parts: Service = current_app.extensions[_KEY]
    return parts


def now() -> datetime:
    """Give the moment of this request, the same wherever it is asked for."""
    if "now" not in g:
        g.now = service().clock()
    moment: datetime = g.now
    return moment


def record() -> Session:
    """Give this request's session with the record: a GET gets one that cannot write."""
    if "record" not in g:
        database = service().database
        reads = request.method in _READS
        g.record = database.open_reader() if reads else database.open_writer()
    session: Session = g.record
    return session


def undo_changes() -> None:
    """Make this request change nothing, whatever it has done so far."""
    if "record" in g:
        g.record.rollback()


def register(app: Flask, parts: Service) -> None:
    """Give an app its parts, and end each request's session with the record once."""
    app.extensions[_KEY] = parts
    app.after_request(_commit)
    app.teardown_request(_close)


def _commit(response: Response) -> Response:
    # Committed before the answer leaves, so that nobody is told "saved" when it was not.
    if "record" in g and request.method not in _READS:
        g.record.commit()
    return response


def _close(_error: BaseException | None) -> None:
    session = g.pop("record", None)
    if session is not None:
        session.close()
