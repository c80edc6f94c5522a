"""What the page of a person's studies says."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from survey_app.roles import permissions_of, roles_in_words
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
