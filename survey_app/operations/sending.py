"""A hand on the outbox: a letter is sent again, somebody's reminders are stopped."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey_app.database.models import Invitation, Letter, Participant
from survey_app.database.queries.letters import letter_to_send
from survey_app.operations.audit import record_event
from survey_app.operations.errors import OperationError
from survey_app.operations.invitations import cancel_letters_to, queue_letter
from survey_app.operations.memberships import lock_person
from survey_app.operations.outbox import why_not_needed
from survey_app.trial.letter_kinds import REMINDERS

# Numbers below are those of the study's own days.
FIRST_NUMBER_BY_HAND = 1000


def resend_letter(session: Session, *, letter: Letter, key: str, by: str, at: datetime) -> None:
    """Send a letter again by hand: one that was sent as a new letter, another as it is.

    Refused while it waits to be sent, and where its cause has gone away.
    """
    session.refresh(letter, with_for_update=True)
    if letter.state in ("waiting", "sending"):
        raise OperationError("This letter has not left yet.")
    if letter.state == "printed":
        raise OperationError("This letter goes by post.")
    because = why_not_needed(letter_to_send(session, letter.id), at=at)
    if because:
        raise OperationError(f"This letter cannot be sent again. {because}")
    if letter.state == "sent":
        queue_letter(
            session,
            invitation=session.get_one(Invitation, letter.invitation_id),
            kind=letter.kind,
            number=_next_number_by_hand(session, letter),
            key=key,
            at=at,
        )
    else:
        letter.state, letter.not_before, letter.attempts = "waiting", at, 0
        letter.last_error = ""
    record_event(
        session,
        "letter_queued_again",
        by=by,
        at=at,
        subject=f"letter:{letter.id}",
        study_id=session.get_one(Invitation, letter.invitation_id).study_id,
        kind=letter.kind,
    )


def _next_number_by_hand(session: Session, letter: Letter) -> int:
    earlier = session.scalar(
        select(func.count())
        .select_from(Letter)
        .where(Letter.invitation_id == letter.invitation_id, Letter.kind == letter.kind)
    )
    return FIRST_NUMBER_BY_HAND + (earlier or 0)


def stop_reminders(session: Session, *, participant: Participant, by: str, at: datetime) -> bool:
    """Remind a person no more, of this wave or a later one; give whether that is new.

    It is not withdrawing: the link works on, and later waves are still invited to.
    """
    lock_person(session, participant)
    if participant.reminders_stopped_at is not None:
        return False
    participant.reminders_stopped_at = at
    cancel_letters_to(
        session,
        participant_id=participant.id,
        because="The person wants no reminders.",
        kinds=REMINDERS,
    )
    record_event(
        session,
        "reminders_stopped",
        by=by,
        at=at,
        subject=f"participant:{participant.id}",
        study_id=participant.study_id,
    )
    return True


def allow_reminders(session: Session, *, participant: Participant, by: str, at: datetime) -> bool:
    """Remind a person again who wanted no reminders; give whether that is new."""
    lock_person(session, participant)
    if participant.reminders_stopped_at is None:
        return False
    participant.reminders_stopped_at = None
    record_event(
        session,
        "reminders_allowed",
        by=by,
        at=at,
        subject=f"participant:{participant.id}",
        study_id=participant.study_id,
    )
    return True
