from __future__ import annotations

from flask.testing import FlaskClient
from rooms import actor_of, events
from trials import Trial


def test_signing_out_ends_the_session_and_is_audited(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("evaluator")
    with browser.session_transaction() as cookie:
        kept = dict(cookie)
    answer = browser.post("/account/sign-out")
    assert (answer.status_code, answer.location) == (303, "/")
    assert "You are signed out." in browser.get("/").text
    with browser.session_transaction() as cookie:
        cookie.update(kept)
    assert browser.get("/studies").status_code == 303, "an old cookie must not work again"
    assert [event.by for event in events(trial, "signed_out")] == [actor_of(trial, "evaluator")]


def test_signing_out_twice_changes_nothing(client: FlaskClient, trial: Trial) -> None:
    assert client.post("/account/sign-out").status_code == 303
    assert events(trial, "signed_out") == []


def test_a_link_cannot_sign_anybody_out(sign_in_as) -> None:
    browser = sign_in_as("evaluator")
    assert browser.get("/account/sign-out").status_code == 405
    assert browser.get("/studies").status_code == 200
