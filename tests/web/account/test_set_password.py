from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from looking import everything, rows
from rooms import STUDY, text_of_page
from trials import BY, KEY, PASSWORD, Clock, Trial

from survey_app.database.models import StaffLetter
from survey_app.links import token_for_staff_letter
from survey_app.operations.staff_access import invite_staff

NEW = "four quite ordinary words"
TWICE = {"new": NEW, "again": NEW}


@pytest.fixture
def path(trial: Trial) -> str:
    with trial.database.writing() as session:
        invite_staff(
            session,
            study=trial.study(session),
            name="Nora",
            email="nora@trial.example",
            roles=["redactor"],
            key=KEY,
            by=BY,
            at=trial.clock(),
        )
    (letter,) = rows(trial.database, StaffLetter)
    return f"/account/set-password/{token_for_staff_letter(letter.id, key=KEY)}"


def sign_in(client: FlaskClient, password: str) -> int:
    data = {"email": "nora@trial.example", "password": password}
    return client.post("/account/sign-in", data=data).status_code


def test_opening_the_link_uses_nothing_up(client: FlaskClient, trial: Trial, path: str) -> None:
    before = everything(trial.database)
    for _ in range(3):
        assert "nora@trial.example" in client.get(path).text
        client.head(path)
    assert everything(trial.database) == before


def test_a_password_chosen_lets_its_owner_in(client: FlaskClient, path: str) -> None:
    answer = client.post(path, data=TWICE)
    assert (answer.status_code, answer.location) == (303, "/account/sign-in")
    assert "Your password is saved." in client.get(answer.location).text
    assert sign_in(client, NEW) == 303
    assert client.get(f"{STUDY}/redaction").status_code == 200


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        ({"new": "", "again": ""}, "Enter a password"),
        ({"new": "short", "again": "short"}, "at least 12"),
        ({"new": NEW, "again": "another"}, "not the same both times"),
    ],
)
def test_a_password_that_will_not_do_is_asked_for_again(client, path, data, fault) -> None:
    answer = client.post(path, data=data)
    assert answer.status_code == 422
    assert fault in answer.text
    assert client.post(path, data=TWICE).status_code == 303


def test_a_link_that_is_over_says_so_and_changes_nothing(
    client: FlaskClient, trial: Trial, clock: Clock, path: str
) -> None:
    client.post(path, data=TWICE)
    for gone in (path, "/account/set-password/nonsense", f"/account/set-password/{'x' * 32}"):
        assert client.get(gone).status_code == 410
        answer = client.post(gone, data={"new": "another good one", "again": "another good one"})
        assert answer.status_code == 410
        assert "This link does not work" in text_of_page(answer.text)
    assert sign_in(client, "another good one") == 422


def test_the_link_is_in_no_log(app: Flask, path: str, caplog) -> None:
    def broken(token: str) -> str:
        raise RuntimeError(token)

    app.view_functions["account.set_password"] = broken
    broken.survey_access = "public"  # type: ignore[attr-defined]  # as the decorator marks it
    assert app.test_client().get(path).status_code == 500
    assert path.rpartition("/")[2] not in caplog.text


def test_many_wrong_passwords_make_a_network_wait(client: FlaskClient, trial: Trial) -> None:
    data = {"email": "coordinator@trial.example"}
    for number in range(5):
        client.post("/account/sign-in", data=data | {"password": f"guess {number}"})
    answer = client.post("/account/sign-in", data=data | {"password": PASSWORD})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
    assert "Wait 2 seconds" in text_of_page(answer.text)
    elsewhere = client.post(
        "/account/sign-in",
        data=data | {"password": PASSWORD},
        environ_base={"REMOTE_ADDR": "192.0.2.7"},
    )
    assert elsewhere.status_code == 303
