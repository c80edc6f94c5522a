"""Real conversations with a small GOV.UK Notify on loopback: taken, refused, limited, cut off."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from other_services import Notify, answering

from survey_app.mail.errors import AddressRefused, LetterRefused, MailServerUnavailable
from survey_app.mail.notify import NotifyTransport
from survey_app.mail.notify_reports import read_report
from survey_app.mail_settings import NotifyService

KEY = "tests-26785a09-ab16-4eb0-8407-a37497a57506-3d844edf-8d35-48ac-975b-e847b4f122b0"
REFERENCE = "letter-7-20190916090000"
NO_ADDRESS = {
    "status_code": 400,
    "errors": [{"error": "ValidationError", "message": "email_address Not a valid email address"}],
}
NO_TEMPLATE = {
    "status_code": 400,
    "errors": [{"error": "BadRequestError", "message": "Template not found"}],
}


def letter() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "The survey <survey@trial.example>"
    message["To"] = "Dev <dev@school.example>"
    message["Subject"] = "Your questionnaire"
    message["Message-ID"] = f"<{REFERENCE}@survey.example>"
    message["List-Unsubscribe"] = "<https://survey.example.org/stop-reminders/7-abc>"
    message.set_content("Dear Dev,\n\nhttps://survey.example.org/link/abc\n")
    return message


def through(notify: Notify, *, is_retry: bool = False) -> None:
    with answering(notify) as url:
        service = NotifyService(KEY, "template", "", url)
        with NotifyTransport(service) as transport:
            assert not transport.ready()
            transport.send(letter(), is_retry=is_retry)


def test_a_letter_is_the_template_s_subject_and_body_and_can_be_looked_up():
    notify = Notify()
    through(notify)
    assert notify.taken == [
        {
            "email_address": "dev@school.example",
            "template_id": "template",
            "personalisation": {
                "subject": "Your questionnaire",
                "body": "Dear Dev,\n\nhttps://survey.example.org/link/abc\n",
            },
            "reference": REFERENCE,
            "one_click_unsubscribe_url": "https://survey.example.org/stop-reminders/7-abc",
        }
    ]
    assert notify.asked_about == []
    assert notify.tokens[0].startswith("Bearer ey")


def test_a_retry_of_what_notify_has_is_not_sent_again():
    notify = Notify(answers=[None])
    with pytest.raises(MailServerUnavailable):
        through(notify)
    through(notify, is_retry=True)
    assert notify.asked_about == [REFERENCE]
    assert len(notify.taken) == 1


def test_a_retry_of_what_notify_never_got_is_sent():
    notify = Notify(answers=[(500, {})])
    with pytest.raises(MailServerUnavailable, match="500"):
        through(notify)
    through(notify, is_retry=True)
    assert len(notify.taken) == 1


def test_a_retry_of_what_notify_could_not_send_is_sent():
    notify = Notify(statuses={REFERENCE: "technical-failure"})
    through(notify)
    through(notify, is_retry=True)
    assert len(notify.taken) == 2


def test_an_address_that_is_none_is_refused_without_its_words(caplog):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(AddressRefused, match="400") as refused:
        through(Notify(answers=[(400, NO_ADDRESS)]))
    assert refused.value.status == "5.1.3"
    assert "school.example" not in caplog.text


def test_a_letter_that_is_too_long_is_refused():
    with pytest.raises(LetterRefused, match="413"):
        through(Notify(answers=[(413, {})]))


@pytest.mark.parametrize(
    "answer", [(400, NO_TEMPLATE), (403, {}), (429, {}), (500, {}), (503, {})], ids=str
)
def test_what_would_stop_any_letter_costs_none(answer):
    with pytest.raises(MailServerUnavailable, match=str(answer[0])):
        through(Notify(answers=[answer]))


def test_a_service_that_is_not_there_is_unavailable():
    with (
        NotifyTransport(NotifyService(KEY, "template", "", "http://127.0.0.1:9")) as transport,
        pytest.raises(MailServerUnavailable),
    ):
        transport.send(letter())


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("delivered", "delivered"),
        ("permanent-failure", "hard"),
        ("temporary-failure", "soft"),
        ("technical-failure", "technical"),
    ],
)
def test_a_report_names_the_letter_and_what_became_of_it(status, outcome):
    report = read_report({"id": "n1", "reference": REFERENCE, "status": status})
    assert report is not None
    assert (report.letter_id, report.outcome) == (7, outcome)
    assert report.is_of(datetime(2019, 9, 16, 9, tzinfo=UTC))
    assert not report.is_of(datetime(2019, 9, 16, 10, tzinfo=UTC))


@pytest.mark.parametrize(
    "posted",
    [
        None,
        [],
        "text",
        {},
        {"reference": REFERENCE, "status": "sending"},
        {"reference": REFERENCE, "status": ["delivered"]},
        {"reference": None, "status": "delivered"},
        {"reference": "letter-0-20190916090000", "status": "delivered"},
        {"reference": "another service's", "status": "delivered"},
    ],
)
def test_a_report_that_is_about_no_letter_of_ours_is_none(posted):
    assert read_report(posted) is None
