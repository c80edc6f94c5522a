from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from rooms import STUDY, actor_of, events
from trials import Trial

from survey_app.roles import ROLES


@pytest.mark.parametrize("role", ROLES)
def test_one_click_signs_in_as_each_role(client: FlaskClient, trial: Trial, role: str) -> None:
    answer = client.post(f"/account/demonstration-sign-in/{role}")
    assert answer.status_code == 303
    assert answer.location.startswith(STUDY)
    page = client.get(answer.location)
    assert page.status_code == 200
    name = role.replace("_", " ").capitalize()
    assert re.search(rf"Signed in as <a [^>]+>{name}</a>", page.text)
    assert [event.by for event in events(trial, "signed_in")] == [actor_of(trial, role)]


@pytest.mark.parametrize("role", ["eve", "administrator"])
def test_there_is_no_other_role(client: FlaskClient, trial: Trial, role: str) -> None:
    assert client.post(f"/account/demonstration-sign-in/{role}").status_code == 404


def test_a_link_cannot_sign_anybody_in(client: FlaskClient, trial: Trial) -> None:
    assert client.get("/account/demonstration-sign-in/coordinator").status_code == 405


def test_nobody_can_be_signed_in_while_nothing_is_loaded(client: FlaskClient) -> None:
    assert client.post("/account/demonstration-sign-in/coordinator").status_code == 404
