"""Letters are claimed under a lease: never twice at once, never lost, not tried for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest
from at_once import at_once
from letterboxes import outbox, states
from looking import events
from trials import BY, Trial

from survey_app.operations.outbox import (
    LEASE,
    MOST_ATTEMPTS,
    claim_letters,
    note_delayed,
    note_not_needed,
    note_refused,
    note_sent,
)

PEOPLE = 10


@pytest.fixture
def invited(trial: Trial) -> Trial:
    trial.invite()
    return trial


def claim(trial: Trial, limit: int = 100) -> list[int]:
    with trial.database.writing() as session:
        return claim_letters(session, at=trial.clock(), limit=limit)


def note(trial: Trial, operation, letter_id: int, **more) -> None:
    with trial.database.writing() as session:
        operation(session, letter_id=letter_id, by=BY, at=trial.clock(), **more)


def test_a_claimed_letter_is_not_claimed_again_under_its_lease(invited: Trial):
    first, second = claim(invited, 4), claim(invited)
    assert len(first) == 4
    assert len(second) == PEOPLE - 4
    assert not set(first) & set(second)
    assert claim(invited) == []
    assert {letter.lease_until for letter in outbox(invited.database)} == {invited.clock() + LEASE}


def test_two_workers_at_once_are_given_different_letters(invited: Trial):
    claims = at_once(invited, *[lambda trial: claim(trial, 6)] * 2)
    claimed = [letter_id for letters in claims for letter_id in letters]
    assert len(claims) == 2
    assert len(claimed) == len(set(claimed)) >= 6


def test_a_worker_does_not_wait_for_letters_another_is_claiming(invited: Trial):
    if invited.database.engine.dialect.name == "sqlite":
        return  # one writer at a time: the second claims when the first is done
    with invited.database.writing() as one, invited.database.writing() as other:
        first = claim_letters(one, at=invited.clock(), limit=6)
        second = claim_letters(other, at=invited.clock(), limit=6)
    assert (len(first), len(second)) == (6, PEOPLE - 6)
    assert not set(first) & set(second)


def test_a_letter_of_a_dead_worker_is_claimed_after_its_lease(invited: Trial):
    claimed = claim(invited)
    invited.clock.move(seconds=LEASE.total_seconds())
    assert claim(invited) == []
    invited.clock.move(seconds=1)
    assert claim(invited) == claimed
    assert {letter.attempts for letter in outbox(invited.database)} == {2}


def test_a_letter_is_not_claimed_before_its_time(invited: Trial):
    invited.clock.move(seconds=-1)
    assert claim(invited) == []


def test_a_sent_letter_is_at_rest(invited: Trial):
    letter_id = claim(invited, 1)[0]
    note(invited, note_sent, letter_id)
    letter = outbox(invited.database)[0]
    assert (letter.state, letter.sent_at, letter.lease_until) == ("sent", invited.clock(), None)
    assert [e.detail for e in events(invited.database, "letter_sent")] == [{"kind": "invitation"}]
    invited.clock.move(days=1)
    assert letter_id not in claim(invited)


def test_a_refused_letter_is_parked_with_its_reason(invited: Trial):
    letter_id = claim(invited, 1)[0]
    note(invited, note_refused, letter_id, because="no such person (550)")
    letter = outbox(invited.database)[0]
    assert (letter.state, letter.last_error) == ("refused", "no such person (550)")
    assert len(events(invited.database, "letter_refused")) == 1


def test_each_delay_is_twice_the_last_up_to_six_hours_and_the_twelfth_parks(invited: Trial):
    waits = []
    for _ in range(MOST_ATTEMPTS):
        letter_id = claim(invited, 1)[0]
        note(invited, note_delayed, letter_id, because="later")
        letter = next(each for each in outbox(invited.database) if each.id == letter_id)
        waits.append(letter.not_before - invited.clock())
        with invited.database.writing() as session:
            for other in session.query(type(letter)).where(type(letter).id != letter_id):
                other.state = "cancelled"
        invited.clock.at = max(invited.clock(), letter.not_before)
    minutes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]
    assert waits[:-1] == [timedelta(minutes=n) for n in minutes]
    assert letter.state == "refused"
    assert len(events(invited.database, "letter_delayed")) == MOST_ATTEMPTS - 1
    assert len(events(invited.database, "letter_refused")) == 1
    invited.clock.move(days=3)
    assert claim(invited) == []


def test_a_letter_nobody_needs_any_more_is_cancelled(invited: Trial):
    letter_id = claim(invited, 1)[0]
    with invited.database.writing() as session:
        note_not_needed(session, letter_id=letter_id, because="The answers are in.")
    assert states(invited.database).count("cancelled") == 1
    invited.clock.move(days=1)
    assert letter_id not in claim(invited)
