"""What the demonstration's start page offers to try."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from survey_app.database.queries.letters import LinkNow
from survey_app.operations.studies import definition_of
from survey_app.operations.waves import state_of
from survey_app.roles import ROLE_NAMES, Role


@dataclass(frozen=True, slots=True)
class Door:
    """One role to try: what it is called, what to do in it, and its name in addresses."""

    role: Role
    name: str
    tries: str


@dataclass(frozen=True, slots=True)
class LinkState:
    """What the link in a letter leads to, with the colour of its tag."""

    text: str
    colour: str


def state_of_link(link: LinkNow, *, at: datetime) -> LinkState:
    """Say whether a letter's link still leads to questions."""
    if not link.is_live:
        return LinkState("Link taken back", "red")
    if link.has_submitted:
        return LinkState("Answered", "grey")
    if state_of(definition_of(link.study).wave(link.wave), at=at) != "open":
        return LinkState("Closed", "grey")
    return LinkState("Not answered yet", "green")


_TRIES: tuple[tuple[Role, str], ...] = (
    (
        "coordinator",
        "See how the trial stands, import a roster, check the randomisation, invite people and "
        "record supervision sessions.",
    ),
    (
        "redactor",
        "Read comments one at a time, take out what could tell who is meant, and release them.",
    ),
    (
        "researcher",
        "Give codes to released comments, without knowing which arm they came from.",
    ),
    (
        "evaluator",
        "Make the report by arm, and open it as a page or as a PDF.",
    ),
    (
        "data_manager",
        "Follow every change on the audit trail, look at pages that could not be saved, and "
        "release the arms.",
    ),
)


def doors(held: Collection[str]) -> list[Door]:
    """Give the roles to try that somebody in the demonstration holds."""
    return [Door(role, ROLE_NAMES[role], tries) for role, tries in _TRIES if role in held]
