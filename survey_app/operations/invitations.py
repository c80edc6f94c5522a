"""People are invited to a wave and reminded on the study's days."""

from __future__ import annotations

import random
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from survey_app.database.models import Invitation, Letter, Participant, School, Study, Submission
from survey_app.database.upsert import insert_unless_there
from survey_app.links import token_for_letter, token_hash
from survey_app.operations.audit import record_event
from survey_app.operations.errors import WaveNotOpenError
from survey_app.operations.studies import definition_of
from survey_app.operations.waves import day_in_england, state_of

_REFERENCE_LETTERS = "abcdefghjkmnpqrstvwxyz23456789"
_REFERENCE_LENGTH = 12


def invite_wave(
    session: Session,
    *,
    study: Study,
    wave: str,
    key: str,
    by: str,
    at: datetime,
    rng: random.Random,
) -> int:
    """Invite everyone eligible who is not invited to the wave yet; give how many that were.

    The invitation and its letter are written together; a second call invites only newcomers.
    """
    design = definition_of(study)
    state = state_of(design.wave(wave), at=at)
    if state != "open":
        raise WaveNotOpenError(
            f"The wave {wave} is {'closed' if state == 'closed' else 'not open yet'}: "
            f"it runs from {design.wave(wave).opens_on} to {design.wave(wave).closes_on}."
        )
    people = session.scalars(
        select(Participant)
        .join(School)
        .where(
            Participant.study_id == study.id,
            Participant.withdrawn_at.is_(None),
            School.exclusion == "",
            ~exists().where(Invitation.participant_id == Participant.id, Invitation.wave == wave),
        )
        .order_by(Participant.id)
    ).all()
    for participant in people:
        reference = "".join(rng.choices(_REFERENCE_LETTERS, k=_REFERENCE_LENGTH))
        insert_unless_there(
            session,
            Invitation,
            {
                "study_id": study.id,
                "participant_id": participant.id,
                "wave": wave,
                "reference": reference,
                "invited_at": at,
            },
            key=("participant_id", "wave"),
        )
    invited = _invitations(session, study, wave, [p.id for p in people])
    for invitation in invited:
        queue_letter(session, invitation=invitation, kind="invitation", number=1, key=key, at=at)
    if invited:
        record_event(
            session,
            "wave_invited",
            by=by,
            at=at,
            subject=f"study:{study.id}",
            study_id=study.id,
            wave=wave,
            invitations=len(invited),
        )
    return len(invited)


def _invitations(
    session: Session, study: Study, wave: str, participant_ids: list[int]
) -> list[Invitation]:
    wanted = set(participant_ids)
    found = session.scalars(
        select(Invitation).where(Invitation.study_id == study.id, Invitation.wave == wave)
    )
    return [invitation for invitation in found if invitation.participant_id in wanted]


def queue_letter(
    session: Session,
    *,
    invitation: Invitation,
    kind: str,
    number: int,
    key: str,
    at: datetime,
) -> bool:
    """Put a letter in the outbox unless it is there already; give whether it was added.

    The record keeps the hash of its link's token; the token itself is made again at each sending.
    """
    letter_key = f"{kind}:{invitation.participant_id}:{invitation.wave}:{number}"
    if session.scalar(select(exists().where(Letter.key == letter_key))):
        return False
    letter = Letter(
        invitation_id=invitation.id,
        kind=kind,
        key=letter_key,
        state="waiting",
        not_before=at,
        queued_at=at,
    )
    session.add(letter)
    session.flush()
    letter.token_hash = token_hash(token_for_letter(letter.id, key=key))
    session.flush()
    return True


def queue_due_letters(session: Session, *, study: Study, key: str, by: str, at: datetime) -> int:
    """Queue every reminder and last call that is due today; give how many. Safe to repeat.

    A participant gets the newest letter due, never several at once after a gap.
    """
    design = definition_of(study)
    today = day_in_england(at)
    disowned = _disowned(session, study)
    queued = 0
    for wave in design.waves:
        if state_of(wave, at=at) != "open":
            continue
        last_call_on = design.letters.last_call_on(wave)
        reminders_on = design.letters.reminders_on(wave)
        of_kind = {"reminder": 0, "last_call": 0}
        for invitation in awaiting_reply(session, study, wave.id):
            if invitation.id in disowned:
                continue
            invited_on = day_in_england(invitation.invited_at)
            due = [n for n, day in enumerate(reminders_on, 1) if invited_on < day <= today]
            if invited_on < last_call_on <= today:
                kind, number = "last_call", 1
            elif due:
                kind, number = "reminder", due[-1]
            else:
                continue
            of_kind[kind] += queue_letter(
                session, invitation=invitation, kind=kind, number=number, key=key, at=at
            )
        for kind, letters in of_kind.items():
            if letters:
                queued += letters
                record_event(
                    session,
                    "letters_queued",
                    by=by,
                    at=at,
                    subject=f"study:{study.id}",
                    study_id=study.id,
                    wave=wave.id,
                    kind=kind,
                    letters=letters,
                )
    return queued


def awaiting_reply(
    session: Session,
    study: Study,
    wave: str,
    *,
    people: Collection[int] | None = None,
    even_without_link: bool = False,
) -> list[Invitation]:
    """Give who was invited to a wave and has not submitted, or which of these people are such.

    Whose links were all taken back is sent no new one, unless a coordinator means that person.
    """
    statement = (
        select(Invitation)
        .join(Participant)
        .where(
            Invitation.study_id == study.id,
            Invitation.wave == wave,
            Participant.withdrawn_at.is_(None),
            ~exists().where(
                Submission.invitation_id == Invitation.id,
                Submission.submitted_at.is_not(None),
            ),
        )
        .order_by(Invitation.id)
    )
    if not even_without_link:
        statement = statement.where(
            exists().where(Letter.invitation_id == Invitation.id, Letter.revoked_at.is_(None))
        )
    if people is not None:
        statement = statement.where(Invitation.participant_id.in_(people))
    return list(session.scalars(statement))


def _disowned(session: Session, study: Study) -> set[int]:
    """The invitations whose letter came to somebody else: reminders wait until it is settled."""
    return set(
        session.scalars(
            select(Letter.invitation_id)
            .join(Invitation)
            .where(Invitation.study_id == study.id, Letter.disowned_at.is_not(None))
        )
    )


def cancel_waiting_letters(session: Session, *, invitation_id: int) -> None:
    """Stop every letter of an invitation that has not left yet."""
    session.execute(
        update(Letter)
        .where(Letter.invitation_id == invitation_id, Letter.state == "waiting")
        .values(state="cancelled")
    )
