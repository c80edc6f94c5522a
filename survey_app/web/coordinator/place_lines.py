"""What the pages of schools and people say of who was where, and of what may carry over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from survey_app.operations.audit import describe
from survey_app.web.coordinator.roster_forms import PHASE_CHOICES, ROLES
from survey_app.web.dates import day_in_words, moment_in_words
from survey_app.web.people import actor_in_words

LEFT_BECAUSE: Mapping[str, str] = {
    "left_school": "Left the school",
    "other_role": "Stays at the school in another role",
    "not_known": "The reason is not known",
    "moved": "Moved to another school",
    "merged": "The same person as another record",
}
_ASKED_OF_WHOEVER_LEAVES = ("left_school", "other_role", "not_known")
NOT_SHOWN = "Not shown while arms are held back"


def reason_options() -> list[dict[str, str]]:
    """Give why somebody leaves as choices."""
    return [{"value": each, "label": LEFT_BECAUSE[each]} for each in _ASKED_OF_WHOEVER_LEAVES]


def role_options() -> list[dict[str, str]]:
    """Give the roles as choices."""
    return [{"value": role, "label": _role_in_words(role)} for role in ROLES]


def phase_options() -> list[dict[str, str]]:
    """Give the phases of schools as choices."""
    return [{"value": phase, "label": phase.capitalize()} for phase in PHASE_CHOICES]


def _role_in_words(role: str) -> str:
    return "Deputy" if role == "deputy" else role


def name_of(person: Any) -> str:
    """Give a person's name, or their code where no name is on record any more."""
    return str(person.contact.name if person.contact else person.code)


def school_facts(school: Any, standing: str) -> list[dict[str, str]]:
    """Give what is on record of a school."""
    return [
        {"key": "URN", "value": school.urn},
        {"key": "Local authority", "value": school.authority.name},
        {"key": "Trust", "value": school.trust or "None on record"},
        {"key": "Phase", "value": school.phase.capitalize()},
        {"key": "Mainstream", "value": "Yes" if school.mainstream else "No"},
        {"key": "In the trial", "value": standing},
    ]


def people_rows(
    history: Iterable[Any], school_id: int, *, person_href: Callable[[str], str]
) -> list[list[Any]]:
    """Give who was and is at a school: name, role, from, until, and how they take part."""
    return [
        [
            {
                "text": name_of(place.participant),
                "href": person_href(place.participant.code),
            },
            _role_in_words(place.role),
            day_in_words(place.since_on),
            day_in_words(place.until_on) if place.until_on else "",
            _part(place, school_id),
        ]
        for place in history
    ]


def _part(place: Any, school_id: int) -> str:
    person = place.participant
    if person.merged_into_id is not None:
        return "A second record of one person"
    if person.school_id != school_id:
        return (
            "Works here as well; takes part for another school"
            if place.until_on is None
            else "Was here"
        )
    if person.withdrawn_at is not None:
        return "Withdrew from the study"
    if place.until_on is None:
        return "Takes part"
    if person.left_on is None:
        return "Takes part, in another role since"
    return LEFT_BECAUSE.get(person.left_because or "", "Left")


def place_rows(places: Iterable[Any], *, school_href: Callable[[str], str]) -> list[list[Any]]:
    """Give where one person was and is: school, role, from, until."""
    return [
        [
            {"text": place.school.name, "href": school_href(place.school.urn)},
            _role_in_words(place.role),
            day_in_words(place.since_on),
            day_in_words(place.until_on) if place.until_on else "",
        ]
        for place in places
    ]


def standing_facts(
    person: Any,
    *,
    before: Any,
    after: Any,
    now_at: Any,
    came_from: Any,
    person_href: Callable[[str], str],
) -> list[dict[str, str]]:
    """Say how a person came into the role and left it, with whom it has to do."""
    facts = []

    def about(key: str, other: Any) -> None:
        if other is not None:
            facts.append(
                {
                    "key": key,
                    "value": f"{name_of(other)} ({other.code})",
                    "href": person_href(other.code),
                    "action": "See",
                }
            )

    about("In the place of", before)
    about("Before at another school as", came_from)
    if person.merged_into_id is not None:
        about("The same person as", now_at)
    elif person.left_on is not None:
        reason = LEFT_BECAUSE.get(person.left_because or "", "Left")
        facts.append({"key": "Left", "value": f"{day_in_words(person.left_on)}. {reason}."})
        about("Now at another school as", now_at)
    about("Followed by", after)
    return facts


def shared_rows(
    places: Iterable[Any],
    *,
    person_href: Callable[[str], str],
    school_href: Callable[[str], str],
    may_see_arms: bool,
) -> list[list[Any]]:
    """Give each person who works at several schools, with those schools."""
    rows: list[list[Any]] = []
    for _, group in groupby(places, key=lambda place: place.participant_id):
        of_person = list(group)
        person = of_person[0].participant
        own = next((p.school for p in of_person if p.school_id == person.school_id), None)
        rows.append(
            [
                {"text": name_of(person), "href": person_href(person.code)},
                {"text": own.name, "href": school_href(own.urn)} if own else "",
                "; ".join(p.school.name for p in of_person if p.school_id != person.school_id),
                _span([place.school for place in of_person], may_see_arms=may_see_arms),
            ]
        )
    return rows


def trust_rows(schools: Iterable[Any], *, may_see_arms: bool) -> list[list[Any]]:
    """Give each trust that has several schools in the trial."""
    rows: list[list[Any]] = []
    for trust, group in groupby(schools, key=lambda school: school.trust):
        of_trust = list(group)
        rows.append(
            [
                trust,
                len(of_trust),
                "; ".join(school.name for school in of_trust),
                _span(of_trust, may_see_arms=may_see_arms),
            ]
        )
    return rows


def move_rows(
    moves: Iterable[tuple[Any, Any]],
    *,
    person_href: Callable[[str], str],
    may_see_arms: bool,
) -> list[list[Any]]:
    """Give each person who moved after the schools were randomised."""
    return [
        [
            {"text": name_of(after), "href": person_href(after.code)},
            before.school.name,
            after.school.name,
            day_in_words(before.left_on) if before.left_on else "",
            _span([before.school, after.school], may_see_arms=may_see_arms),
        ]
        for before, after in moves
    ]


def _span(schools: Sequence[Any], *, may_see_arms: bool) -> str:
    arms = {school.allocation.arm for school in schools if school.allocation is not None}
    if not arms:
        return "Not randomised yet"
    if not may_see_arms:
        return NOT_SHOWN
    return "Spans arms" if len(arms) > 1 else "One arm"


def change_rows(acts: Iterable[Any], names: Mapping[int, str]) -> list[list[str]]:
    """Give what was changed of a school, newest first."""
    return [
        [
            moment_in_words(act.at),
            describe(act.action, act.detail),
            actor_in_words(act.by, names),
        ]
        for act in acts
    ]
