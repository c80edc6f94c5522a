"""The participants' room: a link is opened, consent given, pages answered, answers submitted."""

from __future__ import annotations

from survey_app.web.participant import (
    answering,
    asking,
    codes,
    consenting,
    disowning,
    finishing,
    item_saving,
    opening,
    stopping,
    withdrawing,
)
from survey_app.web.participant.room import blueprint

__all__ = [
    "answering",
    "asking",
    "blueprint",
    "codes",
    "consenting",
    "disowning",
    "finishing",
    "item_saving",
    "opening",
    "stopping",
    "withdrawing",
]
