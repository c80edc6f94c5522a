"""The outbox of letters to staff: claimed under a lease, sent, and noted, as participants' are."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from survey_app.database.models import StaffLetter
from survey_app.operations.audit import record_event
from survey_app.operations.outbox import LEASE, MOST_ATTEMPTS, delay_after


def claim_staff_letter(session: Session, *, at: datetime) -> int | None:
    """Take one letter that is due for ten minutes; two workers never take the same one."""
    letter = session.scalars(
        select(StaffLetter)
        .where(
            StaffLetter.not_before <= at,
            or_(
                StaffLetter.state == "waiting",
                (StaffLetter.state == "sending") & (StaffLetter.lease_until < at),
            ),
        )
        .order_by(StaffLetter.not_before, StaffLetter.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if letter is None:
        return None
    letter.state, letter.lease_until = "sending", at + LEASE
    letter.attempts += 1
    return letter.id


def staff_letter_to_send(session: Session, letter_id: int) -> StaffLetter:
    """Give a claimed letter with whom it is for."""
    return session.get_one(StaffLetter, letter_id, options=[joinedload(StaffLetter.staff)])


def note_staff_letter_sent(session: Session, *, letter_id: int, by: str, at: datetime) -> None:
    """Note that the mail server accepted a letter."""
    letter = session.get_one(StaffLetter, letter_id)
    letter.state, letter.sent_at, letter.lease_until, letter.last_error = "sent", at, None, ""
    _record(session, "staff_letter_sent", letter, by=by, at=at)


def note_staff_letter_not_sent(
    session: Session,
    *,
    letter_id: int,
    because: str,
    by: str,
    at: datetime,
    is_for_good: bool = False,
    is_servers_fault: bool = False,
) -> None:
    """Put a letter back for later, or park one that will never be accepted.

    While it is the mail server that fails it waits, as long as its link is good.
    """
    letter = session.get_one(StaffLetter, letter_id)
    letter.lease_until, letter.last_error = None, because
    if is_for_good or (letter.attempts >= MOST_ATTEMPTS and not is_servers_fault):
        letter.state = "refused"
        _record(session, "staff_letter_refused", letter, by=by, at=at)
        return
    letter.state, letter.not_before = "waiting", at + delay_after(letter.attempts)
    _record(session, "staff_letter_delayed", letter, by=by, at=at)


def note_staff_letter_not_needed(session: Session, *, letter_id: int) -> None:
    """Cancel a claimed letter whose link was taken back or used since."""
    letter = session.get_one(StaffLetter, letter_id)
    letter.state, letter.lease_until = "cancelled", None


def _record(session: Session, action: str, letter: StaffLetter, *, by: str, at: datetime) -> None:
    record_event(
        session,
        action,
        by=by,
        at=at,
        subject=f"staff:{letter.staff_id}",
        study_id=letter.study_id,
        kind=letter.kind,
    )
