"""Letters of the outbox, and the events of the trail."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, joinedload

from survey_app.database.models import Invitation, Letter, Participant, School, Study, Submission


@dataclass(frozen=True, slots=True)
class LetterToSend:
    """A letter with all that composing it needs."""

    letter: Letter
    study: Study
    name: str
    email: str
    school: str
    is_needed: bool


def letter_to_send(session: Session, letter_id: int) -> LetterToSend:
    """One claimed letter; it is no longer needed where its cause has gone away."""
    letter = session.scalars(
        select(Letter)
        .where(Letter.id == letter_id)
        .options(
            joinedload(Letter.invitation)
            .joinedload(Invitation.participant)
            .joinedload(Participant.contact),
            joinedload(Letter.invitation)
            .joinedload(Invitation.participant)
            .joinedload(Participant.school)
            .joinedload(School.authority),
        )
    ).one()
    participant = letter.invitation.participant
    submitted = bool(
        session.scalar(
            select(
                exists().where(
                    Submission.invitation_id == letter.invitation_id,
                    Submission.submitted_at.is_not(None),
                )
            )
        )
    )
    contact = participant.contact
    return LetterToSend(
        letter=letter,
        study=session.get_one(Study, letter.invitation.study_id),
        name=contact.name if contact else "",
        email=contact.email if contact else "",
        school=participant.school.name,
        is_needed=contact is not None
        and participant.withdrawn_at is None
        and letter.revoked_at is None
        and (letter.kind == "thanks" or not submitted),
    )
