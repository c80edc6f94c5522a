"""Reminders are stopped by one click in a mail program, or by a button; opening changes nothing."""

from __future__ import annotations

import pytest
from flask import Flask
from letterboxes import outbox
from looking import everything
from trials import KEY, Trial

from survey_app.database.models import Participant
from survey_app.signed_letters import sign_letter

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def address(invited: Trial) -> str:
    return f"/stop-reminders/{sign_letter(1, 'stop', key=KEY)}"


def stopped(trial: Trial) -> list[int]:
    with trial.database.reading() as session:
        return [
            each.id for each in session.query(Participant) if each.reminders_stopped_at is not None
        ]


@pytest.mark.parametrize("data", [ONE_CLICK, {}], ids=["a mail program", "the button"])
def test_a_post_without_a_cookie_stops_the_reminders_of_one_person(
    app: Flask, invited: Trial, address, data
):
    app.config["WTF_CSRF_ENABLED"] = True
    answered = app.test_client(use_cookies=False).post(address, data=data)
    assert answered.status_code == 200
    assert "no more reminders" in answered.get_data(as_text=True)
    assert "Set-Cookie" not in answered.headers
    assert stopped(invited) == [1]


def test_it_is_no_withdrawal_and_keeps_the_invitation(app: Flask, invited: Trial, address):
    app.test_client().post(address, data=ONE_CLICK)
    with invited.database.reading() as session:
        assert session.get_one(Participant, 1).withdrawn_at is None
    assert outbox(invited.database)[0].state == "waiting"
    visitor = app.test_client()
    assert visitor.post(f"/link/{invited.token(1)}").location.startswith("/answer/")


def test_a_second_post_is_answered_the_same(app: Flask, invited: Trial, address):
    first = app.test_client().post(address, data=ONE_CLICK)
    before = everything(invited.database)
    second = app.test_client().post(address, data=ONE_CLICK)
    assert (second.status_code, second.get_data()) == (200, first.get_data())
    assert everything(invited.database) == before


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_opening_the_address_changes_nothing_and_tells_nothing(
    app: Flask, invited: Trial, address, method
):
    before = everything(invited.database)
    opened = app.test_client().open(address, method=method)
    other = app.test_client().open("/stop-reminders/99-aaaaaaaaaaaaaaaa", method=method)
    assert opened.status_code == 200
    assert opened.get_data() == other.get_data()
    assert everything(invited.database) == before


@pytest.mark.parametrize(
    "token",
    [
        "1-aaaaaaaaaaaaaaaa",
        sign_letter(1, "return", key=KEY),
        sign_letter(4711, "stop", key=KEY),
        "x" * 32,
        "1",
        "%00",
        "9" * 400,
    ],
    ids=["no seal", "another seal", "no letter", "a token", "a number", "NUL", "long"],
)
def test_an_address_that_is_not_ours_is_answered_200_truthfully(app: Flask, invited: Trial, token):
    before = everything(invited.database)
    answered = app.test_client().post(f"/stop-reminders/{token}", data=ONE_CLICK)
    assert answered.status_code == 200
    assert "no reminders were stopped" in answered.get_data(as_text=True)
    assert everything(invited.database) == before
