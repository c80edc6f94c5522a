"""What tests of letters share: settings, a transport that remembers, a look into the outbox."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

from sqlalchemy import select
from trials import KEY

from survey_app.database.models import Letter
from survey_app.database.session import Database
from survey_app.mail.mailbox import letters_page
from survey_app.settings import MailServer, Settings

BASE_URL = "https://survey.example.org"


def settings_for(
    database_url: str, data_directory: Path, *, mail_server: MailServer | None = None
) -> Settings:
    return Settings(
        mode="demonstration",
        secret_key=KEY,
        data_directory=data_directory,
        database_url=database_url,
        base_url=BASE_URL,
        mail_from="Survey <survey@trial.example>",
        mail_server=mail_server,
    )


class Remembering:
    """A transport that keeps what it takes, and raises what it is told to, one a letter."""

    def __init__(self, *faults: Exception | None) -> None:
        self.sent: list[EmailMessage] = []
        self.retries: list[bool] = []
        self.return_paths: list[str] = []
        self.faults = list(faults)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def ready(self) -> bool:
        return False

    def send(self, message: EmailMessage, *, return_path: str = "", is_retry: bool = False) -> None:
        self.return_paths.append(return_path)
        self.retries.append(is_retry)
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            raise fault
        self.sent.append(message)


def text_of(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain",))
    assert part is not None
    content: str = part.get_content()
    return content


def link_in(message: EmailMessage) -> str:
    """The one link of a letter's text."""
    links = [line for line in text_of(message).splitlines() if line.startswith("http")]
    assert len(links) == 1
    return links[0]


def message_ids(messages: list[EmailMessage]) -> list[str]:
    return [str(message["Message-ID"]) for message in messages]


def outbox(database: Database) -> list[Letter]:
    with database.reading() as session:
        return list(session.scalars(select(Letter).order_by(Letter.id)))


def states(database: Database) -> list[str]:
    return [letter.state for letter in outbox(database)]


def recipients_in(directory: Path) -> list[str]:
    """To whom the letters of a mailbox on this machine went."""
    return sorted(envelope.to for envelope in letters_page(directory, size=10_000).envelopes)
