from __future__ import annotations

from flask.testing import FlaskClient
from trials import PASSWORD, Trial

ADA = "coordinator@trial.example"
PAGE = "/account/security"
NEW = "another long password"


def sign_in(client: FlaskClient, password: str = PASSWORD):
    return client.post("/account/sign-in", data={"email": ADA, "password": password})


def test_is_for_those_signed_in(client: FlaskClient, trial: Trial) -> None:
    assert client.get(PAGE).status_code == 303


def test_a_new_password_works_and_signs_out_elsewhere(app, client, trial: Trial) -> None:
    other = app.test_client()
    sign_in(other)
    sign_in(client)
    changed = client.post("/account/password", data={"old": PASSWORD, "new": NEW, "again": NEW})
    assert changed.status_code == 303
    assert client.get(PAGE).status_code == 200
    assert other.get(PAGE).status_code == 303
    assert sign_in(app.test_client()).status_code == 422
    assert sign_in(app.test_client(), NEW).status_code == 303


def test_a_password_is_not_changed_without_the_old_one_twice_the_same_and_long(
    client, trial: Trial
) -> None:
    sign_in(client)
    for data, told in (
        ({"old": "wrong", "new": NEW, "again": NEW}, "That is not your password now."),
        ({"old": PASSWORD, "new": NEW, "again": NEW + "!"}, "not the same both times"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "at least 12 characters"),
        ({"old": "", "new": "", "again": ""}, "Enter a new password"),
    ):
        answer = client.post("/account/password", data=data)
        assert answer.status_code == 422
        assert told in answer.text
    assert sign_in(client).status_code == 303


def test_signs_out_everywhere_else(app, client, trial: Trial) -> None:
    other = app.test_client()
    sign_in(other)
    sign_in(client)
    assert "Sign out everywhere else" in client.get(PAGE).text
    client.post("/account/end-other-sign-ins")
    assert other.get(PAGE).status_code == 303
    assert "Sign out everywhere else" not in client.get(PAGE).text
