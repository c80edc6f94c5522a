"""The whole way of a letter, from the outbox to a real SMTP server on loopback."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import ClassVar

import pytest
from letterboxes import BASE_URL, link_in, message_ids, outbox, settings_for, states
from looking import rows
from mail_servers import Post, free_port, reached_at, serving, silent_server
from sqlalchemy import select
from trials import KEY, Trial

from survey_app.database.models import Contact
from survey_app.database.queries.invitations import visit_by_token
from survey_app.jobs.delivery import Delivery, deliver_letters
from survey_app.links import token_hash
from survey_app.mail_settings import Bounces
from survey_app.operations.outbox import LEASE
from survey_app.settings import MailServer, Settings

PEOPLE = 10


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return settings_for(database_url, tmp_path / "var")


@pytest.fixture
def invited(trial: Trial) -> Trial:
    trial.invite()
    return trial


def deliver(settings: Settings, trial: Trial, server: MailServer) -> Delivery:
    return deliver_letters(replace(settings, mail_server=server), trial.database, clock=trial.clock)


def to(post: Post, address: str) -> list[EmailMessage]:
    return [m for m in post.received if m["To"].addresses[0].addr_spec == address]


def test_letters_arrive_over_one_connection_with_links_that_open(settings, invited):
    post = Post()
    with serving(post) as server:
        assert deliver(settings, invited, server) == Delivery(sent=PEOPLE)
    assert post.connections == 1
    assert len(set(post.recipients)) == PEOPLE
    for message in post.received:
        token = link_in(message).removeprefix(f"{BASE_URL}/link/")
        with invited.database.reading() as session:
            visit = visit_by_token(session, token_hash(token))
            assert visit is not None
            assert visit.name == message["To"].addresses[0].display_name


def test_letters_leave_over_several_connections_at_once_and_each_once(settings, invited):
    class Slow(Post):
        async def handle_DATA(self, server, session, envelope) -> str:
            await asyncio.sleep(0.2)
            return await super().handle_DATA(server, session, envelope)

    post = Slow()
    with serving(post) as server:
        several = replace(settings, mail_connections=3)
        assert deliver(several, invited, server) == Delivery(sent=PEOPLE)
    assert post.connections == 3
    assert len(message_ids(post.received)) == len(set(message_ids(post.received))) == PEOPLE


def test_a_refused_address_is_parked_and_the_others_get_theirs(settings, invited):
    gone = "person2@school2.example"
    post = Post(answers_to_address={gone: [f"550 5.1.1 <{gone}>: no such person"] * 9})
    with serving(post) as server:
        assert deliver(settings, invited, server) == Delivery(sent=PEOPLE - 1, refused=1)
        invited.clock.move(days=2)
        assert deliver(settings, invited, server) == Delivery()
    assert gone not in post.recipients
    errors = [letter.last_error for letter in outbox(invited.database) if letter.last_error]
    assert errors == ["The mail server refused the letter (550 5.1.1)."]
    assert [c.name for c in rows(invited.database, Contact) if c.undeliverable_at] == ["Person 2"]


def test_an_address_put_off_gets_the_same_letter_later(settings, invited):
    slow = "person3@school3.example"
    post = Post(answers_to_address={slow: ["451 4.7.1 greylisted"]})
    with serving(post) as server:
        assert deliver(settings, invited, server) == Delivery(sent=PEOPLE - 1, delayed=1)
        assert to(post, slow) == []
        before = invited.token(3)
        invited.clock.move(minutes=2)
        assert deliver(settings, invited, server) == Delivery(sent=1)
    (letter,) = to(post, slow)
    assert link_in(letter) == f"{BASE_URL}/link/{before}"


@pytest.mark.parametrize("after_data", [False, True], ids=["before DATA", "after DATA"])
def test_a_letter_at_which_the_server_hangs_up_keeps_nobody_waiting(settings, invited, after_data):
    bad = "person3@school3.example"
    post = HangingUp(bad, after_data=after_data)
    with serving(post) as server:
        assert deliver(settings, invited, server) == Delivery(sent=PEOPLE - 1, delayed=1)
        assert len(set(post.recipients) - {bad}) == PEOPLE - 1
        assert post.connections == 2
        post.bad = ""
        invited.clock.move(minutes=2)
        assert deliver(settings, invited, server) == Delivery(sent=1)
    assert len(to(post, bad)) == (2 if after_data else 1)
    assert len(set(message_ids(post.received))) == PEOPLE


class HangingUp(Post):
    """A server that cuts the line at one address, when it is named or when the letter is taken."""

    def __init__(self, bad: str, *, after_data: bool) -> None:
        super().__init__()
        self.bad, self.after_data = bad, after_data

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:
        if address == self.bad and not self.after_data:
            server.transport.abort()
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server, session, envelope) -> str:
        answer = await super().handle_DATA(server, session, envelope)
        if self.bad in envelope.rcpt_tos:
            server.transport.abort()
        return answer


def test_a_server_that_hangs_up_at_every_letter_is_left_alone_for_a_while(settings, invited):
    class Broken(Post):
        async def handle_DATA(self, server, *_) -> str:
            server.transport.abort()
            return "250 OK"

    with serving(Broken()) as server:
        assert deliver(settings, invited, server) == Delivery(delayed=2)
    assert [letter.attempts for letter in outbox(invited.database)] == [1, 1] + [0] * (PEOPLE - 2)


def test_a_letter_comes_back_to_an_address_of_its_own(settings, invited):
    class Noting(Post):
        senders: ClassVar[list[str]] = []

        async def handle_MAIL(self, _server, _session, envelope, address, _options) -> str:
            self.senders.append(address)
            envelope.mail_from = address
            return "250 OK"

    watched = replace(settings, bounces=Bounces("bounces@survey.example.org", None))
    with serving(Noting()) as server:
        deliver(watched, invited, server)
    assert len(set(Noting.senders)) == PEOPLE
    assert {sender.partition("@")[2] for sender in Noting.senders} == {"survey.example.org"}
    assert {sender.partition("+")[0] for sender in Noting.senders} == {"bounces"}


def test_a_letter_whose_acceptance_was_lost_goes_again_recognisably(settings, invited):
    post = Post(hangs_after=4)
    with serving(post) as server:
        assert deliver(settings, invited, replace(server, timeout_seconds=0.5)).sent == PEOPLE - 1
        invited.clock.move(minutes=2)
        assert deliver(settings, invited, server).sent == 1
    again = [id_ for id_, n in Counter(message_ids(post.received)).items() if n == 2]
    assert len(again) == 1
    twins = [message for message in post.received if message["Message-ID"] == again[0]]
    assert link_in(twins[0]) == link_in(twins[1])
    assert states(invited.database) == ["sent"] * PEOPLE


def test_a_silent_server_costs_one_letter_one_attempt(settings, invited):
    with silent_server() as port:
        silent = reached_at(port, timeout_seconds=0.2)
        assert deliver(settings, invited, silent) == Delivery(delayed=1)
    assert [letter.attempts for letter in outbox(invited.database)] == [1] + [0] * (PEOPLE - 1)


def test_letters_wait_for_a_server_that_is_down_and_go_when_it_is_up(settings, invited):
    port = free_port()
    assert deliver(settings, invited, reached_at(port)) == Delivery(delayed=1)
    assert set(states(invited.database)) == {"waiting"}
    invited.clock.move(minutes=2)
    post = Post()
    with serving(post, port=port) as server:
        assert deliver(settings, invited, server) == Delivery(sent=PEOPLE)


WORKER = """
import sys
from datetime import datetime
from pathlib import Path
from letterboxes import settings_for
from mail_servers import reached_at
from survey_app.database.session import Database
from survey_app.jobs.delivery import deliver_letters

url, folder, port, at = sys.argv[1:]
settings = settings_for(url, Path(folder), mail_server=reached_at(int(port), timeout_seconds=60))
database = Database(url, keys=settings.encryption_keys)
deliver_letters(settings, database, clock=lambda: datetime.fromisoformat(at))
"""


def test_a_worker_killed_with_a_letter_in_hand_loses_none(
    settings, invited, database_url, tmp_path
):
    post = Post(hangs_after=3)
    with serving(post) as server:
        arguments = [database_url, str(tmp_path), str(server.port), invited.clock().isoformat()]
        paths = {"PYTHONPATH": os.pathsep.join([str(Path.cwd()), "tests/support"])}
        worker = subprocess.Popen(
            [sys.executable, "-c", WORKER, *arguments], env={**os.environ, **paths}
        )
        try:
            assert post.hanging.wait(timeout=60)
        finally:
            worker.send_signal(signal.SIGKILL)
            worker.wait()
        assert Counter(states(invited.database)) == {"sent": 3, "sending": 1, "waiting": 6}
        assert deliver(settings, invited, server) == Delivery(sent=6)
        invited.clock.move(seconds=LEASE.total_seconds() + 1)
        assert deliver(settings, invited, server) == Delivery(sent=1)
    with invited.database.reading() as session:
        everyone = set(session.scalars(select(Contact.email))) - {"person9@school9.example"}
    assert set(post.recipients) == everyone
    assert sorted(Counter(message_ids(post.received)).values()) == [1] * (PEOPLE - 1) + [2]


def test_the_key_is_never_in_a_letter(settings, invited):
    post = Post()
    with serving(post) as server:
        deliver(settings, invited, server)
    assert not [message for message in post.received if KEY in message.as_string()]
