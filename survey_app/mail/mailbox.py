"""The demonstration's mailbox: the letters that went nowhere else, for its page to show."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from functools import lru_cache
from pathlib import Path

# Where a Maildir keeps whole messages; half-written ones are in tmp.
_FOLDERS = ("new", "cur")
_LINK = re.compile(r"https?://[^\s<>\"]+")


@dataclass(frozen=True, slots=True)
class Envelope:
    """One letter as the list shows it; `key` names it in an address."""

    key: str
    sent_at: datetime
    to: str
    subject: str


@dataclass(frozen=True, slots=True)
class MailboxPage:
    """Some of the letters found, newest first, and how many there are in all."""

    envelopes: tuple[Envelope, ...]
    number: int
    n_pages: int
    n_found: int


@dataclass(frozen=True, slots=True)
class ReceivedLetter:
    """One letter as its reader gets it, with the links its text holds."""

    envelope: Envelope
    sender: str
    reply_to: str
    text: str
    html: str
    links: tuple[str, ...]


def letters_page(
    directory: Path, *, search: str = "", number: int = 1, size: int = 25
) -> MailboxPage:
    """Give one page of the letters whose address or subject holds every word searched for.

    A page number outside the pages there are gives the nearest one.
    """
    words = search.casefold().split()
    found = [
        envelope
        for envelope in (_envelope(path) for path in _files(directory))
        if all(word in f"{envelope.to} {envelope.subject}".casefold() for word in words)
    ]
    found.sort(key=lambda envelope: (envelope.sent_at, envelope.key), reverse=True)
    n_pages = max(1, -(-len(found) // size))
    number = min(max(number, 1), n_pages)
    shown = tuple(found[(number - 1) * size : number * size])
    return MailboxPage(shown, number, n_pages, len(found))


def letter_by_key(directory: Path, key: str) -> ReceivedLetter | None:
    """Give one letter; None where the mailbox has none of this key."""
    return letters_by_key(directory, [key]).get(key)


def letters_by_key(directory: Path, keys: Collection[str]) -> dict[str, ReceivedLetter]:
    """Give the letters of these keys that the mailbox has."""
    return {_key(path): _letter(path) for path in _files(directory) if _key(path) in keys}


def _files(directory: Path) -> list[Path]:
    folders = [directory / folder for folder in _FOLDERS]
    return [path for folder in folders if folder.is_dir() for path in folder.iterdir()]


def _key(path: Path) -> str:
    # What follows the colon are flags, which change when a message is seen.
    return hashlib.sha256(path.name.partition(":")[0].encode()).hexdigest()[:16]


# A message never changes once it is in the mailbox, so each is read for the list only once.
@lru_cache(maxsize=20_000)
def _envelope(path: Path) -> Envelope:
    with path.open("rb") as file:
        return _envelope_of(
            path, BytesParser(_class=EmailMessage, policy=default).parse(file, True)
        )


def _envelope_of(path: Path, message: EmailMessage) -> Envelope:
    date = message["Date"]
    sent_at = date.datetime if date is not None else None
    return Envelope(
        key=_key(path),
        sent_at=sent_at.astimezone(UTC) if sent_at else datetime.fromtimestamp(0, UTC),
        to=str(message["To"] or ""),
        subject=str(message["Subject"] or ""),
    )


def _letter(path: Path) -> ReceivedLetter:
    with path.open("rb") as file:
        message = BytesParser(_class=EmailMessage, policy=default).parse(file)
    text = _body(message, "plain")
    return ReceivedLetter(
        envelope=_envelope_of(path, message),
        sender=str(message["From"] or ""),
        reply_to=str(message["Reply-To"] or ""),
        text=text,
        html=_body(message, "html"),
        links=tuple(dict.fromkeys(link.rstrip(".,;)") for link in _LINK.findall(text))),
    )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    content = part.get_content()
    return content if isinstance(content, str) else ""
