"""Letters leave the outbox: claimed, written, sent and noted, whatever happens in between."""

from __future__ import annotations

import logging
import random
import re
import threading
from email.message import EmailMessage
from pathlib import Path

import pytest
from answering import save, send, start
from letterboxes import (
    Remembering,
    link_in,
    message_ids,
    outbox,
    recipients_in,
    settings_for,
    states,
    text_of,
)
from sqlalchemy import select
from trials import KEY, KEYS, Clock, Trial

from survey_app.database.models import AuditEvent, Contact, Invitation, Letter, Participant
from survey_app.database.queries.invitations import visit_by_token
from survey_app.database.session import Database
from survey_app.jobs.delivery import Delivery, deliver_letters
from survey_app.jobs.reminders import queue_reminders
from survey_app.links import token_for_letter, token_hash
from survey_app.mail.errors import LetterDelayed, LetterRefused, MailServerUnavailable
from survey_app.operations import versions
from survey_app.operations.outbox import LEASE, MOST_ATTEMPTS, claim_letters
from survey_app.operations.revocation import revoke_links
from survey_app.operations.submissions import start_submission, submit
from survey_app.settings import Settings

PEOPLE = 10


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return settings_for(database_url, tmp_path / "var")


@pytest.fixture
def invited(trial: Trial) -> Trial:
    """The small trial with an invitation to everyone in its outbox."""
    assert trial.invite() == PEOPLE
    return trial


def deliver(settings: Settings, trial: Trial, transport: Remembering | None = None) -> Delivery:
    return deliver_letters(settings, trial.database, clock=trial.clock, transport=transport)


def answer(trial: Trial, person: int = 1) -> None:
    with trial.database.writing() as session:
        visit = visit_by_token(session, token_hash(trial.token(person)))
        assert visit is not None
        consents = {consent.key: True for consent in trial.definition.consents}
        parts = {"study": visit.study, "invitation": visit.invitation, "at": trial.clock()}
        submission = start_submission(session, consents=consents, **parts)
        submit(session, submission=submission, key=KEY, rng=random.Random(1), **parts)


def contact_called(session, name: str) -> Contact:
    (found,) = (each for each in session.scalars(select(Contact)) if each.name == name)
    return found


def test_every_letter_is_sent_once(settings, invited):
    transport = Remembering()
    assert deliver(settings, invited, transport) == Delivery(sent=PEOPLE)
    assert deliver(settings, invited, transport) == Delivery()
    with invited.database.reading() as session:
        addresses = set(session.scalars(select(Contact.email)))
    sent_to = {message["To"].addresses[0].addr_spec for message in transport.sent}
    assert len(transport.sent) == len(sent_to) == PEOPLE
    assert sent_to < addresses  # the special school's DSL is not invited
    assert {letter.sent_at for letter in outbox(invited.database)} == {invited.clock()}
    assert len(set(message_ids(transport.sent))) == PEOPLE


def test_a_worker_that_has_just_started_reads_from_the_record_what_a_study_asks(
    settings, invited, monkeypatch
):
    monkeypatch.setattr(versions, "_FROZEN", {})
    versions._read.cache_clear()
    assert deliver(settings, invited, Remembering()) == Delivery(sent=PEOPLE)
    monkeypatch.setattr(versions, "_FROZEN", {})
    versions._read.cache_clear()
    invited.clock.move(days=7)
    assert queue_reminders(settings, invited.database, clock=invited.clock) == PEOPLE


def test_the_letter_is_filled_and_dated_and_signed(settings, invited):
    transport = Remembering()
    deliver(settings, invited, transport)
    letter = next(m for m in transport.sent if m["To"].addresses[0].username == "person3")
    study = invited.definition.study
    text = text_of(letter)
    assert "Dear Person 3," in text
    assert "School 3" in text
    closes_on = invited.definition.wave("baseline").closes_on
    assert f"{closes_on:%A} {closes_on.day} {closes_on:%B %Y}" in text
    assert study.contact_name in text
    assert "{" not in text
    assert letter["Date"].datetime == invited.clock()
    assert letter["Reply-To"].addresses[0].addr_spec == study.contact_email
    assert letter["From"].addresses[0].addr_spec == "survey@trial.example"


def test_each_link_opens_the_visit_of_the_person_written_to(settings, invited):
    transport = Remembering()
    deliver(settings, invited, transport)
    for message in transport.sent:
        token = link_in(message).removeprefix("https://survey.example.org/link/")
        with invited.database.reading() as session:
            visit = visit_by_token(session, token_hash(token))
            assert visit is not None
            assert visit.name == message["To"].addresses[0].display_name


def test_without_a_server_letters_go_to_the_mailbox(settings, invited):
    assert deliver(settings, invited).sent == PEOPLE
    assert len(recipients_in(settings.mailbox_directory)) == PEOPLE


def test_a_refused_letter_is_parked_and_those_behind_it_go(settings, invited):
    transport = Remembering(None, LetterRefused("The mail server refused the letter (550)."))
    assert deliver(settings, invited, transport) == Delivery(sent=PEOPLE - 1, refused=1)
    invited.clock.move(days=3)
    assert deliver(settings, invited, transport) == Delivery()
    parked = [letter for letter in outbox(invited.database) if letter.state == "refused"]
    assert [letter.last_error for letter in parked] == ["The mail server refused the letter (550)."]


def test_a_delayed_letter_goes_later_as_the_same_letter(settings, invited):
    transport = Remembering(LetterDelayed("The mail server asked to try later (451)."))
    assert deliver(settings, invited, transport) == Delivery(sent=PEOPLE - 1, delayed=1)
    assert deliver(settings, invited, transport) == Delivery()
    invited.clock.move(minutes=2)
    assert deliver(settings, invited, transport) == Delivery(sent=1)
    assert states(invited.database) == ["sent"] * PEOPLE
    assert len(set(message_ids(transport.sent))) == PEOPLE


def test_a_server_that_is_down_costs_one_letter_one_attempt(settings, invited):
    down = Remembering(*[MailServerUnavailable("The mail server does not answer.")] * 99)
    assert deliver(settings, invited, down) == Delivery(delayed=1)
    letters = outbox(invited.database)
    assert [letter.attempts for letter in letters] == [1] + [0] * (PEOPLE - 1)
    assert {letter.state for letter in letters} == {"waiting"}
    up = Remembering()
    assert deliver(settings, invited, up) == Delivery(sent=PEOPLE - 1)
    invited.clock.move(minutes=2)
    assert deliver(settings, invited, up) == Delivery(sent=1)


def test_each_wait_is_longer_until_the_letter_is_parked(settings, invited):
    transport = Remembering(*[LetterDelayed("later")] * 999)
    waits = []
    for _ in range(MOST_ATTEMPTS):
        deliver(settings, invited, transport)
        letter = outbox(invited.database)[0]
        waits.append(letter.not_before - invited.clock())
        invited.clock.at = max(letter.not_before, invited.clock())
    assert waits[:-1] == sorted(waits[:-1])
    assert waits[1] == 2 * waits[0]
    assert set(states(invited.database)) == {"refused"}


def test_a_fault_in_one_letter_never_stops_the_others(settings, invited):
    transport = Remembering(RuntimeError("person1@school1.example broke something"))
    assert deliver(settings, invited, transport) == Delivery(sent=PEOPLE - 1, delayed=1)


def test_an_address_that_cannot_be_written_is_parked(settings, invited):
    with invited.database.writing() as session:
        contact_called(session, "Person 4").email = "nobody"
    assert deliver(settings, invited, Remembering()) == Delivery(sent=PEOPLE - 1, refused=1)


def test_nobody_who_answered_is_reminded(settings, invited):
    deliver(settings, invited, Remembering())
    answer(invited)
    transport = Remembering()
    assert deliver(settings, invited, transport) == Delivery(sent=1)
    thanks = transport.sent[0]
    assert thanks["Subject"].startswith("Thank you")
    assert "http" not in text_of(thanks)


def test_nothing_of_what_was_answered_is_ever_in_a_letter(settings, invited):
    deliver(settings, invited, Remembering())
    answers = {1: 0, 3: 3}
    for person, value in answers.items():
        save_all(invited, person, value)
    transport = Remembering()
    deliver(settings, invited, transport)
    thanks = [text_of(message) for message in transport.sent]
    assert len(thanks) == len(answers)
    # The same to both, whatever they answered, once their names are taken out.
    assert len({re.sub(r"(Person|School) \d", "", text) for text in thanks}) == 1


def save_all(trial: Trial, person: int, value: int) -> None:
    start(trial, person)
    save(trial, "gad7", person=person, values={f"gad7_{n}": value for n in range(1, 8)})
    send(trial, person)


def test_a_claimed_letter_whose_cause_went_away_is_not_sent(settings, invited):
    with invited.database.writing() as session:
        claimed = claim_letters(session, at=invited.clock(), limit=1)
    with invited.database.writing() as session:
        letter = session.get_one(Letter, claimed[0])
        participant = session.get_one(Participant, letter.invitation.participant_id)
        revoke_links(session, participant=participant, by="test", at=invited.clock())
    invited.clock.move(minutes=LEASE.total_seconds() / 60 + 1)
    assert deliver(settings, invited, Remembering()) == Delivery(sent=PEOPLE - 1, not_needed=1)
    assert sorted(set(states(invited.database))) == ["cancelled", "sent"]


def test_no_invitation_goes_out_once_the_wave_has_closed(settings, invited):
    invited.clock.noon_on(invited.definition.wave("baseline").closes_on)
    invited.clock.move(days=1)
    assert deliver(settings, invited, Remembering()) == Delivery(not_needed=PEOPLE)


def test_thanks_go_out_after_the_wave_has_closed(settings, invited):
    deliver(settings, invited, Remembering())
    invited.clock.noon_on(invited.definition.wave("baseline").closes_on)
    answer(invited)
    invited.clock.move(days=1)
    assert deliver(settings, invited, Remembering()) == Delivery(sent=1)


def test_a_letter_made_under_another_key_waits_for_that_key(settings, invited, caplog):
    from dataclasses import replace

    changed = replace(settings, secret_key="another key, of the length that a key must have")
    transport = Remembering()
    assert deliver(changed, invited, transport) == Delivery(delayed=PEOPLE)
    assert transport.sent == []
    assert "SURVEY_SECRET_KEY" in caplog.text
    invited.clock.move(minutes=2)
    assert deliver(settings, invited, transport) == Delivery(sent=PEOPLE)


def test_told_to_stop_it_ends_after_the_letter_in_hand(settings, invited):
    transport = Remembering()
    delivery = deliver_letters(
        settings,
        invited.database,
        clock=invited.clock,
        transport=transport,
        stopping=lambda: len(transport.sent) == 3,
    )
    assert delivery == Delivery(sent=3)
    assert sorted(set(states(invited.database))) == ["sent", "waiting"]


class Slow(Remembering):
    """Two workers are made to overlap: nobody sends until both have a letter in hand."""

    def __init__(self, both: threading.Barrier) -> None:
        super().__init__()
        self.both: threading.Barrier | None = both

    def send(self, message: EmailMessage, *, return_path: str = "", is_retry: bool = False) -> None:
        if self.both is not None:
            both, self.both = self.both, None
            both.wait(timeout=20)
        super().send(message, return_path=return_path, is_retry=is_retry)


def test_two_workers_at_once_send_each_letter_once(settings, invited, database_url):
    both = threading.Barrier(2)
    transports = [Slow(both), Slow(both)]
    faults: list[BaseException] = []

    def work(transport: Slow) -> None:
        database = Database(database_url, keys=KEYS)
        try:
            deliver_letters(settings, database, clock=invited.clock, transport=transport)
        except BaseException as fault:
            faults.append(fault)
        finally:
            database.dispose()

    threads = [threading.Thread(target=work, args=(transport,)) for transport in transports]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert faults == []
    sent = [message for transport in transports for message in transport.sent]
    assert sorted(message_ids(sent)) == sorted(set(message_ids(sent)))
    assert len(sent) == PEOPLE
    assert all(transport.sent for transport in transports)


def test_no_address_and_no_token_reaches_a_log_or_the_outbox(settings, invited, caplog):
    caplog.set_level(logging.INFO)
    told = "person2@school2.example says https://survey.example.org/link/secret"
    transport = Remembering(
        RuntimeError(told), LetterRefused("refused (550)"), LetterDelayed("later (451)")
    )
    deliver(settings, invited, transport)
    with invited.database.reading() as session:
        secrets = [
            *session.scalars(select(Contact.email)),
            *session.scalars(select(Contact.name)),
            *(token_for_letter(id_, key=KEY) for id_ in session.scalars(select(Letter.id))),
            told,
        ]
        kept = [
            *(str(vars(letter)) for letter in session.scalars(select(Letter))),
            *(str(vars(event)) for event in session.scalars(select(AuditEvent))),
            *(row.reference for row in session.scalars(select(Invitation))),
        ]
    assert "put back after a fault" in caplog.text
    assert "builtins.RuntimeError" in caplog.text
    for secret in secrets:
        assert secret not in caplog.text
        assert not [row for row in kept if secret in row]


def test_a_letter_names_the_person_as_the_roster_does_now(settings, trial: Trial, clock: Clock):
    trial.invite()
    with trial.database.writing() as session:
        contact = contact_called(session, "Person 5")
        contact.name, contact.email = "Fay Newname", "fay@school5.example"
    transport = Remembering()
    deliver(settings, trial, transport)
    assert "Fay Newname <fay@school5.example>" in [message["To"] for message in transport.sent]
