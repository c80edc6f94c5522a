"""Links are taken back: one letter's, one person's, a wave's or a whole study's.

What was answered stays. A letter that waits is cancelled with its link.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from survey_app.database.models import Invitation, Letter, Participant, Study
from survey_app.operations.audit import record_event
from survey_app.operations.errors import OperationError
from survey_app.trial.letter_kinds import LETTER_KINDS, POSTED


def revoke_letter(session: Session, *, letter: Letter, by: str, at: datetime) -> None:
    """Make the link of one letter dead; the person's other links go on working."""
    if letter.revoked_at is not None:
        raise OperationError("This letter's link was taken back already.")
    _take_back(letter, at=at)
    record_event(
        session,
        "link_revoked",
        by=by,
        at=at,
        subject=f"letter:{letter.id}",
        study_id=letter.invitation.study_id,
        kind=letter.kind,
    )


def revoke_links(session: Session, *, participant: Participant, by: str, at: datetime) -> int:
    """Make every link sent to one participant dead; give how many there were."""
    links = _revoke_all(session, Invitation.participant_id == participant.id, at=at)
    if not links:
        raise OperationError("This participant has no link that works.")
    record_event(
        session,
        "links_revoked",
        by=by,
        at=at,
        subject=f"participant:{participant.id}",
        study_id=participant.study_id,
        links=links,
    )
    return links


def take_back_links_of(session: Session, *, participant: Participant, at: datetime) -> int:
    """Make a person's links dead as a part of something larger, which puts it on the trail."""
    return _revoke_all(session, Invitation.participant_id == participant.id, at=at)


def revoke_study_links(
    session: Session, *, study: Study, wave: str | None = None, by: str, at: datetime
) -> int:
    """Make every link of a study dead, or of one wave of it; give how many there were."""
    of_study = Invitation.study_id == study.id
    which = of_study if wave is None else of_study & (Invitation.wave == wave)
    links = _revoke_all(session, which, at=at)
    if not links:
        raise OperationError("There is no link that works.")
    record_event(
        session,
        "wave_links_revoked" if wave else "study_links_revoked",
        by=by,
        at=at,
        subject=f"study:{study.id}",
        study_id=study.id,
        links=links,
        **({"wave": wave} if wave else {}),
    )
    return links


def _revoke_all(session: Session, which: ColumnElement[bool], *, at: datetime) -> int:
    letters = session.scalars(
        select(Letter).join(Invitation).where(which, Letter.revoked_at.is_(None))
    ).all()
    for letter in letters:
        _take_back(letter, at=at)
    return sum(LETTER_KINDS[letter.kind].has_link or letter.kind == POSTED for letter in letters)


def _take_back(letter: Letter, *, at: datetime) -> None:
    letter.revoked_at = at
    if letter.state == "waiting":
        letter.state = "cancelled"
