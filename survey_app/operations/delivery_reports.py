"""What happened to letters after they were taken: delivered, or come back, and what follows."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Literal

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from survey_app.database.models import Contact, DeliveryReport, Invitation, Letter
from survey_app.database.upsert import insert_unless_there
from survey_app.operations.audit import record_event
from survey_app.operations.invitations import cancel_letters_to
from survey_app.operations.outbox import note_delayed

DeliveryOutcome = Literal["delivered", "hard", "soft", "technical"]

SOFT_BOUNCES_THAT_MAKE_A_HARD = 3


def record_delivery_report(
    session: Session,
    *,
    letter_id: int,
    outcome: DeliveryOutcome,
    status: str,
    source: str,
    by: str,
    at: datetime,
) -> bool:
    """Keep a report once, however often it comes; give whether it was new.

    A hard bounce, or the third letter in a row of soft ones, makes the person's address
    undeliverable: nothing more is sent to it until the roster has another. `source` is what tells
    one report from another; what it says is not kept.
    """
    letter = session.get(Letter, letter_id)
    if letter is None:
        return False
    is_new = insert_unless_there(
        session,
        DeliveryReport,
        {
            "letter_id": letter_id,
            "outcome": outcome,
            "status": status,
            "source": hashlib.sha256(source.encode()).hexdigest(),
            "reported_at": at,
        },
        key=("source",),
    )
    if is_new and outcome == "technical" and letter.state == "sent":
        # It never left the service, which says so after having taken it.
        because = f"The service that took the letter could not send it ({status})."
        note_delayed(session, letter_id=letter_id, because=because, by=by, at=at)
    if not is_new or outcome not in ("hard", "soft"):
        return is_new
    invitation = session.get_one(Invitation, letter.invitation_id)
    record_event(
        session,
        "letter_bounced",
        by=by,
        at=at,
        subject=f"letter:{letter.id}",
        study_id=invitation.study_id,
        kind=letter.kind,
        status=status,
    )
    contact = session.scalars(
        select(Contact).where(Contact.participant_id == invitation.participant_id).with_for_update()
    ).one_or_none()
    if contact is None or contact.undeliverable_at is not None or _is_older(letter, contact):
        return True
    if outcome == "hard" or _n_soft(session, contact) >= SOFT_BOUNCES_THAT_MAKE_A_HARD:
        contact.undeliverable_at = at
        cancel_letters_to(
            session,
            participant_id=contact.participant_id,
            because="Letters to this address come back.",
        )
        record_event(
            session,
            "address_undeliverable",
            by=by,
            at=at,
            subject=f"participant:{contact.participant_id}",
            study_id=contact.study_id,
        )
    return True


def _is_older(letter: Letter, contact: Contact) -> bool:
    """Whether the letter went to an address the person no longer has."""
    since = contact.address_since
    return since is not None and letter.sent_at is not None and letter.sent_at < since


def _n_soft(session: Session, contact: Contact) -> int:
    """How many letters came back for now, since the person has this address or one arrived."""
    to_this_address = [Invitation.participant_id == contact.participant_id]
    if contact.address_since is not None:
        to_this_address.append(
            or_(Letter.sent_at.is_(None), Letter.sent_at >= contact.address_since)
        )
    reports = (
        select(DeliveryReport)
        .join(Letter, Letter.id == DeliveryReport.letter_id)
        .join(Invitation, Invitation.id == Letter.invitation_id)
        .where(*to_this_address)
    )
    arrived_at = session.scalar(
        reports.where(DeliveryReport.outcome == "delivered").with_only_columns(
            func.max(DeliveryReport.reported_at)
        )
    )
    soft = reports.where(DeliveryReport.outcome == "soft")
    if arrived_at is not None:
        soft = soft.where(DeliveryReport.reported_at > arrived_at)
    n = session.scalar(soft.with_only_columns(func.count(func.distinct(DeliveryReport.letter_id))))
    return n or 0
