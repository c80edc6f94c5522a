"""One letter as an email: text first, an HTML twin, and at most one link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from survey_app.mail.errors import LetterRefused
from survey_app.signed_letters import sign_letter

TEMPLATES = Environment(
    loader=PackageLoader("survey_app.mail"),
    autoescape=select_autoescape(enabled_extensions=("html",), default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


@dataclass(frozen=True, slots=True)
class LetterDraft:
    """What is written to one person, the placeholders of its words already filled."""

    letter_id: int
    queued_at: datetime
    to_name: str
    to_address: str
    subject: str
    paragraphs: tuple[str, ...]
    link: str | None
    """The full address of the person's questionnaire; None where there is nothing to answer."""
    stop_address: str | None
    """Where reminders are stopped; None in letters that remind of nothing."""
    study: str
    contact_name: str
    contact_email: str
    controller: str


def link_of(token: str, *, base_url: str) -> str:
    """Give the full address that a letter carries."""
    return f"{base_url}/link/{token}"


def stop_address_of(letter_id: int, *, key: str, base_url: str) -> str:
    """Give the full address at which a reminder's reader stops further ones."""
    return f"{base_url}/stop-reminders/{sign_letter(letter_id, 'stop', key=key)}"


def message_id(
    letter_id: int, *, queued_at: datetime, base_url: str, series: str = "letter"
) -> str:
    """Give a letter's Message-ID, the same at every sending.

    The moment of queueing is part of it: a record begun anew numbers its letters from one again,
    and a mailbox that saw the old letter of that number would throw the new one away.
    """
    host = urlsplit(base_url).hostname or "localhost"
    domain = f"[IPv6:{host}]" if ":" in host else host
    return f"<{series}-{letter_id}-{queued_at:%Y%m%d%H%M%S}@{domain}>"


def compose(draft: LetterDraft, *, mail_from: str, base_url: str, at: datetime) -> EmailMessage:
    """Write a letter; refused where its address cannot stand in an email."""
    message = EmailMessage()
    message["From"] = address_written(mail_from)
    message["To"] = address_of(draft.to_name, draft.to_address)
    message["Reply-To"] = address_of(draft.contact_name, draft.contact_email)
    message["Subject"] = on_one_line(draft.subject)
    message["Date"] = at
    message["Message-ID"] = message_id(
        draft.letter_id, queued_at=draft.queued_at, base_url=base_url
    )
    # Asks machines not to answer, so that no "out of office" reaches the contact.
    message["Auto-Submitted"] = "auto-generated"
    if draft.stop_address:
        # Both are needed for the button that mail programs show (RFC 8058).
        message["List-Unsubscribe"] = f"<{draft.stop_address}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    for name, subtype in (("letter.txt", "plain"), ("letter.html", "html")):
        content = TEMPLATES.get_template(name).render(letter=draft)
        if subtype == "plain":
            message.set_content(content, cte="quoted-printable")
        else:
            message.add_alternative(content, subtype=subtype, cte="quoted-printable")
    return message


def address_written(written: str) -> Address:
    """Give an address as "Name <name@example.org>" has it; refused where it is none."""
    return address_of(*parseaddr(written))


def address_of(name: str, address: str) -> Address:
    """Give a name and an address as a header has them; refused where they cannot stand in one."""
    try:
        return Address(display_name=on_one_line(name), addr_spec=address)
    # The reason is not passed on: it repeats the address.
    except (HeaderParseError, ValueError, IndexError):
        raise LetterRefused("The address cannot stand in an email.") from None


def on_one_line(text: str) -> str:
    """Keep a line break in a name or a subject from starting a header of its own."""
    return " ".join(text.split())
