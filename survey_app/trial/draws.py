"""The primitive of every draw: the SHA-256 of one line of text."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from typing import Final

SEPARATOR: Final = "|"
_ALL_DIGESTS: Final = 2**256


def sha256_of(text: str) -> str:
    """The SHA-256 of a text in UTF-8, as 64 hexadecimal digits."""
    return sha256_of_bytes(text.encode("utf-8"))


def sha256_of_bytes(data: bytes) -> str:
    """The SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def draw(*parts: str | int) -> str:
    """The digest of the parts with separators between them; draws are compared as text."""
    return sha256_of(SEPARATOR.join(str(part) for part in parts))


def share_drawn(*parts: str | int) -> Fraction:
    """The same digest as a number from 0 up to, and without, 1: exact, so the same everywhere."""
    return Fraction(int(draw(*parts), 16), _ALL_DIGESTS)
