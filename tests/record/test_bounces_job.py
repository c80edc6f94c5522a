"""Letters that came back are read from their mailbox, counted once, and stop what would follow."""

from __future__ import annotations

import mailbox
from dataclasses import replace
from pathlib import Path

import pytest
from letterboxes import Remembering, outbox, settings_for
from looking import events, rows
from other_services import Imap, answering, imap_serving
from returned_letters import returned
from trials import KEY, Trial

from survey_app.database.models import Contact, DeliveryReport
from survey_app.jobs.bounces import read_bounces
from survey_app.jobs.delivery import deliver_letters
from survey_app.mail.bounces import return_path_of
from survey_app.mail_settings import Bounces, ImapMailbox, OAuthClient
from survey_app.settings import Settings

ADDRESS = "bounces@survey.example.org"
AWAY = b"To: bounces@survey.example.org\n\nI am away until Monday."


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    made = settings_for(database_url, tmp_path / "var")
    return replace(made, bounces=Bounces(ADDRESS, None))


@pytest.fixture
def sent(trial: Trial, settings: Settings) -> Remembering:
    """What everyone invited was sent."""
    trial.invite()
    transport = Remembering()
    deliver_letters(settings, trial.database, clock=trial.clock, transport=transport)
    return transport


def reading(settings: Settings, where: Path | ImapMailbox) -> Settings:
    return replace(settings, bounces=Bounces(ADDRESS, where))


def read(settings: Settings, trial: Trial) -> int:
    return read_bounces(settings, trial.database, clock=trial.clock)


def came_back(letter_id: int, status: str = "5.1.1") -> bytes:
    return returned(return_path_of(letter_id, address=ADDRESS, key=KEY), status=status)


def undeliverable(trial: Trial) -> list[int]:
    contacts = rows(trial.database, Contact)
    return [each.participant_id for each in contacts if each.undeliverable_at is not None]


def test_each_letter_has_a_return_address_of_its_own(sent, trial: Trial):
    assert sent.return_paths == [
        return_path_of(letter.id, address=ADDRESS, key=KEY) for letter in outbox(trial.database)
    ]


def put_into_maildir(folder: Path, *messages: bytes) -> Path:
    box = mailbox.Maildir(folder)
    for message in messages:
        box.add(message)
    return folder


def put_into_mbox(file: Path, *messages: bytes) -> Path:
    box = mailbox.mbox(file)
    for message in messages:
        box.add(message)
    box.close()
    return file


@pytest.mark.parametrize("put", [put_into_maildir, put_into_mbox])
def test_bounces_are_read_from_files_once_and_stay_there(settings, trial, sent, tmp_path, put):
    where = put(tmp_path / "bounces", came_back(1), AWAY, came_back(3, "4.2.2"))
    watched = reading(settings, where)
    assert read(watched, trial) == 2
    assert read(watched, trial) == 0
    assert undeliverable(trial) == [1]
    assert {each.outcome for each in rows(trial.database, DeliveryReport)} == {"hard", "soft"}
    box = mailbox.Maildir(where) if where.is_dir() else mailbox.mbox(where)
    assert len(box) == 3
    box.close()
    put(where, came_back(2))
    assert read(watched, trial) == 1
    assert undeliverable(trial) == [1, 2]


def test_a_report_read_twice_counts_once(settings, trial, sent, tmp_path):
    twice = put_into_maildir(tmp_path / "bounces", came_back(1), came_back(1))
    assert read(reading(settings, twice), trial) == 1
    assert len(rows(trial.database, DeliveryReport)) == 1
    assert len(events(trial.database, "letter_bounced")) == 1


def mailbox_at(at_port: int, imap: Imap, **changes) -> ImapMailbox:
    made = ImapMailbox("127.0.0.1", at_port, False, imap.user, imap.password, imap.folder)
    return replace(made, **changes)


def test_bounces_are_read_from_a_server_and_marked_seen(settings, trial, sent, caplog):
    caplog.set_level("INFO")
    imap = Imap([came_back(1), AWAY])
    with imap_serving(imap) as port:
        watched = reading(settings, mailbox_at(port, imap))
        assert read(watched, trial) == 1
        assert imap.seen == {1, 2}
        imap.messages.append(came_back(2))
        assert read(watched, trial) == 1
    assert undeliverable(trial) == [1, 2]
    assert "1 new; other messages left for people: 1" in caplog.text
    assert "@" not in caplog.text


def test_a_server_is_signed_in_to_with_a_token_where_there_is_one(settings, trial, sent):
    imap = Imap([came_back(1)], token="Bearer the token")
    with (
        answering(lambda *_: (200, {"access_token": "the token"})) as url,
        imap_serving(imap) as port,
    ):
        oauth = OAuthClient(url, "our id", "our secret")
        assert read(reading(settings, mailbox_at(port, imap, oauth=oauth)), trial) == 1


@pytest.mark.parametrize("change", [{"password": "wrong"}, {"folder": "Elsewhere"}, {"port": 9}])
def test_a_mailbox_that_cannot_be_read_is_tried_again_later(settings, trial, sent, caplog, change):
    imap = Imap([came_back(1)])
    with imap_serving(imap) as port:
        assert read(reading(settings, mailbox_at(port, imap, **change)), trial) == 0
        assert "Bounces: The mailbox of bounces" in caplog.text
        assert read(reading(settings, mailbox_at(port, imap)), trial) == 1


def test_a_file_that_is_not_there_is_told_and_nothing_else(settings, trial, sent, tmp_path, caplog):
    assert read(reading(settings, tmp_path / "nowhere"), trial) == 0
    assert "cannot be read (NoSuchMailboxError)" in caplog.text


def test_without_a_mailbox_nothing_is_read(settings, trial):
    assert read(settings, trial) == 0
    assert read(replace(settings, bounces=None), trial) == 0
