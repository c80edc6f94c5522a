"""The secret inside an emailed link, made from the letter's id and never stored.

A token is HMAC-SHA-256 of the letter's id under the server's key, cut to 192 bits: the letter can
be rebuilt at each sending, the record holds only a hash, and a copy of the record opens no link.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

_TOKEN_BYTES = 24
TOKEN_LENGTH = 32


def token_for_letter(letter_id: int, *, key: str) -> str:
    """Give the 32 characters that stand in the link of one letter."""
    secret = hmac.new(key.encode(), f"link:{letter_id}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(secret[:_TOKEN_BYTES]).decode()


def token_hash(token: str) -> str:
    """Give what the record keeps of a token, and what an arriving one is looked up by."""
    return hashlib.sha256(token.encode()).hexdigest()


def looks_like_token(token: str) -> bool:
    """Whether a text could be a token at all, so that rubbish never reaches the record."""
    return len(token) == TOKEN_LENGTH and token.isascii()
