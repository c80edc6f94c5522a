"""People are invited to a wave and reminded on the study's days."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    exists,
    func,
    select,
    update,
)
from sqlalchemy.orm import Session

from survey_app.database.models import Invitation, Letter, Participant, Study, Submission
from survey_app.database.queries.letters_due import (
    InvitedPerson,
    n_letters_by_school,
    people_to_write_to,
)
from survey_app.database.queries.people import takes_part
from survey_app.database.queries.rollout import people_to_invite
from survey_app.database.upsert import insert_new
from survey_app.links import token_for_letter, token_hash
from survey_app.operations.audit import record_event
from survey_app.operations.errors import WaveNotOpenError
from survey_app.operations.studies import definition_of
from survey_app.operations.versions import freeze_questionnaire
from survey_app.operations.waves import day_in_england, start_of_day_in_england, state_of
from survey_app.trial.letter_kinds import ASKING
from survey_app.trial.letter_plan import DueLetter, Standing, letters_due
from survey_app.trial.study_file import Wave
from survey_app.trial.working_days import working_days_of

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

    The invitations and their letters are written together; a second call invites only newcomers.
    Beyond what a school is sent in a day, letters follow on the next working days.
    """
    design = definition_of(study)
    state = state_of(design.wave(wave), at=at)
    if state != "open":
        raise WaveNotOpenError(
            f"The wave {wave} is {'closed' if state == 'closed' else 'not open yet'}: "
            f"it runs from {design.wave(wave).opens_on} to {design.wave(wave).closes_on}."
        )
    _lock_letters(session, study)
    people = people_to_invite(session, study, wave=wave)
    if people:
        freeze_questionnaire(session, study=study, wave=wave, by=by, at=at)
    insert_new(
        session,
        Invitation,
        [
            {
                "study_id": study.id,
                "participant_id": participant.id,
                "wave": wave,
                "reference": "".join(rng.choices(_REFERENCE_LETTERS, k=_REFERENCE_LENGTH)),
                "invited_at": at,
            }
            for participant in people
        ],
        key=("participant_id", "wave"),
    )
    invited = _invitations(session, study, wave, [p.id for p in people])
    # On any day, so that it is done at once; the letters leave in the next working hours.
    waiting = _awaiting_letters(session, study, design.wave(wave), at=at, on_any_day=True)
    _queue(
        session,
        [invitation for invitation, due in waiting if due.kind == "invitation"],
        kind="invitation",
        number=1,
        key=key,
        at=at,
    )
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
    return bool(_queue(session, [invitation], kind=kind, number=number, key=key, at=at))


def _queue(
    session: Session,
    invitations: Sequence[Invitation],
    *,
    kind: str,
    number: int,
    key: str,
    at: datetime,
) -> int:
    letters = insert_new(
        session,
        Letter,
        [
            {
                "invitation_id": invitation.id,
                "kind": kind,
                "key": f"{kind}:{invitation.participant_id}:{invitation.wave}:{number}",
                "state": "waiting",
                "not_before": at,
                "queued_at": at,
            }
            for invitation in invitations
        ],
        key=("key",),
    )
    if letters:
        hashes = [
            {"letter": each, "hash": token_hash(token_for_letter(each, key=key))}
            for each in letters
        ]
        session.connection().execute(_GIVE_TOKEN, hashes if len(hashes) > 1 else hashes[0])
    return len(letters)


_LETTERS: Any = Letter.__table__
_GIVE_TOKEN = (
    update(_LETTERS)
    .where(_LETTERS.c.id == bindparam("letter"))
    .values(token_hash=bindparam("hash"))
)


def queue_due_letters(session: Session, *, study: Study, key: str, by: str, at: datetime) -> int:
    """Queue every letter that is due today; give how many. Safe to repeat, and at once.

    A participant gets the newest letter due, never several at once after a gap.
    """
    _lock_letters(session, study)
    queued = 0
    for wave, letters in _due_today(session, study, at=at):
        of_kind: Counter[str] = Counter()
        for invitation, due in letters:
            of_kind[due.kind] += queue_letter(
                session,
                invitation=invitation,
                kind=due.kind,
                number=due.number,
                key=key,
                at=at,
            )
        for kind, n in of_kind.items():
            if n:
                queued += n
                record_event(
                    session,
                    "letters_queued",
                    by=by,
                    at=at,
                    subject=f"study:{study.id}",
                    study_id=study.id,
                    wave=wave.id,
                    kind=kind,
                    letters=n,
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
    statement = _still_to_answer(study, wave)
    if not even_without_link:
        statement = statement.where(~_had_all_links_taken_back())
    if people is not None:
        statement = statement.where(Invitation.participant_id.in_(people))
    return list(session.scalars(statement.order_by(Invitation.id)))


def without_link(session: Session, study: Study, wave: str) -> list[Invitation]:
    """Give who is still to answer a wave and had every link taken back."""
    statement = _still_to_answer(study, wave).where(_had_all_links_taken_back())
    return list(session.scalars(statement.order_by(Invitation.id)))


def n_without_link(session: Session, study: Study, wave: str) -> int:
    """Give how many these are."""
    found = _still_to_answer(study, wave).where(_had_all_links_taken_back()).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


def _still_to_answer(study: Study, wave: str) -> Select[Invitation]:
    return (
        select(Invitation)
        .join(Participant)
        .where(
            Invitation.study_id == study.id,
            Invitation.wave == wave,
            takes_part(),
            ~exists().where(
                Submission.invitation_id == Invitation.id,
                Submission.submitted_at.is_not(None),
            ),
        )
    )


def _had_all_links_taken_back() -> ColumnElement[bool]:
    # Within a school's limit the first letter may be still to come: that is none taken back.
    return and_(
        exists().where(Letter.invitation_id == Invitation.id),
        ~exists().where(Letter.invitation_id == Invitation.id, Letter.revoked_at.is_(None)),
    )


def _lock_letters(session: Session, study: Study) -> None:
    """Wait for whoever else queues a study's letters, or both would count a school's beforehand.

    Answers do not wait: what refers to the study is not kept out.
    """
    session.execute(select(Study.id).where(Study.id == study.id).with_for_update(key_share=True))


def has_due_letters(session: Session, *, study: Study, at: datetime) -> bool:
    """Whether there is any letter to queue; it only reads, so that nobody waits for it."""
    return any(letters for _, letters in _due_today(session, study, at=at))


def _due_today(
    session: Session, study: Study, *, at: datetime
) -> Iterator[tuple[Wave, list[tuple[Invitation, DueLetter]]]]:
    for wave in definition_of(study).waves:
        if state_of(wave, at=at) == "open":
            yield wave, _awaiting_letters(session, study, wave, at=at)


def _awaiting_letters(
    session: Session, study: Study, wave: Wave, *, at: datetime, on_any_day: bool = False
) -> list[tuple[Invitation, DueLetter]]:
    design = definition_of(study)
    people = people_to_write_to(session, study, wave=wave.id, kinds=ASKING)
    due = letters_due(
        design,
        wave,
        [standing_of(person) for person in people],
        on=day_in_england(at),
        n_written=n_letters_by_school(
            session, study, kinds=ASKING, since=start_of_day_in_england(at)
        ),
        days=None if on_any_day else working_days_of(design),
    )
    by_id = {person.invitation.id: person.invitation for person in people}
    return [(by_id[letter.invitation_id], letter) for letter in due]


def standing_of(person: InvitedPerson) -> Standing:
    """Give how an invited person stands towards the days of letters."""
    return Standing(
        invitation_id=person.invitation.id,
        school_id=person.school_id,
        authority=person.authority,
        takes_reminders=person.takes_reminders,
        written={
            (letter.kind, number_of(letter)): day_in_england(letter.sent_at or letter.not_before)
            for letter in person.letters
        },
    )


def number_of(letter: Letter) -> int:
    """Give which of its kind a letter is to its reader: the second reminder is number 2."""
    return int(letter.key.rpartition(":")[2])


def cancel_waiting_letters(session: Session, *, invitation_id: int) -> None:
    """Stop every letter of an invitation that has not left yet, because it was answered."""
    session.execute(
        update(Letter)
        .where(Letter.invitation_id == invitation_id, Letter.state == "waiting")
        .values(state="cancelled", last_error="The answers are in.")
    )


def cancel_letters_to(
    session: Session, *, participant_id: int, because: str, kinds: Sequence[str] | None = None
) -> None:
    """Stop every letter to a person that has not left yet, or those of some kinds.

    One that a worker has in hand is looked at again just before it is sent.
    """
    of_person = select(Invitation.id).where(Invitation.participant_id == participant_id)
    stopped = update(Letter).where(Letter.invitation_id.in_(of_person), Letter.state == "waiting")
    if kinds is not None:
        stopped = stopped.where(Letter.kind.in_(kinds))
    session.execute(
        stopped.values(state="cancelled", last_error=because).execution_options(
            synchronize_session="fetch"
        )
    )
