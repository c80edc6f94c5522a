from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from rooms import STUDY, actor_of, events
from trials import PASSWORD, Clock, Trial

ADA = "coordinator@trial.example"


def sign_in(client: FlaskClient, *, email: str = ADA, password: str = PASSWORD, **more: str):
    return client.post("/account/sign-in", data={"email": email, "password": password, **more})


def test_the_right_password_leads_to_the_studies(client: FlaskClient, trial: Trial) -> None:
    answer = sign_in(client)
    assert (answer.status_code, answer.location) == (303, "/studies")
    assert client.get(f"{STUDY}/schools").status_code == 200


def test_a_sign_in_is_audited(client: FlaskClient, trial: Trial) -> None:
    sign_in(client, email=" Coordinator@Trial.example ")
    assert [event.by for event in events(trial, "signed_in")] == [actor_of(trial, "coordinator")]


@pytest.mark.parametrize(
    ("email", "password"), [(ADA, "not the password"), ("nobody@trial.example", PASSWORD)]
)
def test_a_wrong_pair_is_refused_without_saying_which_is_wrong(
    client: FlaskClient, trial: Trial, email: str, password: str
) -> None:
    answer = sign_in(client, email=email, password=password)
    assert answer.status_code == 422
    assert "The email address and password do not belong together." in answer.text
    assert f'value="{email}"' in answer.text
    assert password not in answer.text
    assert events(trial, "signed_in") == []
    assert client.get("/studies").status_code == 303


def test_empty_fields_are_asked_for(client: FlaskClient, trial: Trial) -> None:
    answer = sign_in(client, email=" ", password="")
    assert answer.status_code == 422
    assert '<a href="#email">Enter your email address</a>' in answer.text
    assert '<a href="#password">Enter your password</a>' in answer.text


def test_leads_back_to_the_page_that_asked_for_it(client: FlaskClient, trial: Trial) -> None:
    asked = client.get(f"{STUDY}/schools")
    assert asked.location == f"/account/sign-in?next={STUDY}/schools"
    page = client.get(asked.location)
    assert f'name="next" value="{STUDY}/schools"' in page.text
    assert sign_in(client, next=f"{STUDY}/schools").location == f"{STUDY}/schools"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/studies", "/nowhere", "/studies?a=b"]
)
def test_leads_nowhere_else(client: FlaskClient, trial: Trial, elsewhere: str) -> None:
    assert elsewhere not in client.get("/account/sign-in", query_string={"next": elsewhere}).text
    assert sign_in(client, next=elsewhere).location == "/studies"


def test_somebody_signed_in_is_not_asked_again(sign_in_as) -> None:
    assert sign_in_as("coordinator").get("/account/sign-in").location == "/studies"


def test_a_sign_in_ends_after_half_an_hour_of_nothing(
    client: FlaskClient, trial: Trial, clock: Clock
) -> None:
    sign_in(client)
    clock.move(minutes=29)
    assert client.get("/studies").status_code == 200
    clock.move(minutes=31)
    assert client.get("/studies").status_code == 303
