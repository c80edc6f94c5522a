"""The kinds of letters. A new one is a line here, and its words in a study's `letters` table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

POSTED = "posted"


@dataclass(frozen=True, slots=True)
class LetterKind:
    """What is so of every letter of one kind."""

    name: str
    asks: bool = False
    """Asks for answers nobody has asked to give now: it keeps working hours and the school's limit,
    and is stopped by submitting. Other letters answer something a person did, and go at once."""
    is_reminder: bool = False
    """Can be opted out of."""
    has_link: bool = False


LETTER_KINDS: Mapping[str, LetterKind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            LetterKind("invitation", asks=True, has_link=True),
            LetterKind("reminder", asks=True, is_reminder=True, has_link=True),
            LetterKind("last_call", asks=True, is_reminder=True, has_link=True),
            LetterKind("thanks"),
            LetterKind("receipt"),
            LetterKind("new_link", has_link=True),
            # Printed for the post, and never delivered from here.
            LetterKind(POSTED),
        )
    }
)
ASKING = tuple(kind.name for kind in LETTER_KINDS.values() if kind.asks)
REMINDERS = tuple(kind.name for kind in LETTER_KINDS.values() if kind.is_reminder)
