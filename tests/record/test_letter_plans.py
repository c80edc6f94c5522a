"""What is foreseen for a wave is what then happens, played through by the outbox's own rules."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from answering import answer
from letterboxes import outbox
from looking import everything
from sqlalchemy import update
from trials import BY, KEY, Trial

from survey_app.database.models import Letter, Participant
from survey_app.operations.invitations import number_of, queue_due_letters
from survey_app.operations.letter_plans import ForeseenLetter, foresee_letters
from survey_app.operations.waves import day_in_england

Key = tuple[date, str, int, str]


def foreseen(trial: Trial, wave: str = "baseline") -> list[ForeseenLetter]:
    with trial.database.reading() as session:
        study = trial.study(session)
        return foresee_letters(session, study=study, wave=wave, at=trial.clock())


def keys(letters: list[ForeseenLetter]) -> Counter[Key]:
    return Counter((each.on, each.kind, each.number, each.code) for each in letters)


def live_through(trial: Trial) -> Counter[Key]:
    """Let each day of the wave come, send what is due, and give what was sent and when."""
    day = day_in_england(trial.clock())
    while day <= trial.definition.wave("baseline").closes_on:
        trial.clock.noon_on(day)
        with trial.database.writing() as session:
            queue_due_letters(session, study=trial.study(session), key=KEY, by=BY, at=trial.clock())
            session.execute(
                update(Letter)
                .where(Letter.state == "waiting")
                .values(state="sent", sent_at=trial.clock())
            )
        day += timedelta(days=1)
    with trial.database.reading() as session:
        return Counter(
            (
                day_in_england(letter.sent_at),
                letter.kind,
                number_of(letter),
                letter.invitation.participant.code,
            )
            for letter in session.query(Letter).where(Letter.state == "sent")
        )


@pytest.mark.parametrize("is_invited", [False, True], ids=["before", "after inviting"])
def test_what_is_foreseen_is_what_happens(trial: Trial, is_invited: bool):
    plan = [] if is_invited else foreseen(trial)
    trial.invite()
    plan = plan or foreseen(trial)
    assert {each.is_queued for each in plan} == ({True, False} if is_invited else {False})
    happened = live_through(trial)
    assert sum(happened.values()) > 40
    assert keys(plan) == happened


def test_nobody_who_answered_withdrew_or_stopped_reminders_is_foreseen(trial: Trial):
    trial.invite()
    answer(trial, 1)
    with trial.database.writing() as session:
        for code, change in (
            ("P00002", {"withdrawn_at": trial.clock()}),
            ("P00003", {"reminders_stopped_at": trial.clock()}),
        ):
            session.execute(update(Participant).where(Participant.code == code).values(change))
    of_person = Counter(each.code for each in foreseen(trial) if not each.is_queued)
    assert [of_person[f"P0000{n}"] for n in (1, 2, 3, 4)] == [0, 0, 0, 4]


def test_a_wave_to_come_is_foreseen_from_its_opening_and_one_past_is_empty(trial: Trial):
    plan = foreseen(trial, "follow_up")
    opens_on = trial.definition.wave("follow_up").opens_on
    assert min(each.on for each in plan) >= opens_on
    assert {each.name for each in plan} >= {"Person 1", "Deputy One"}
    trial.clock.move(days=60)
    assert foreseen(trial) == []


def test_foreseeing_writes_nothing(trial: Trial):
    trial.invite()
    before = everything(trial.database)
    foreseen(trial)
    assert everything(trial.database) == before
    assert len(outbox(trial.database)) == 10
