"""Different wrong links are counted by network and in all; beyond the limit nothing is written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from looking import events, rows

from survey_app.database.models import WrongLink
from survey_app.database.session import Database
from survey_app.operations import wrong_links
from survey_app.operations.wrong_links import MOST_OF_ONE_NETWORK, WINDOW, note_wrong_link

NOON = datetime(2019, 9, 16, 12, tzinfo=UTC)


def attempt(database: Database, token: object, network: str = "a", at: datetime = NOON) -> bool:
    with database.writing() as session:
        return note_wrong_link(session, network_hash=network, token_hash=f"hash {token}", at=at)


def test_the_twenty_first_different_link_of_a_network_is_too_many(database: Database):
    slowed = [attempt(database, n) for n in range(MOST_OF_ONE_NETWORK + 5)]
    assert slowed == [False] * MOST_OF_ONE_NETWORK + [True] * 5
    assert len(rows(database, WrongLink)) == MOST_OF_ONE_NETWORK
    assert not attempt(database, 0, network="b")


def test_one_broken_link_pressed_again_and_again_is_one(database: Database):
    assert not any(attempt(database, "the same") for _ in range(3 * MOST_OF_ONE_NETWORK))
    assert len(rows(database, WrongLink)) == 1


def test_the_window_moves_on_and_what_left_it_is_removed(database: Database):
    for n in range(MOST_OF_ONE_NETWORK):
        attempt(database, n)
    assert attempt(database, "more", at=NOON + WINDOW - timedelta(seconds=1))
    assert not attempt(database, "later", at=NOON + WINDOW)
    assert len(rows(database, WrongLink)) == 1


def test_all_networks_together_have_a_limit_too(database: Database, monkeypatch):
    monkeypatch.setattr(wrong_links, "MOST_OF_ALL", 3)
    slowed = [attempt(database, n, network=f"network {n}") for n in range(5)]
    assert slowed == [False, False, False, True, True]


def test_the_crossing_is_on_the_trail_once_and_logged_without_where(database: Database, caplog):
    for n in range(MOST_OF_ONE_NETWORK + 5):
        attempt(database, n, network="from here")
    (event,) = events(database, "wrong_links_slowed")
    assert (event.by, event.detail) == ("visitor", {})
    assert caplog.text.count("Many different links") == 1
    assert "from here" not in caplog.text
