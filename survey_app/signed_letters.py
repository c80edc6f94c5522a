"""A letter's number with a seal, for addresses that come back: stopping reminders, and bounces.

Unlike a link's token, neither opens anything: one stops reminders, the other reports a bounce.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Literal

Purpose = Literal["stop", "return"]

_SEAL_BYTES = 10
_FORM = re.compile(r"([1-9][0-9]{0,14})-([a-z2-7]{16})", re.ASCII)


def sign_letter(letter_id: int, purpose: Purpose, *, key: str) -> str:
    """Give a letter's number and a seal of 80 bits, in characters that any mail server keeps.

    Small letters and digits only, because servers may change the case of an address.
    """
    secret = hmac.new(key.encode(), f"{purpose}:{letter_id}".encode(), hashlib.sha256).digest()
    return f"{letter_id}-{base64.b32encode(secret[:_SEAL_BYTES]).decode().lower()}"


def signed_letter(text: str, purpose: Purpose, *, key: str) -> int | None:
    """Give the letter that a text names; None where its seal is not ours."""
    found = _FORM.fullmatch(text.lower())
    if found is None:
        return None
    letter_id = int(found[1])
    ours = sign_letter(letter_id, purpose, key=key)
    return letter_id if hmac.compare_digest(ours, text.lower()) else None
