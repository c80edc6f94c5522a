"""A new link for whoever asks for one, without telling whether an address is on a roster.

What is typed is put down as a hash under the server's key, the same for any address. The worker
looks whose it is, so the page can tell nobody anything, not even by the time it takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from survey_app.database.models import (
    Contact,
    Invitation,
    Letter,
    LinkRequest,
    Study,
)
from survey_app.links import address_hash
from survey_app.operations.audit import record_event
from survey_app.operations.invitations import awaiting_reply, queue_letter
from survey_app.operations.studies import definition_of
from survey_app.operations.waves import state_of
from survey_app.operations.wrong_links import BY_VISITOR

WINDOW = timedelta(minutes=10)
MOST_OF_ONE_NETWORK = 20
MOST_LETTERS_A_DAY = 3
KEPT_FOR = timedelta(days=1)
NEW_LINK = "new_link"


def request_link(session: Session, *, network_hash: str, address_hash: str, at: datetime) -> bool:
    """Put down that somebody asked for a link; give False where their network asks too often.

    Asked again within ten minutes for the same address, one letter is enough.
    """
    since = at - WINDOW
    recent = select(func.count()).select_from(LinkRequest).where(LinkRequest.asked_at > since)
    of_network = session.scalar(recent.where(LinkRequest.network_hash == network_hash)) or 0
    if of_network >= MOST_OF_ONE_NETWORK:
        return False
    if not session.scalar(recent.where(LinkRequest.address_hash == address_hash)):
        session.add(LinkRequest(network_hash=network_hash, address_hash=address_hash, asked_at=at))
    session.execute(delete(LinkRequest).where(LinkRequest.asked_at <= at - KEPT_FOR))
    return True


def answer_link_requests(session: Session, *, key: str, at: datetime) -> int:
    """Queue a letter with a new link for each request that somebody may have one; give how many.

    That is who was invited to a wave that is open, has not submitted, and has a link left that was
    not taken back; at most three a day.
    """
    asked = session.scalars(
        select(LinkRequest).where(LinkRequest.answered_at.is_(None)).with_for_update()
    ).all()
    if not asked:
        return 0
    wanted = {request.address_hash for request in asked}
    people = [
        participant_id
        for participant_id, email in session.execute(select(Contact.participant_id, Contact.email))
        if address_hash(email, key=key) in wanted
    ]
    queued = sum(
        _may_have_another(session, invitation, at=at)
        and send_new_link(
            session, study=study, invitation=invitation, key=key, by=BY_VISITOR, at=at
        )
        for study, invitation in _answerable(session, people, at=at)
    )
    for request in asked:
        request.answered_at = at
    return queued


def send_new_link(
    session: Session, *, study: Study, invitation: Invitation, key: str, by: str, at: datetime
) -> bool:
    """Queue a letter with a new link to one invited person, and put it on the trail."""
    n_before = session.scalar(
        select(func.count())
        .select_from(Letter)
        .where(Letter.invitation_id == invitation.id, Letter.kind == NEW_LINK)
    )
    queue_letter(
        session, invitation=invitation, kind=NEW_LINK, number=(n_before or 0) + 1, key=key, at=at
    )
    record_event(
        session,
        "new_link_queued",
        by=by,
        at=at,
        subject=f"invitation:{invitation.id}",
        study_id=study.id,
        wave=invitation.wave,
    )
    return True


def _may_have_another(session: Session, invitation: Invitation, *, at: datetime) -> bool:
    of_today = session.scalar(
        select(func.count())
        .select_from(Letter)
        .where(
            Letter.invitation_id == invitation.id,
            Letter.kind == NEW_LINK,
            Letter.queued_at > at - timedelta(days=1),
        )
    )
    return (of_today or 0) < MOST_LETTERS_A_DAY


def _answerable(
    session: Session, people: list[int], *, at: datetime
) -> Iterator[tuple[Study, Invitation]]:
    if not people:
        return
    for study in session.scalars(select(Study)):
        for wave in definition_of(study).waves:
            if state_of(wave, at=at) == "open":
                for invitation in awaiting_reply(session, study, wave.id, people=people):
                    yield study, invitation
