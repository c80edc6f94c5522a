"""Letters for the post, made when they are printed: a short code stands in place of a link."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from survey_app.database.models import Invitation, Letter, Participant, School, Study
from survey_app.links import code_for_letter, code_hash
from survey_app.mail.posted import PostedLetter
from survey_app.operations.audit import record_event
from survey_app.operations.errors import OperationError, WaveNotOpenError
from survey_app.operations.invitations import awaiting_reply
from survey_app.operations.studies import definition_of
from survey_app.operations.waves import state_of
from survey_app.trial.letter_kinds import POSTED

PRINTED = "printed"


def print_letters(
    session: Session,
    *,
    study: Study,
    wave: str,
    people: Sequence[int] | None = None,
    key: str,
    by: str,
    at: datetime,
) -> list[PostedLetter]:
    """Make the letters for the post of who is still to answer a wave, or of these people of them.

    Printed again, a person's letter has the same code, unless it was taken back meanwhile. Whose
    links were all taken back gets a letter only when meant by name.
    """
    state = state_of(definition_of(study).wave(wave), at=at)
    if state == "closed":
        raise WaveNotOpenError(f"The wave {wave} is closed.")
    invitations = _in_order(
        session,
        awaiting_reply(session, study, wave, people=people, even_without_link=people is not None),
    )
    if not invitations:
        raise OperationError("Nobody who was invited to this wave is still to answer it.")
    codes = _codes(session, invitations, key=key, at=at)
    printed = [
        PostedLetter(
            participant=invitation.participant.code,
            name=invitation.participant.contact.name if invitation.participant.contact else "",
            school=invitation.participant.school.name,
            authority=invitation.participant.school.authority.name,
            code=codes[invitation.id],
        )
        for invitation in invitations
    ]
    record_event(
        session,
        "letters_printed",
        by=by,
        at=at,
        subject=f"study:{study.id}",
        study_id=study.id,
        wave=wave,
        letters=len(printed),
    )
    return printed


def _in_order(session: Session, invitations: Sequence[Invitation]) -> list[Invitation]:
    wanted = [invitation.id for invitation in invitations]
    loaded = session.scalars(
        select(Invitation)
        .where(Invitation.id.in_(wanted))
        .options(
            joinedload(Invitation.participant)
            .joinedload(Participant.school)
            .joinedload(School.authority),
            joinedload(Invitation.participant).joinedload(Participant.contact),
        )
    ).all()
    return sorted(
        loaded,
        key=lambda each: (
            each.participant.school.authority.name,
            each.participant.school.name,
            each.participant.code,
        ),
    )


def _codes(
    session: Session, invitations: Sequence[Invitation], *, key: str, at: datetime
) -> dict[int, str]:
    """Give each invitation's code: the one it has, or a new one."""
    current: dict[int, Letter] = {}
    n_before: Counter[int] = Counter()
    wanted = [invitation.id for invitation in invitations]
    # Locked, so that two at once do not both make a first code.
    session.execute(
        select(Invitation.id).where(Invitation.id.in_(wanted)).with_for_update(key_share=True)
    )
    for letter in session.scalars(
        select(Letter)
        .where(Letter.invitation_id.in_(wanted), Letter.kind == POSTED)
        .order_by(Letter.id)
    ):
        n_before[letter.invitation_id] += 1
        if letter.revoked_at is None:
            current[letter.invitation_id] = letter
    codes = {
        invitation_id: _code_on_record(letter, key=key) for invitation_id, letter in current.items()
    }
    new = [
        Letter(
            invitation_id=invitation.id,
            kind=POSTED,
            key=f"{POSTED}:{invitation.participant_id}:{invitation.wave}:"
            f"{n_before[invitation.id] + 1}",
            state=PRINTED,
            not_before=at,
            queued_at=at,
        )
        for invitation in invitations
        if invitation.id not in codes
    ]
    session.add_all(new)
    session.flush()
    for letter in new:
        code = code_for_letter(letter.id, key=key)
        letter.token_hash = code_hash(code, key=key)
        codes[letter.invitation_id] = code
    session.flush()
    return codes


def _code_on_record(letter: Letter, *, key: str) -> str:
    code = code_for_letter(letter.id, key=key)
    if code_hash(code, key=key) != letter.token_hash:
        raise OperationError(
            "The server's key is not the one the codes on record were made under. "
            "Set SURVEY_SECRET_KEY as it was, or take the codes back first."
        )
    return code
