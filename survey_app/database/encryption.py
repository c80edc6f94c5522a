"""Columns that the record keeps encrypted, each under the keys of its own purpose.

A key set is a list, newest first: what is written is encrypted under the newest, and every key of
the list still reads, so that keys can be changed without a stop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Dialect, Engine, Text, TypeDecorator

Purpose = Literal["staff"]

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
        return None if value is None else _keyring(dialect).encrypt(self.purpose, value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _keyring(dialect).decrypt(self.purpose, value)


def _keyring(dialect: Dialect) -> Keyring:
    keyring: Keyring = getattr(dialect, _ATTRIBUTE)
    return keyring
