"""A new link for whoever asks for one, without telling whether an address is on a roster.

What is typed is put down as a hash under the server's key, the same for any address. The worker
looks whose it is, so the page can tell nobody anything, not even by the time it takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from survey_app.links import address_hash as hash_of_address
from survey_app.links import token_for_letter, token_hash
from survey_app.operations.audit import record_event
from survey_app.operations.errors import OperationError, WaveNotOpenError
from survey_app.operations.invitations import awaiting_reply, without_link
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
        for participant_id, email in session.execute(
            select(Contact.participant_id, Contact.email).where(Contact.ended_at.is_(None))
        )
        if hash_of_address(email, key=key) in wanted
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
    _queue_new_links(session, [invitation], key=key, at=at)
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


def send_new_links(
    session: Session, *, study: Study, wave: str, key: str, by: str, at: datetime
) -> int:
    """Queue a letter with a new link to everybody still to answer who has none left; give how many.

    For when a wave's links had to be taken back.
    """
    if state_of(definition_of(study).wave(wave), at=at) != "open":
        raise WaveNotOpenError("This wave is not open, so no link to it would work.")
    invitations = without_link(session, study, wave)
    if not invitations:
        raise OperationError("Everybody who is still to answer has a link that works.")
    _queue_new_links(session, invitations, key=key, at=at)
    record_event(
        session,
        "new_links_queued",
        by=by,
        at=at,
        subject=f"study:{study.id}",
        study_id=study.id,
        wave=wave,
        letters=len(invitations),
    )
    return len(invitations)


def _queue_new_links(
    session: Session, invitations: Sequence[Invitation], *, key: str, at: datetime
) -> None:
    wanted = [invitation.id for invitation in invitations]
    # Locked, so that two at once do not both count the same letters.
    session.execute(
        select(Invitation.id).where(Invitation.id.in_(wanted)).with_for_update(key_share=True)
    )
    n_before = dict(
        session.execute(
            select(Letter.invitation_id, func.count())
            .where(Letter.invitation_id.in_(wanted), Letter.kind == NEW_LINK)
            .group_by(Letter.invitation_id)
        ).all()
    )
    letters = [
        Letter(
            invitation_id=invitation.id,
            kind=NEW_LINK,
            key=f"{NEW_LINK}:{invitation.participant_id}:{invitation.wave}:"
            f"{n_before.get(invitation.id, 0) + 1}",
            state="waiting",
            not_before=at,
            queued_at=at,
        )
        for invitation in invitations
    ]
    session.add_all(letters)
    session.flush()
    for letter in letters:
        letter.token_hash = token_hash(token_for_letter(letter.id, key=key))
    session.flush()


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
