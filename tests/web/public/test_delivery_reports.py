"""GOV.UK Notify reports on letters, knows the token, and is believed once about each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from letterboxes import Remembering, outbox
from looking import everything, rows
from trials import Clock, Trial

from survey_app import create_app
from survey_app.database.models import Contact, DeliveryReport
from survey_app.jobs.delivery import deliver_letters
from survey_app.mail_settings import NotifyService
from survey_app.settings import Settings

ADDRESS = "/notify/delivery-reports"
TOKEN = "a token that only Notify knows"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, notify=NotifyService("key", "template", TOKEN))


@pytest.fixture
def sent(trial: Trial, settings: Settings) -> Trial:
    trial.invite()
    deliver_letters(settings, trial.database, clock=trial.clock, transport=Remembering())
    return trial


@pytest.fixture
def strict(settings: Settings, clock: Clock) -> Iterator[Flask]:
    """The service with the check for forged requests, as it runs."""
    made = create_app(settings, clock=clock)
    yield made
    made.extensions["survey"].database.dispose()


def reference(trial: Trial, letter_id: int = 1) -> str:
    queued_at = outbox(trial.database)[letter_id - 1].queued_at
    return f"letter-{letter_id}-{queued_at:%Y%m%d%H%M%S}"


def post(app: Flask, status: str, reference: str, *, token: str = TOKEN, id_: str = "n1"):
    return app.test_client(use_cookies=False).post(
        ADDRESS,
        json={"id": id_, "reference": reference, "status": status, "to": "dev@school.example"},
        headers={"Authorization": f"Bearer {token}"},
    )


def test_an_address_that_takes_no_letters_is_learnt_once(strict, sent: Trial):
    for _ in range(2):
        answered = post(strict, "permanent-failure", reference(sent))
        assert (answered.status_code, answered.get_data()) == (204, b"")
    (report,) = rows(sent.database, DeliveryReport)
    assert (report.letter_id, report.outcome) == (1, "hard")
    assert [c.participant_id for c in rows(sent.database, Contact) if c.undeliverable_at] == [1]
    assert "school.example" not in str(vars(report))


def test_a_letter_notify_could_not_send_goes_again_once(strict, sent: Trial):
    for _ in range(2):
        post(strict, "technical-failure", reference(sent))
    letter = outbox(sent.database)[0]
    assert letter.state == "waiting"
    assert "could not send it" in letter.last_error
    sent.clock.move(minutes=5)
    transport = Remembering()
    settings = strict.extensions["survey"].settings
    deliver_letters(settings, sent.database, clock=sent.clock, transport=transport)
    assert transport.retries == [True]
    post(strict, "technical-failure", reference(sent))
    assert outbox(sent.database)[0].state == "sent"


def test_a_letter_that_arrived_is_noted(strict, sent: Trial):
    post(strict, "delivered", reference(sent))
    assert [each.outcome for each in rows(sent.database, DeliveryReport)] == ["delivered"]


@pytest.mark.parametrize("token", ["", "wrong", TOKEN + "x", "ü"])
def test_without_the_token_nothing_is_believed(strict, sent: Trial, token):
    before = everything(sent.database)
    header = f"Bearer {token}".encode().decode("latin-1")
    answered = strict.test_client().post(
        ADDRESS,
        json={"id": "n", "reference": reference(sent), "status": "permanent-failure"},
        headers={"Authorization": header} if token else {},
    )
    assert answered.status_code == 401
    assert everything(sent.database) == before


@pytest.mark.parametrize(
    "about", ["letter-4711-20190916100000", "letter-1-20180101000000", "of another service", ""]
)
def test_a_report_about_no_letter_of_ours_is_answered_the_same(strict, sent: Trial, about):
    before = everything(sent.database)
    assert post(strict, "permanent-failure", about).status_code == 204
    assert everything(sent.database) == before


def test_what_is_no_report_is_answered_the_same(strict, sent: Trial):
    told = {"Authorization": f"Bearer {TOKEN}"}
    for body in (b"", b"not JSON", b"[1]", b"\xff"):
        assert strict.test_client().post(ADDRESS, data=body, headers=told).status_code == 204


def test_a_service_without_notify_has_no_such_address(settings, clock):
    for notify in (None, NotifyService("key", "template", "")):
        app = create_app(replace(settings, notify=notify), clock=clock)
        assert post(app, "delivered", "x", token="").status_code == 404
        app.extensions["survey"].database.dispose()
