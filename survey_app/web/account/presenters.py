"""What the page of a person's studies says."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from survey_app.roles import ROLE_NAMES, ROLES, permissions_of
from survey_app.web.navigation import Place, places_for


@dataclass(frozen=True, slots=True)
class StudyCard:
    """One study, what the person is in it, and the pages they may open."""

    slug: str
    title: str
    roles: str
    places: tuple[Place, ...]


def study_card(slug: str, title: str, roles: Collection[str]) -> StudyCard:
    """Give the card of one study for somebody with these roles in it."""
    return StudyCard(slug, title, roles_in_words(roles), places_for(permissions_of(roles)))


def roles_in_words(roles: Iterable[str]) -> str:
    """Give roles as "Coordinator and redactor", in the order in which the service lists them."""
    held = set(roles)
    names = [ROLE_NAMES[role] for role in ROLES if role in held]
    words = [name if place == 0 else name[0].lower() + name[1:] for place, name in enumerate(names)]
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
