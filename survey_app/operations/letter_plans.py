"""Who would get which letter on which day, through the whole of a wave; nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from survey_app.database.models import Invitation, Letter, Participant, School, Study
from survey_app.database.queries.letters_due import people_to_write_to
from survey_app.database.queries.rollout import people_to_invite
from survey_app.mail.spreadsheets import as_csv
from survey_app.operations.invitations import number_of, standing_of
from survey_app.operations.studies import definition_of
from survey_app.operations.waves import day_in_england
from survey_app.trial.letter_kinds import ASKING
from survey_app.trial.letter_plan import Standing, planned_letters

PLAN_COLUMNS = ("day", "letter", "number", "code", "name", "school", "authority", "in_the_outbox")


@dataclass(frozen=True, slots=True)
class ForeseenLetter:
    """One letter to one person, and the day on which it leaves if nobody answers before."""

    on: date
    kind: str
    number: int
    code: str
    name: str
    school: str
    authority: str
    is_queued: bool
    """Whether it stands in the outbox already."""


def foresee_letters(
    session: Session, *, study: Study, wave: str, at: datetime
) -> list[ForeseenLetter]:
    """Give every letter of a wave that asks for answers and is still to leave, day by day.

    Played by the rules the outbox is filled by. Whoever is not invited yet is taken to be invited
    at once, or when the wave opens.
    """
    design = definition_of(study)
    invited = people_to_write_to(session, study, wave=wave, kinds=ASKING)
    people = _by_id(session, [person.invitation.participant_id for person in invited])
    standing = [standing_of(person) for person in invited]
    who = {person.invitation.id: people[person.invitation.participant_id] for person in invited}
    for newcomer in people_to_invite(session, study, wave=wave):
        # Nobody's number yet, so that it cannot be an invitation's.
        who[-newcomer.id] = newcomer
        standing.append(
            Standing(
                invitation_id=-newcomer.id,
                school_id=newcomer.school_id,
                authority=newcomer.school.authority.name,
                takes_reminders=newcomer.reminders_stopped_at is None,
            )
        )
    foreseen = [
        *_queued(session, study, wave),
        *(
            _foreseen(planned.on, planned.letter.kind, planned.letter.number, person)
            for planned in planned_letters(
                design, design.wave(wave), standing, starting_on=day_in_england(at)
            )
            for person in [who[planned.letter.invitation_id]]
        ),
    ]
    return sorted(foreseen, key=lambda each: (each.on, each.authority, each.school, each.code))


def plan_as_csv(letters: Sequence[ForeseenLetter]) -> bytes:
    """Give a plan as a table with the columns of PLAN_COLUMNS."""
    return as_csv(
        PLAN_COLUMNS,
        (
            (
                *(each.on.isoformat(), each.kind, each.number, each.code, each.name),
                *(each.school, each.authority, "yes" if each.is_queued else "no"),
            )
            for each in letters
        ),
    )


def _queued(session: Session, study: Study, wave: str) -> Iterator[ForeseenLetter]:
    for letter in session.scalars(
        select(Letter)
        .join(Invitation)
        .where(
            Invitation.study_id == study.id,
            Invitation.wave == wave,
            Letter.state == "waiting",
            Letter.kind.in_(ASKING),
        )
        .options(
            joinedload(Letter.invitation)
            .joinedload(Invitation.participant)
            .joinedload(Participant.contact),
            joinedload(Letter.invitation)
            .joinedload(Invitation.participant)
            .joinedload(Participant.school)
            .joinedload(School.authority),
        )
    ):
        yield _foreseen(
            day_in_england(letter.not_before),
            letter.kind,
            number_of(letter),
            letter.invitation.participant,
            is_queued=True,
        )


def _by_id(session: Session, people: list[int]) -> dict[int, Participant]:
    found = session.scalars(
        select(Participant)
        .where(Participant.id.in_(people))
        .options(
            joinedload(Participant.contact),
            joinedload(Participant.school).joinedload(School.authority),
        )
    )
    return {person.id: person for person in found}


def _foreseen(
    on: date, kind: str, number: int, person: Participant, *, is_queued: bool = False
) -> ForeseenLetter:
    return ForeseenLetter(
        on=on,
        kind=kind,
        number=number,
        code=person.code,
        name=person.contact.name if person.contact else "",
        school=person.school.name,
        authority=person.school.authority.name,
        is_queued=is_queued,
    )
