from __future__ import annotations

import re
from email.message import EmailMessage

import pytest
from flask.testing import FlaskClient
from rooms import comment_by, text_of_page
from sqlalchemy import select
from trials import BY, Clock, Trial

from survey_app.database.models import Participant
from survey_app.jobs.delivery import deliver_letters
from survey_app.mail.transport import MailboxTransport
from survey_app.operations.revocation import revoke_links
from survey_app.settings import Settings


def put(
    settings: Settings, subject: str, *, day: int, to: str = "Dev <dev@school.example>"
) -> None:
    message = EmailMessage()
    message["From"] = settings.mail_from
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = f"{day:02d} Sep 2019 09:00:00 +0100"
    message.set_content(f"Dear <b>Dev</b>,\n\n{settings.base_url}/link/abc123\n")
    message.add_alternative("<p>Dear Dev <script>alert(1)</script></p>", subtype="html")
    with MailboxTransport(settings.mailbox_directory) as transport:
        transport.send(message)


def subjects(page: str) -> list[str]:
    return re.findall(r'href="/mailbox/[0-9a-f]+">([^<]+)<', page)


@pytest.fixture
def two_letters(settings: Settings) -> None:
    put(settings, "Your questionnaire", day=16)
    put(settings, "A reminder", day=21, to="Ada <ada@school.example>")


def test_lists_letters_newest_first(client: FlaskClient, two_letters: None) -> None:
    page = client.get("/mailbox").text
    assert subjects(page) == ["A reminder", "Your questionnaire"]
    assert "16 September 2019 at 09:00" in page


def test_finds_letters_by_address_and_subject(client: FlaskClient, two_letters: None) -> None:
    assert subjects(client.get("/mailbox?search=ada%40school").text) == ["A reminder"]
    assert subjects(client.get("/mailbox?search=QUESTIONNAIRE").text) == ["Your questionnaire"]
    assert "No letter holds these words." in client.get("/mailbox?search=nowhere").text


def test_each_letter_says_what_its_link_leads_to(
    client: FlaskClient, trial: Trial, settings: Settings, clock: Clock
) -> None:
    trial.invite()
    deliver_letters(settings, trial.database, clock=clock)
    assert client.get("/mailbox").text.count("Not answered yet") == 1 + 10
    comment_by(trial, "Time.", person=1)
    with trial.database.writing() as session:
        participant = session.scalars(select(Participant).where(Participant.code == "P00002")).one()
        revoke_links(session, participant=participant, by=BY, at=clock())
    shown = text_of_page(client.get("/mailbox").text)
    assert (shown.count("Answered"), shown.count("Link taken back")) == (1, 1)
    assert shown.count("Not answered yet") == 1 + 8
    clock.move(days=90)
    assert text_of_page(client.get("/mailbox").text).count("Closed") == 8


def test_an_empty_mailbox_says_so(client: FlaskClient) -> None:
    assert "No letter has been sent yet." in client.get("/mailbox").text


def test_more_letters_than_fit_go_on_further_pages(client: FlaskClient, settings: Settings) -> None:
    for n in range(26):
        put(settings, f"Letter {n}", day=1 + n)
    assert len(subjects(client.get("/mailbox").text)) == 25
    assert subjects(client.get("/mailbox?page=2").text) == ["Letter 0"]


def test_a_letter_shows_its_text_and_link_and_runs_nothing(
    client: FlaskClient, two_letters: None
) -> None:
    key = re.findall(r'href="(/mailbox/[0-9a-f]+)"', client.get("/mailbox").text)[1]
    page = client.get(key)
    assert page.status_code == 200
    assert "Dear <b>Dev</b>," in text_of_page(page.text)
    assert 'href="/link/abc123"' in page.text
    assert "<script" not in page.text


def test_an_unknown_letter_is_not_found(client: FlaskClient) -> None:
    assert client.get("/mailbox/0123456789abcdef").status_code == 404
