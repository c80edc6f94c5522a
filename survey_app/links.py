"""The secrets that open a questionnaire or an account, made from the letter's id and never stored.

A token is HMAC-SHA-256 of the letter's id under the server's key, cut to 192 bits: the letter can
be rebuilt at each sending, the record holds only a hash, and a copy of the record opens no link.
A posted letter has a short code instead, of 55 bits and a check character. That is too short for a
plain hash to hide, so its hash needs the server's key too.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress

_TOKEN_BYTES = 24
TOKEN_LENGTH = 32

# Crockford's base 32 leaves out I, L, O and U; the first three are read as what they look like.
_CODE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKS_LIKE = str.maketrans("OIL", "011")
CODE_LENGTH = 12
_GROUP = 4
_BITS = 5
# x^5 + x^2 + 1, by which the check character's sums are reduced.
_POLYNOMIAL = 0b100101
_HOUSEHOLD = 64


def token_for_letter(letter_id: int, *, key: str) -> str:
    """Give the 32 characters that stand in the link of one letter."""
    return base64.urlsafe_b64encode(_secret(f"link:{letter_id}", key)[:_TOKEN_BYTES]).decode()


def token_for_staff_letter(letter_id: int, *, key: str) -> str:
    """Give the 32 characters that stand in the link of one letter to a member of staff."""
    secret = _secret(f"staff link:{letter_id}", key)
    return base64.urlsafe_b64encode(secret[:_TOKEN_BYTES]).decode()


def token_hash(token: str) -> str:
    """Give what the record keeps of a token, and what an arriving one is looked up by."""
    return hashlib.sha256(token.encode()).hexdigest()


def looks_like_token(token: str) -> bool:
    """Whether a text could be a token at all, so that rubbish never reaches the record."""
    return len(token) == TOKEN_LENGTH and token.isascii()


def code_for_letter(letter_id: int, *, key: str) -> str:
    """Give the code that stands in one posted letter, as XXXX-XXXX-XXXX."""
    number = int.from_bytes(_secret(f"code:{letter_id}", key)[:8])
    values = [number >> _BITS * place & 31 for place in range(CODE_LENGTH - 1)]
    letters = "".join(_CODE_LETTERS[value] for value in [*values, _check(values)])
    return "-".join(letters[n : n + _GROUP] for n in range(0, CODE_LENGTH, _GROUP))


def code_as_written(typed: str) -> str | None:
    """Give a typed code as a letter has it; None where its check character tells of a slip.

    Lower case, spaces and dashes anywhere, and O, I and L for 0, 1 and 1 are all taken.
    """
    letters = "".join(typed.upper().replace("-", "").split()).translate(_LOOKS_LIKE)
    if len(letters) != CODE_LENGTH or not set(letters) <= set(_CODE_LETTERS):
        return None
    values = [_CODE_LETTERS.index(letter) for letter in letters]
    if _check(values) != 0:
        return None
    return "-".join(letters[n : n + _GROUP] for n in range(0, CODE_LENGTH, _GROUP))


def code_hash(code: str, *, key: str) -> str:
    """Give what the record keeps of a code, and what a typed one is looked up by."""
    return _secret(f"typed code:{code}", key).hex()


def address_hash(address: str, *, key: str) -> str:
    """Give what the record keeps of an email address that somebody typed."""
    return _secret(f"address:{address.strip().casefold()}", key).hex()


def guess_hash(address: str, password: str, *, key: str) -> str:
    """Give the 16 bits by which one wrong password is told from another."""
    return _secret(f"guess:{address.strip().casefold()}:{password}", key).hex()[:4]


def network_hash(address: str, *, key: str) -> str:
    """Give what the record keeps of where a request came from.

    Of an IPv6 address only the first half counts: the rest is one household's or school's to vary.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return _secret(f"network:{address}", key).hex()
    if parsed.version == 6:
        parsed = ipaddress.ip_network((parsed, _HOUSEHOLD), strict=False).network_address
    return _secret(f"network:{parsed}", key).hex()


def _secret(words: str, key: str) -> bytes:
    return hmac.new(key.encode(), words.encode(), hashlib.sha256).digest()


def _check(values: list[int]) -> int:
    """Give the check character of a code (Damm's way in GF(32)); 0 for a whole code that is sound.

    It finds every wrong character and every two neighbours that changed places.
    """
    state = 0
    for value in values:
        state = (state ^ value) << 1
        if state > 31:
            state ^= _POLYNOMIAL
    return state
