"""Which way letters leave, by the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from survey_app.mail.transport import MailboxTransport, SmtpTransport, transport_for
from survey_app.settings import Settings

SURROUNDINGS = {
    "SURVEY_MODE": "demonstration",
    "SURVEY_SECRET_KEY": "a key for tests, and for nothing else at all",
}


def test_without_a_server_letters_stay_on_this_machine(tmp_path: Path):
    settings = Settings.from_environment({**SURROUNDINGS, "SURVEY_DATA_DIR": str(tmp_path)})
    assert isinstance(transport_for(settings), MailboxTransport)


@pytest.mark.parametrize(
    ("base_url", "greeting"),
    [
        ("https://survey.example.org", "survey.example.org"),
        ("http://127.0.0.1:8000", "[127.0.0.1]"),
        ("http://[::1]:8000", "[IPv6:::1]"),
    ],
)
def test_a_server_is_greeted_by_the_name_people_know(base_url, greeting):
    settings = Settings.from_environment(
        {**SURROUNDINGS, "SURVEY_SMTP_HOST": "mail.example", "SURVEY_BASE_URL": base_url}
    )
    transport = transport_for(settings)
    assert isinstance(transport, SmtpTransport)
    assert transport.greeting == greeting
