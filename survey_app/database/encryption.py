"""Columns that the record keeps encrypted, each under the keys of its own purpose.

A key set is a list, newest first: what is written is encrypted under the newest, and every key of
the list still reads, so that keys can be changed without a stop. What has to be looked up has a
hash beside it, under the same keys. Empty text stays empty, so the database can be asked for it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, get_args

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import ColumnElement, Dialect, Engine, String, Text, TypeDecorator, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session

Purpose = Literal["staff", "contacts", "comments"]
PURPOSES: Final[tuple[Purpose, ...]] = get_args(Purpose)

_ATTRIBUTE = "survey_keyring"


class KeyMissingError(Exception):
    """A column cannot be read or written, because its key is not among the settings."""


class Keyring:
    """The keys of one process, by purpose."""

    def __init__(self, keys: Mapping[Purpose, Sequence[str]]) -> None:
        self._ciphers = {
            purpose: MultiFernet([Fernet(key) for key in of_purpose])
            for purpose, of_purpose in keys.items()
            if of_purpose
        }
        self._newest = {
            purpose: Fernet(of_purpose[0]) for purpose, of_purpose in keys.items() if of_purpose
        }
        self._hashing = {
            purpose: [base64.urlsafe_b64decode(key.encode()) for key in of_purpose]
            for purpose, of_purpose in keys.items()
        }

    def encrypt(self, purpose: Purpose, text: str) -> str:
        """Give a text as the record keeps it, under the newest key."""
        return self._cipher(purpose).encrypt(text.encode()).decode()

    def decrypt(self, purpose: Purpose, kept: str) -> str:
        """Give the text that was kept; KeyMissingError when no key of the purpose opens it."""
        try:
            return self._cipher(purpose).decrypt(kept.encode()).decode()
        except InvalidToken as error:
            raise KeyMissingError(
                f"No key for {purpose} among the settings opens what the record holds."
            ) from error

    def is_newest(self, purpose: Purpose, kept: str) -> bool:
        """Whether what the record keeps is under the newest key of its purpose."""
        try:
            self._newest[purpose].decrypt(kept.encode())
        except InvalidToken:
            return False
        return True

    def hashes(self, purpose: Purpose, text: str) -> list[str]:
        """Give the hashes that a text may be looked up by, under each key, the newest first."""
        self._cipher(purpose)
        spoken = f"look-up:{text.strip().casefold()}".encode()
        return [hmac.new(key, spoken, hashlib.sha256).hexdigest() for key in self._hashing[purpose]]

    def _cipher(self, purpose: Purpose) -> MultiFernet:
        if purpose not in self._ciphers:
            raise KeyMissingError(f"No key for {purpose} is among the settings.")
        return self._ciphers[purpose]


def use_keyring(engine: Engine, keyring: Keyring) -> None:
    """Let the columns read and written through an engine use these keys."""
    setattr(engine.dialect, _ATTRIBUTE, keyring)


class Encrypted(TypeDecorator[str]):
    """Text of any length, encrypted under the keys of one purpose."""

    impl = Text
    cache_ok = True

    def __init__(self, purpose: Purpose) -> None:
        super().__init__()
        self.purpose = purpose

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if not value:
            return value
        # As in every other column of text, a NUL is replaced, visibly.
        kept = value.replace("\x00", "\N{REPLACEMENT CHARACTER}")
        return keyring_of(dialect).encrypt(self.purpose, kept)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return keyring_of(dialect).decrypt(self.purpose, value) if value else value


class EncryptedFields(TypeDecorator[dict[str, str]]):
    """Fields by name, encrypted together under the keys of one purpose."""

    impl = Text
    cache_ok = True

    def __init__(self, purpose: Purpose) -> None:
        super().__init__()
        self.purpose = purpose

    def process_bind_param(self, value: dict[str, str] | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        return keyring_of(dialect).encrypt(self.purpose, json.dumps(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> dict[str, str] | None:
        if value is None:
            return None
        fields: dict[str, str] = json.loads(keyring_of(dialect).decrypt(self.purpose, value))
        return fields


class LookUpHash(TypeDecorator[str]):
    """A hash of the text it is given, under the newest key of a purpose; it cannot be read back."""

    impl = String(64)
    cache_ok = True

    def __init__(self, purpose: Purpose, of: str) -> None:
        super().__init__()
        self.purpose = purpose
        self.of = of

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else keyring_of(dialect).hashes(self.purpose, value)[0]


def is_hash_of(
    session: Session, column: InstrumentedAttribute[Any], *texts: str
) -> ColumnElement[bool]:
    """Whether a column of hashes is that of one of these texts, under any key that still reads."""
    kind = column.type
    if not isinstance(kind, LookUpHash):
        raise TypeError(f"{column} holds no hashes to look up by")
    keyring = keyring_of(session.get_bind().dialect)
    hashes = [each for text in texts for each in keyring.hashes(kind.purpose, text)]
    return type_coerce(column, String).in_(hashes)


def keyring_of(dialect: Dialect) -> Keyring:
    """Give the keys that columns are read and written with over connections of this dialect."""
    keyring: Keyring = getattr(dialect, _ATTRIBUTE)
    return keyring
