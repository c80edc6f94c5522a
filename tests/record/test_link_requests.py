"""Whoever asks for a new link is sent one where they may have it, and no address is kept."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from answering import answer, start
from letterboxes import Remembering, link_in, outbox, settings_for
from looking import events, everything, rows
from sqlalchemy import update
from trials import BY, KEY, Trial

from survey_app.database.models import LinkRequest, Participant
from survey_app.database.queries.invitations import visit_by_token
from survey_app.jobs.delivery import deliver_letters
from survey_app.jobs.link_requests import queue_new_links
from survey_app.links import address_hash, token_hash
from survey_app.operations.link_requests import (
    MOST_LETTERS_A_DAY,
    MOST_OF_ONE_NETWORK,
    WINDOW,
    answer_link_requests,
    request_link,
)
from survey_app.operations.revocation import revoke_letter, revoke_links

DEV = "person1@school1.example"


@pytest.fixture
def invited(trial: Trial) -> Trial:
    trial.invite()
    return trial


def ask(trial: Trial, address: str = DEV, network: str = "a school") -> bool:
    with trial.database.writing() as session:
        return request_link(
            session,
            network_hash=network,
            address_hash=address_hash(address, key=KEY),
            at=trial.clock(),
        )


def queue(trial: Trial) -> int:
    with trial.database.writing() as session:
        return answer_link_requests(session, key=KEY, at=trial.clock())


def new_links(trial: Trial) -> list[int]:
    return [each.invitation_id for each in outbox(trial.database) if each.kind == "new_link"]


def test_a_known_address_gets_a_letter_whose_link_opens(invited: Trial, tmp_path: Path):
    assert ask(invited, address=" Person1@School1.example")
    assert queue(invited) == 1
    transport = Remembering()
    settings = settings_for(str(invited.database.engine.url), tmp_path)
    deliver_letters(settings, invited.database, clock=invited.clock, transport=transport)
    letter = transport.sent[-1]
    assert letter["To"] == f"Person 1 <{DEV}>"
    assert letter["Subject"].startswith("Your new link")
    with invited.database.reading() as session:
        for token in (link_in(letter).rpartition("/")[2], link_in(transport.sent[0])[-32:]):
            visit = visit_by_token(session, token_hash(token))
            assert visit is not None
            assert visit.name == "Person 1"
    (event,) = events(invited.database, "new_link_queued")
    assert (event.by, event.subject, event.detail) == (
        "visitor",
        "invitation:1",
        {"wave": "baseline"},
    )


def test_an_unknown_address_leaves_the_same_trace_and_gets_nothing(invited: Trial):
    ask(invited, address="nobody@nowhere.example")
    ask(invited)
    known, unknown = rows(invited.database, LinkRequest)
    assert len(known.address_hash) == len(unknown.address_hash) == 64
    assert queue(invited) == 1
    assert new_links(invited) == [1]
    assert all(row.answered_at == invited.clock() for row in rows(invited.database, LinkRequest))


def test_no_address_that_was_typed_is_on_record(invited: Trial):
    ask(invited, address="mistyped@nowhere.example", network="hash of a network")
    queue(invited)
    assert "mistyped" not in str(everything(invited.database))


def test_answering_twice_sends_one_letter(invited: Trial):
    ask(invited)
    assert [queue(invited), queue(invited)] == [1, 0]


def submit(trial: Trial) -> None:
    answer(trial, 1)


def close(trial: Trial) -> None:
    trial.clock.noon_on(trial.definition.wave("baseline").closes_on + timedelta(days=1))


def withdraw(trial: Trial) -> None:
    with trial.database.writing() as session:
        session.execute(update(Participant).values(withdrawn_at=trial.clock()))


def take_back(trial: Trial) -> None:
    with trial.database.writing() as session:
        person = session.get_one(Participant, 1)
        revoke_links(session, participant=person, by=BY, at=trial.clock())


@pytest.mark.parametrize("cause", [submit, close, withdraw, take_back])
def test_nobody_gets_a_link_to_what_is_not_theirs_to_answer(invited: Trial, cause):
    cause(invited)
    ask(invited)
    assert queue(invited) == 0
    assert new_links(invited) == []


def test_nobody_not_invited_gets_one(trial: Trial):
    ask(trial)
    assert queue(trial) == 0


def test_one_letter_s_link_taken_back_keeps_nobody_from_asking(invited: Trial):
    ask(invited)
    queue(invited)
    with invited.database.writing() as session:
        letter = session.merge(outbox(invited.database)[0])
        revoke_letter(session, letter=letter, by=BY, at=invited.clock())
    invited.clock.move(minutes=11)
    ask(invited)
    assert queue(invited) == 1


def test_who_has_begun_gets_one(invited: Trial):
    start(invited, 1)
    ask(invited)
    assert queue(invited) == 1


def test_asked_again_within_ten_minutes_one_letter_is_enough(invited: Trial):
    assert [ask(invited), ask(invited, network="another")] == [True, True]
    assert queue(invited) == 1
    assert ask(invited)
    assert queue(invited) == 0
    invited.clock.at += WINDOW
    ask(invited)
    assert queue(invited) == 1


def test_no_more_than_three_letters_a_day_go_to_one_invitation(invited: Trial):
    sent = []
    for _ in range(MOST_LETTERS_A_DAY + 2):
        ask(invited)
        sent.append(queue(invited))
        invited.clock.at += WINDOW
    assert sent == [1] * MOST_LETTERS_A_DAY + [0, 0]
    invited.clock.move(days=1)
    ask(invited)
    assert queue(invited) == 1


def test_one_network_may_ask_for_so_many_addresses_and_others_go_on(invited: Trial):
    asked = [ask(invited, address=f"{n}@x.example") for n in range(MOST_OF_ONE_NETWORK + 2)]
    assert asked == [True] * MOST_OF_ONE_NETWORK + [False, False]
    assert ask(invited, network="another school")
    invited.clock.at += WINDOW
    assert ask(invited)


def test_requests_are_gone_after_a_day(invited: Trial):
    ask(invited, address="old@x.example")
    invited.clock.move(days=1)
    ask(invited)
    assert len(rows(invited.database, LinkRequest)) == 1


def test_a_fault_is_told_without_an_address_and_stops_nothing(
    invited: Trial, tmp_path: Path, monkeypatch, caplog
):
    ask(invited)

    def break_down(*_: object, **__: object) -> int:
        raise RuntimeError(DEV)

    monkeypatch.setattr("survey_app.jobs.link_requests.answer_link_requests", break_down)
    queue_all = partial(queue_new_links, settings_for("sqlite://", tmp_path), invited.database)
    assert queue_all(clock=invited.clock) == 0
    assert "Requests for new links were not answered." in caplog.text
    assert DEV not in caplog.text
