"""Who did something, by the name that people know them under."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_STAFF = "staff"
_OTHERS = {
    "participant": "A participant",
    "visitor": "A visitor",
    "worker": "The service",
    "command": "The command line",
    "demonstration": "The demonstration's set-up",
}


def staff_ids_in(actors: Iterable[str]) -> set[int]:
    """The numbers of the members of staff among these actors of the trail."""
    parted = (actor.partition(":") for actor in actors)
    return {int(rest) for kind, _, rest in parted if kind == _STAFF and rest.isdecimal()}


def actor_in_words(actor: str, names: Mapping[int, str]) -> str:
    """Name an actor of the trail; one that is not known is given as the record has it."""
    for staff_id in staff_ids_in([actor]):
        return names.get(staff_id, f"Member of staff {staff_id}")
    kind, _, which = actor.partition(":")
    if kind not in _OTHERS:
        return actor
    return f"{_OTHERS[kind]} ({which})" if which else _OTHERS[kind]
