"""The outbox as a coordinator looks at it: who was written what, and how that fares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, joinedload

from survey_app.database.encryption import is_hash_of
from survey_app.database.models import (
    AuditEvent,
    Contact,
    Invitation,
    Letter,
    Participant,
    Study,
    Submission,
)
from survey_app.database.queries.invitations import has_begun


def n_letters_by_state(session: Session, study: Study) -> dict[str, int]:
    """How many letters of a study are in each state."""
    rows = session.execute(
        select(Letter.state, func.count())
        .join(Invitation)
        .where(Invitation.study_id == study.id)
        .group_by(Letter.state)
    )
    return dict(rows.all())


def letters_page(
    session: Session, study: Study, *, state: str = "", offset: int, limit: int
) -> list[Letter]:
    """Some of a study's letters, of one state or of all, newest first, with whom each is to."""
    statement = _letters(study).order_by(Letter.id.desc()).offset(offset).limit(limit)
    if state:
        statement = statement.where(Letter.state == state)
    return list(session.scalars(statement))


def disowned_letters(session: Session, study: Study) -> list[Letter]:
    """The letters of which somebody said that they were not for them, and nobody looked yet."""
    statement = _letters(study).where(Letter.disowned_at.is_not(None))
    return list(session.scalars(statement.order_by(Letter.disowned_at)))


def letter_of_study(session: Session, study: Study, letter_id: int) -> Letter | None:
    """One letter, if it is of this study, with whom it is to."""
    return session.scalar(_letters(study).where(Letter.id == letter_id))


def _letters(study: Study) -> Select[Letter]:
    person = joinedload(Letter.invitation).joinedload(Invitation.participant)
    return (
        select(Letter)
        .join(Invitation)
        .where(Invitation.study_id == study.id)
        .options(person.joinedload(Participant.contact), person.joinedload(Participant.school))
    )


def person_sought(session: Session, study: Study, wanted: str) -> Participant | None:
    """The person of a study with this email address or code."""
    return session.scalar(
        select(Participant)
        .outerjoin(Contact)
        .where(
            Participant.study_id == study.id,
            or_(
                is_hash_of(session, Contact.email_hash, wanted),
                Participant.code == wanted.upper(),
            ),
        )
        .options(joinedload(Participant.contact), joinedload(Participant.school))
        # Whoever has the address now, before whoever handed it on.
        .order_by(Contact.ended_at.is_not(None), Participant.id.desc())
    )


@dataclass(frozen=True, slots=True)
class Correspondence:
    """All that went between the study and one person: no answer is part of it."""

    invitations: Sequence[Invitation]
    submissions: Sequence[Submission]
    begun: frozenset[int]
    """The submissions that have an answer."""
    letters: Sequence[Letter]
    acts: Sequence[AuditEvent]
    """What was done by hand about the person's letters, which no other row tells."""


# What the rows of letters and answers tell themselves is not told twice.
_BY_HAND = (
    "person_added",
    "person_changed",
    "person_left",
    "person_succeeded",
    "person_moved",
    "person_came_back",
    "person_shared",
    "person_shared_no_more",
    "people_merged",
    "link_revoked",
    "links_revoked",
    "new_link_queued",
    "letter_queued_again",
    "letter_disowned",
    "letter_settled",
)


def correspondence_with(session: Session, person: Participant) -> Correspondence:
    """What a person was sent, and where they stand, oldest first."""
    invitations = session.scalars(
        select(Invitation).where(Invitation.participant_id == person.id).order_by(Invitation.id)
    ).all()
    letters = session.scalars(
        select(Letter)
        .join(Invitation)
        .where(Invitation.participant_id == person.id)
        .order_by(Letter.id)
    ).all()
    submissions = session.scalars(
        select(Submission).where(Submission.participant_id == person.id)
    ).all()
    begun = session.scalars(
        select(Submission.id).where(Submission.participant_id == person.id, has_begun())
    )
    subjects = [
        f"participant:{person.id}",
        *(f"invitation:{each.id}" for each in invitations),
        *(f"letter:{each.id}" for each in letters),
    ]
    acts = session.scalars(
        select(AuditEvent)
        .where(
            AuditEvent.study_id == person.study_id,
            AuditEvent.subject.in_(subjects),
            AuditEvent.action.in_(_BY_HAND),
        )
        .order_by(AuditEvent.id)
    ).all()
    return Correspondence(invitations, submissions, frozenset(begun), letters, acts)
