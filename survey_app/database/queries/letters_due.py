"""Who has been invited and not answered, what was written to them, and how much to each school."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from survey_app.database.models import (
    Authority,
    Contact,
    Invitation,
    Letter,
    Participant,
    School,
    Study,
    Submission,
)
from survey_app.database.queries.people import takes_part


@dataclass(frozen=True, slots=True)
class InvitedPerson:
    """One invitation that has not been answered, and the letters written for it."""

    invitation: Invitation
    school_id: int
    authority: str
    takes_reminders: bool
    letters: tuple[Letter, ...]


def people_to_write_to(
    session: Session, study: Study, *, wave: str, kinds: Sequence[str]
) -> list[InvitedPerson]:
    """Everyone invited to a wave who can still be written to, with their letters of these kinds.

    Left out: whoever submitted or withdrew, whose address takes no letters, whose links were all
    taken back, who is sent no new one by a reminder, and whose letter came to somebody else.
    """
    people = session.execute(
        select(Invitation, School.id, Authority.name, Participant.reminders_stopped_at)
        .join(Participant, Participant.id == Invitation.participant_id)
        .join(School, School.id == Participant.school_id)
        .join(Authority, Authority.id == School.authority_id)
        .join(Contact, Contact.participant_id == Participant.id)
        .where(
            Invitation.study_id == study.id,
            Invitation.wave == wave,
            takes_part(),
            Contact.undeliverable_at.is_(None),
            ~exists().where(
                Submission.invitation_id == Invitation.id, Submission.submitted_at.is_not(None)
            ),
            exists().where(Letter.invitation_id == Invitation.id, Letter.revoked_at.is_(None))
            | ~exists().where(Letter.invitation_id == Invitation.id),
            ~exists().where(Letter.invitation_id == Invitation.id, Letter.disowned_at.is_not(None)),
        )
        .order_by(Invitation.id)
    ).all()
    letters: dict[int, list[Letter]] = {}
    for letter in session.scalars(
        select(Letter)
        .join(Invitation)
        .where(Invitation.study_id == study.id, Invitation.wave == wave, Letter.kind.in_(kinds))
    ):
        letters.setdefault(letter.invitation_id, []).append(letter)
    return [
        InvitedPerson(
            invitation=invitation,
            school_id=school_id,
            authority=authority,
            takes_reminders=stopped_at is None,
            letters=tuple(letters.get(invitation.id, ())),
        )
        for invitation, school_id, authority, stopped_at in people
    ]


def n_letters_by_school(
    session: Session, study: Study, *, kinds: Sequence[str], since: datetime
) -> dict[int, int]:
    """How many letters of these kinds each school was sent since a moment, or is about to be."""
    rows = session.execute(
        select(Participant.school_id, func.count())
        .select_from(Letter)
        .join(Invitation)
        .join(Participant, Participant.id == Invitation.participant_id)
        .where(
            Invitation.study_id == study.id,
            Letter.kind.in_(kinds),
            or_(Letter.state.in_(("waiting", "sending")), Letter.sent_at >= since),
        )
        .group_by(Participant.school_id)
    )
    return dict(rows.all())
