"""One letter of the outbox with all that writing it needs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session, contains_eager, defer, joinedload

from survey_app.database.models import Invitation, Letter, Participant, School, Study, Submission
from survey_app.database.queries.people import takes_part


@dataclass(frozen=True, slots=True)
class LetterToSend:
    """A letter, whom it is for as the roster has them now, and what may have stopped it since."""

    letter: Letter
    study: Study
    name: str
    email: str
    school: str
    authority: str
    is_reachable: bool
    """Whether there is an address, and letters to it do not come back."""
    has_withdrawn: bool
    has_left: bool
    """Whether the person is no longer in the role."""
    receipt: str
    """Of the answers submitted; empty while there are none."""
    takes_reminders: bool

    @property
    def has_submitted(self) -> bool:
        return bool(self.receipt)


def letter_to_send(session: Session, letter_id: int) -> LetterToSend:
    """One letter as things stand now."""
    letter, study, receipt = session.execute(_LETTER, {"letter_id": letter_id}).one()
    participant = letter.invitation.participant
    contact = participant.contact
    return LetterToSend(
        letter=letter,
        study=study,
        name=contact.name if contact else "",
        email=contact.email if contact else "",
        school=participant.school.name,
        authority=participant.school.authority.name,
        is_reachable=contact is not None and contact.undeliverable_at is None,
        has_withdrawn=participant.withdrawn_at is not None,
        has_left=participant.left_on is not None,
        receipt=receipt or "",
        takes_reminders=participant.reminders_stopped_at is None,
    )


# Made once: to make it takes longer than to run it.
_LETTER = (
    select(Letter, Study, Submission.receipt)
    .join(Letter.invitation)
    .join(Study, Study.id == Invitation.study_id)
    .outerjoin(Submission, Submission.invitation_id == Invitation.id)
    .where(Letter.id == bindparam("letter_id"))
    .options(
        contains_eager(Letter.invitation).options(
            joinedload(Invitation.participant).options(
                joinedload(Participant.contact),
                joinedload(Participant.school).joinedload(School.authority),
            )
        ),
        defer(Study.source),
    )
)


def participant_of_letter(session: Session, letter_id: int) -> Participant | None:
    """The person a letter was written to; None where the record has no such letter."""
    return session.scalar(
        select(Participant)
        .join(Invitation, Invitation.participant_id == Participant.id)
        .join(Letter, Letter.invitation_id == Invitation.id)
        .where(Letter.id == letter_id)
    )


def letter_by_id(session: Session, letter_id: int) -> Letter | None:
    """One letter of any study; None where the record has no such letter."""
    return session.get(Letter, letter_id)


@dataclass(frozen=True, slots=True)
class LinkNow:
    """What a letter's link leads to at present."""

    study: Study
    wave: str
    is_live: bool
    """Whether it opens anything: it is not taken back, and the person takes part still."""
    has_submitted: bool


def links_now(session: Session, token_hashes: Collection[str]) -> dict[str, LinkNow]:
    """Give what each of these links leads to, by the token's hash; unknown ones are left out."""
    rows = session.execute(
        select(
            Letter.token_hash,
            Study,
            Invitation.wave,
            Letter.revoked_at.is_(None) & takes_part(),
            exists().where(
                Submission.invitation_id == Invitation.id, Submission.submitted_at.is_not(None)
            ),
        )
        .join(Invitation, Invitation.id == Letter.invitation_id)
        .join(Participant, Participant.id == Invitation.participant_id)
        .join(Study, Study.id == Invitation.study_id)
        .where(Letter.token_hash.in_(token_hashes))
    )
    return {
        token_hash: LinkNow(study, wave, is_live, has_submitted)
        for token_hash, study, wave, is_live, has_submitted in rows
        if token_hash
    }
