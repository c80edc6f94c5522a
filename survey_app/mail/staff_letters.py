"""One letter to a member of staff as an email: what they were given, where to set a password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage

from survey_app.mail.letters import (
    TEMPLATES,
    address_of,
    address_written,
    message_id,
    on_one_line,
)


@dataclass(frozen=True, slots=True)
class StaffLetterDraft:
    """What is written to one member of staff."""

    letter_id: int
    queued_at: datetime
    kind: str
    to_name: str
    to_address: str
    study: str
    roles: str
    """Such as "coordinator and redactor"."""
    link: str | None
    """Where a password is set; None where they have one and sign in with it."""
    good_until: str
    sign_in: str
    """The address of the page to sign in at."""
    contact_name: str
    contact_email: str
    controller: str

    @property
    def subject(self) -> str:
        if self.kind == "new_password":
            return f"Set a new password: {self.study}"
        return f"Your access to a study: {self.study}"


def set_password_address(token: str, *, base_url: str) -> str:
    """Give the full address at which a password is set."""
    return f"{base_url}/account/set-password/{token}"


def sign_in_address(*, base_url: str) -> str:
    """Give the full address at which staff sign in."""
    return f"{base_url}/account/sign-in"


def compose_staff_letter(
    draft: StaffLetterDraft, *, mail_from: str, base_url: str, at: datetime
) -> EmailMessage:
    """Write a letter to a member of staff; refused where its address cannot stand in an email."""
    message = EmailMessage()
    message["From"] = address_written(mail_from)
    message["To"] = address_of(draft.to_name, draft.to_address)
    message["Reply-To"] = address_of(draft.contact_name, draft.contact_email)
    message["Subject"] = on_one_line(draft.subject)
    message["Date"] = at
    message["Message-ID"] = message_id(
        draft.letter_id, queued_at=draft.queued_at, base_url=base_url, series="staff-letter"
    )
    message["Auto-Submitted"] = "auto-generated"
    text = TEMPLATES.get_template("staff_letter.txt").render(letter=draft)
    message.set_content(text, cte="quoted-printable")
    return message
