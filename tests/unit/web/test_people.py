from __future__ import annotations

import pytest

from survey_app.web.people import actor_in_words, staff_ids_in


def test_finds_the_members_of_staff_among_the_actors() -> None:
    assert staff_ids_in(["staff:3", "participant", "staff:x", "worker", "staff:12"]) == {3, 12}


@pytest.mark.parametrize(
    ("actor", "words"),
    [
        ("staff:3", "Ada"),
        ("staff:4", "Member of staff 4"),
        ("participant", "A participant"),
        ("command:demonstration", "The command line (demonstration)"),
        ("somebody", "somebody"),
    ],
)
def test_names_an_actor(actor: str, words: str) -> None:
    assert actor_in_words(actor, {3: "Ada"}) == words
