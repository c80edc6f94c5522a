"""A letter came to the wrong person, who says so; a coordinator looks at it and settles it.

The link goes on working, since whoever opened it may have pressed the wrong thing. Reminders to
that person wait until it is settled.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from survey_app.database.models import Invitation, Letter
from survey_app.operations.audit import record_event
from survey_app.operations.submissions import BY_PARTICIPANT


def disown_letter(session: Session, *, letter_id: int, at: datetime) -> None:
    """Note that whoever opened a letter's link said that it was not for them; once is enough."""
    letter = session.get_one(Letter, letter_id)
    if letter.disowned_at is not None:
        return
    letter.disowned_at = at
    _record(session, "letter_disowned", letter, by=BY_PARTICIPANT, at=at)


def settle_disowned(session: Session, *, letter: Letter, by: str, at: datetime) -> None:
    """Note that somebody looked into it; reminders to the person go on from here."""
    if letter.disowned_at is None:
        return
    letter.disowned_at = None
    _record(session, "letter_settled", letter, by=by, at=at)


def _record(session: Session, action: str, letter: Letter, *, by: str, at: datetime) -> None:
    invitation = session.get_one(Invitation, letter.invitation_id)
    record_event(
        session,
        action,
        by=by,
        at=at,
        subject=f"letter:{letter.id}",
        study_id=invitation.study_id,
    )
