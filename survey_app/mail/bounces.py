"""What comes back to a letter's own return address: which letter it was, and whether for good.

The reports are those of RFC 3464, read with the standard library. Who may report on a letter is
settled by the seal in the return address; nothing else of a report is believed or kept but its
status.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from typing import Literal

from survey_app.signed_letters import sign_letter, signed_letter

_ADDRESSED_IN = ("To", "Delivered-To", "X-Original-To", "Envelope-To")
_TAG = re.compile(r"\+([0-9]{1,15}-[a-z2-7]{16})@", re.IGNORECASE | re.ASCII)
_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b", re.ASCII)
_BASIC = re.compile(r"\b([45])\d\d\b", re.ASCII)
# An address refused with no more said than this is taken to be nobody's.
_HARD_BASIC = ("550", "551", "553")
_SENDERS_FAULT = ("5.1.7", "5.1.8")


@dataclass(frozen=True, slots=True)
class BounceReport:
    """One report that a letter did not arrive."""

    letter_id: int
    outcome: Literal["hard", "soft"]
    status: str
    source: str
    """The same however often the report is read."""


def return_path_of(letter_id: int, *, address: str, key: str) -> str:
    """Give the address that one letter comes back to; its mailbox takes what follows a plus."""
    mailbox, _, domain = address.rpartition("@")
    return f"{mailbox}+{sign_letter(letter_id, 'return', key=key)}@{domain}"


def read_bounce(raw: bytes, *, key: str) -> BounceReport | None:
    """Give what a message reports; None where it is no failure of a letter of ours.

    Notices of delay and of delivery are none, nor are answers from people who are away.
    """
    message = message_from_bytes(raw)
    letter_id = _letter_of(message, key)
    if letter_id is None:
        return None
    status = _failure_in(message)
    if status is None:
        return None
    return BounceReport(
        letter_id=letter_id,
        outcome="hard" if is_for_good(status) else "soft",
        status=status,
        source=f"dsn:{hashlib.sha256(raw).hexdigest()}",
    )


def is_for_good(status: str) -> bool:
    """Whether a status, such as "550 5.1.1", says that an address will never take a letter.

    A mailbox that is full, a letter taken for spam and a refusal of the sender are none of the
    address's fault for good.
    """
    found = _ENHANCED.search(status)
    if found is None:
        return status[:3] in _HARD_BASIC
    if found[0] in _SENDERS_FAULT:
        return False
    return found[1] == "5" and (found[2] in ("0", "1", "4") or found[0] == "5.2.1")


def _letter_of(message: Message, key: str) -> int | None:
    for name in _ADDRESSED_IN:
        for value in message.get_all(name, ()):
            for tag in _TAG.findall(str(value)):
                letter_id = signed_letter(tag, "return", key=key)
                if letter_id is not None:
                    return letter_id
    return None


def _failure_in(message: Message) -> str | None:
    """The status of the first recipient that failed; each letter had only one."""
    for part in message.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        blocks = part.get_payload()
        for block in blocks if isinstance(blocks, list) else ():
            if not isinstance(block, Message):
                continue
            if str(block.get("Action", "")).strip().lower() == "failed":
                return _status_of(block)
    return None


def _status_of(block: Message) -> str:
    written = f"{block.get('Status', '')} {block.get('Diagnostic-Code', '')}"
    found = _ENHANCED.search(written) or _BASIC.search(written)
    # A failure that gives no number is one for good: the server will not try again.
    return found[0] if found else "5.0.0"
