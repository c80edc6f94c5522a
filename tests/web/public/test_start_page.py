from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rooms import text_of_page
from trials import Clock, Trial

from survey_app import create_app
from survey_app.settings import MailServer, Settings


@pytest.fixture
def in_production(settings: Settings, clock: Clock) -> Iterator[Flask]:
    made = create_app(
        replace(
            settings,
            mode="production",
            base_url="https://survey.example.org",
            mail_server=MailServer("127.0.0.1", 25, "none", "", ""),
        ),
        clock=clock,
    )
    yield made
    made.extensions["survey"].database.dispose()


def test_the_demonstration_offers_the_mailbox_and_each_role(
    client: FlaskClient, trial: Trial
) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert 'href="/mailbox?search=questionnaire"' in page.text
    for role in ("coordinator", "redactor", "researcher", "evaluator", "data_manager"):
        assert f'action="/account/demonstration-sign-in/{role}"' in page.text


def test_the_demonstration_says_what_is_invented(client: FlaskClient, trial: Trial) -> None:
    shown = text_of_page(client.get("/").text)
    assert "Every person, school and answer here is invented." in shown
    assert "those of the real trials are not published" in shown
    assert trial.definition.title in shown


def test_an_empty_demonstration_says_how_to_load_it(client: FlaskClient) -> None:
    page = client.get("/")
    assert "demonstration-sign-in" not in page.text
    assert "make run" in page.text


def test_a_demonstration_whose_waves_have_closed_says_how_to_load_it_afresh(
    client: FlaskClient, trial: Trial, clock: Clock
) -> None:
    assert "make demo" not in client.get("/").text
    clock.move(days=900)
    assert "make demo" in client.get("/").text


def test_production_offers_only_to_sign_in(in_production: Flask, trial: Trial) -> None:
    page = in_production.test_client().get("/", base_url="https://survey.example.org")
    assert page.status_code == 200
    assert "demonstration" not in page.text
    assert "/mailbox" not in page.text
    assert 'href="/account/sign-in"' in page.text


@pytest.mark.parametrize("path", ["/mailbox", "/mailbox/0123456789abcdef"])
def test_production_has_no_mailbox(in_production: Flask, trial: Trial, path: str) -> None:
    browser = in_production.test_client()
    assert browser.get(path, base_url="https://survey.example.org").status_code == 404


def test_production_signs_nobody_in_without_a_password(in_production: Flask, trial: Trial) -> None:
    in_production.config["WTF_CSRF_ENABLED"] = False
    answer = in_production.test_client().post(
        "/account/demonstration-sign-in/coordinator", base_url="https://survey.example.org"
    )
    assert answer.status_code == 404
