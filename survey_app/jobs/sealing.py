"""The trail is sealed by the worker, a batch at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from survey_app.database.session import Database
from survey_app.operations.audit_seals import MOST_EVENTS_IN_A_SEAL, seal_events


def seal_audit_trail(
    database: Database, *, clock: Callable[[], datetime], stopping: Callable[[], bool]
) -> None:
    """Seal all that is not sealed yet; of two workers at once, one seals and the other leaves."""
    n_sealed = MOST_EVENTS_IN_A_SEAL
    while n_sealed == MOST_EVENTS_IN_A_SEAL and not stopping():
        try:
            with database.writing() as session:
                n_sealed = seal_events(session, at=clock())
        except IntegrityError:
            # Another worker put its seal on the same head first.
            return
