"""The outbox: letters are claimed under a lease, sent, and noted; a dead worker loses nothing.

What is promised: every letter is sent at least once, unless its cause goes away first. One that the
mail server accepted in the moment the worker died is sent again with the same Message-ID.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import bindparam, exists, or_, select
from sqlalchemy.orm import Session, joinedload

from survey_app.database.models import Invitation, Letter, Study
from survey_app.database.queries.letters import LetterToSend
from survey_app.operations.audit import record_event
from survey_app.operations.studies import definition_of
from survey_app.operations.waves import state_of
from survey_app.trial.letter_kinds import LETTER_KINDS

# Longer than the slowest conversation with a mail server, whose every answer may take 30 seconds.
LEASE = timedelta(minutes=10)
_FIRST_DELAY = timedelta(minutes=1)
_LONGEST_DELAY = timedelta(hours=6)
MOST_ATTEMPTS = 12


def claim_letters(session: Session, *, at: datetime, limit: int) -> list[int]:
    """Take up to `limit` due letters for ten minutes; two workers never take the same one.

    Letters of a study that is paused stay where they are.
    """
    letters = session.scalars(_DUE, {"at": at, "limit": limit}).all()
    for letter in letters:
        letter.state = "sending"
        letter.lease_until = at + LEASE
        letter.attempts += 1
    return [letter.id for letter in letters]


# Made once: to make it takes longer than to run it.
_DUE = (
    select(Letter)
    .where(
        Letter.not_before <= bindparam("at"),
        or_(
            Letter.state == "waiting",
            (Letter.state == "sending") & (Letter.lease_until < bindparam("at")),
        ),
        exists().where(
            Invitation.id == Letter.invitation_id,
            Study.id == Invitation.study_id,
            Study.letters_paused_at.is_(None),
        ),
    )
    .order_by(Letter.not_before, Letter.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)


def note_sent(session: Session, *, letter_id: int, by: str, at: datetime) -> None:
    """Note that the mail server accepted a letter."""
    letter = _letter(session, letter_id)
    letter.state, letter.sent_at, letter.lease_until, letter.last_error = "sent", at, None, ""
    _record(session, "letter_sent", letter, by=by, at=at)


def note_refused(session: Session, *, letter_id: int, because: str, by: str, at: datetime) -> None:
    """Park a letter that the mail server will never accept; nobody behind it waits."""
    letter = _letter(session, letter_id)
    letter.state, letter.lease_until, letter.last_error = "refused", None, because
    _record(session, "letter_refused", letter, by=by, at=at)


def note_delayed(
    session: Session,
    *,
    letter_id: int,
    because: str,
    by: str,
    at: datetime,
    is_servers_fault: bool = False,
) -> None:
    """Put a letter back for later, each time twice as long, up to six hours.

    After twelve tries it is parked, unless it is the mail server that fails: then it waits as long
    as the server is away.
    """
    letter = _letter(session, letter_id)
    if letter.attempts >= MOST_ATTEMPTS and not is_servers_fault:
        note_refused(session, letter_id=letter_id, because=because, by=by, at=at)
        return
    letter.state, letter.lease_until, letter.last_error = "waiting", None, because
    letter.not_before = at + delay_after(letter.attempts)
    _record(session, "letter_delayed", letter, by=by, at=at)


def delay_after(attempts: int) -> timedelta:
    """Give how long a letter waits that could not be sent so many times."""
    factor: int = 2 ** min(attempts - 1, 10)
    return min(_FIRST_DELAY * factor, _LONGEST_DELAY)


def note_not_now(session: Session, *, letter_id: int, until: datetime) -> None:
    """Put a claimed letter back until schools are at work; that was no attempt."""
    letter = _letter(session, letter_id)
    letter.state, letter.lease_until, letter.not_before = "waiting", None, until
    letter.attempts -= 1


def note_not_needed(session: Session, *, letter_id: int, because: str) -> None:
    """Cancel a claimed letter whose cause went away, such as a reminder after submission."""
    letter = _letter(session, letter_id)
    letter.state, letter.lease_until, letter.last_error = "cancelled", None, because


def why_not_needed(found: LetterToSend, *, at: datetime) -> str:
    """Say what has stopped a letter since it was queued; empty where it is still to go."""
    kind = LETTER_KINDS[found.letter.kind]
    wave = definition_of(found.study).wave(found.letter.invitation.wave)
    reasons = (
        (not found.is_reachable, "There is no address that takes letters."),
        (found.has_withdrawn, "The person has withdrawn."),
        (found.has_left, "The person has left the role."),
        (found.letter.revoked_at is not None, "Its link was revoked."),
        ((kind.asks or kind.has_link) and found.has_submitted, "The answers are in."),
        (kind.is_reminder and not found.takes_reminders, "The person wants no reminders."),
        (kind.has_link and state_of(wave, at=at) == "closed", "The wave has closed."),
    )
    return next((reason for applies, reason in reasons if applies), "")


def _letter(session: Session, letter_id: int) -> Letter:
    return session.get_one(Letter, letter_id, options=[joinedload(Letter.invitation)])


def _record(session: Session, action: str, letter: Letter, *, by: str, at: datetime) -> None:
    record_event(
        session,
        action,
        by=by,
        at=at,
        subject=f"letter:{letter.id}",
        study_id=letter.invitation.study_id,
        kind=letter.kind,
    )
