from __future__ import annotations

import re
from html import unescape

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from rooms import STUDY
from trials import PASSWORD, Clock, Trial

from survey_app.database.queries.staff import staff_by_email
from survey_app.settings import Settings

ADA = "coordinator@trial.example"
PAGE = "/account/second-factor"


class Strict(Settings):
    """The demonstration's settings, but for its mercy."""

    needs_second_factor = True


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return Strict(**{name: getattr(settings, name) for name in settings.__dataclass_fields__})


def sign_in(client: FlaskClient, **more: str):
    return client.post("/account/sign-in", data={"email": ADA, "password": PASSWORD, **more})


def secret_on(page: str) -> str:
    found = re.search(r'class="code">([^<]+)<', page)
    assert found
    return found[1].replace(" ", "")


def set_up(client: FlaskClient, clock: Clock) -> tuple[str, str]:
    """Sign Ada in for the first time; give her secret and the page that answered."""
    sign_in(client)
    secret = secret_on(client.get(PAGE).text)
    answer = client.post(PAGE, data={"code": pyotp.TOTP(secret).at(clock())})
    assert answer.status_code == 200
    clock.move(minutes=1)
    return secret, answer.text


def test_the_first_sign_in_sets_it_up_and_shows_recovery_codes_once(
    client: FlaskClient, trial: Trial, clock: Clock
) -> None:
    answer = sign_in(client, next=f"{STUDY}/schools")
    assert answer.location == f"{PAGE}?next={STUDY}/schools"
    assert client.get(f"{STUDY}/schools").status_code == 303
    page = client.get(answer.location).text
    assert "data:image/svg+xml" in page
    assert "otpauth://totp/" in unescape(page)
    done = client.post(
        PAGE,
        data={"code": pyotp.TOTP(secret_on(page)).at(clock()), "next": f"{STUDY}/schools"},
    )
    assert len(re.findall(r"<code>([a-z0-9-]{17})</code>", done.text)) == 10
    assert f'href="{STUDY}/schools"' in done.text
    assert client.get(f"{STUDY}/schools").status_code == 200


def test_later_a_code_is_asked_for_and_nothing_of_the_secret_is_shown(
    client: FlaskClient, trial: Trial, clock: Clock
) -> None:
    secret, _ = set_up(client, clock)
    client.post("/account/sign-out")
    sign_in(client)
    page = client.get(PAGE).text
    assert "otpauth" not in page
    refused = client.post(PAGE, data={"code": "000000"})
    assert refused.status_code == 422
    assert 'href="#code"' in refused.text
    assert client.post(PAGE, data={"code": pyotp.TOTP(secret).at(clock())}).status_code == 303
    assert client.get("/studies").status_code == 200


def test_too_many_wrong_codes_lead_back_to_the_password(
    client: FlaskClient, trial: Trial, clock: Clock
) -> None:
    set_up(client, clock)
    client.post("/account/sign-out")
    sign_in(client)
    answers = [client.post(PAGE, data={"code": "000000"}).status_code for _ in range(5)]
    assert answers == [422, 422, 422, 422, 303]
    assert client.get(PAGE).status_code == 303


def test_a_half_done_sign_in_is_over_after_ten_minutes(
    client: FlaskClient, trial: Trial, clock: Clock
) -> None:
    sign_in(client)
    clock.move(minutes=11)
    assert client.get(PAGE).location == "/account/sign-in"
    assert client.post(PAGE, data={"code": "123456"}).location == "/account/sign-in"


def test_nobody_gets_there_without_a_password(client: FlaskClient, trial: Trial) -> None:
    assert client.get(PAGE).location == "/account/sign-in"


def test_recovery_codes_are_made_anew_on_the_account_page(
    app: Flask, client: FlaskClient, trial: Trial, clock: Clock
) -> None:
    set_up(client, clock)
    assert "You have 10 recovery codes left." in client.get("/account/security").text
    made = client.post("/account/recovery-codes")
    assert len(re.findall(r"<code>", made.text)) == 10


def test_the_secret_is_on_record_only_encrypted(
    app: Flask, client: FlaskClient, trial: Trial, clock: Clock
) -> None:
    secret, _ = set_up(client, clock)
    with app.extensions["survey"].database.reading() as session:
        ada = staff_by_email(session, ADA)
        assert ada is not None
        assert ada.totp_secret == secret
