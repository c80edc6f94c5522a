"""The sessions that wait to be recorded, as the page that records many of them shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from survey_app.trial.design import StudyDefinition
from survey_app.trial.meetings import (
    NO_SUPERVISION,
    NOT_HELD,
    OUTCOMES,
    MeetingFacts,
    Part,
    models_of,
    parts_of,
)
from survey_app.web.coordinator.session_lines import (
    Person,
    is_supervised,
    key_of,
    person_options,
)
from survey_app.web.dates import day_in_words

NARROWED_BY = ("number", "authority", "group", "show")


@dataclass(frozen=True, slots=True)
class Due:
    """One meeting of one school, with what is on record of it, if anything."""

    name: str
    """What the fields of the form about it end in."""
    school: Any
    part: str
    number: int
    planned_on: date
    meeting: Any | None

    @property
    def outcome(self) -> str:
        return "planned" if self.meeting is None else str(self.meeting.outcome)


def wanted_of(values: Mapping[str, str]) -> dict[str, str]:
    """Give what the list was narrowed to."""
    return {key: values[key] for key in NARROWED_BY if values.get(key)}


def due_meetings(
    design: StudyDefinition,
    schools: Iterable[Any],
    by_school: Mapping[int, Sequence[Any]],
    *,
    wanted: Mapping[str, str],
    today: date,
) -> Iterator[Due]:
    """Give the meetings to record: planned for today or earlier, or all of one session."""
    for school in schools:
        held = {(each.part, each.number): each for each in by_school.get(school.id, ())}
        if wanted.get("authority") not in (None, school.authority.name):
            continue
        for part in parts_of(design).values():
            for number, day in enumerate(part.days, 1):
                meeting = held.get((part.id, number))
                if meeting is None and not is_supervised(design, school):
                    continue
                key = key_of(part.id, number)
                planned_on = day if meeting is None else meeting.planned_on
                due = Due(f"{school.urn}.{key}", school, part.id, number, planned_on, meeting)
                if wanted.get("number") not in (None, key):
                    continue
                if wanted.get("group") not in (None, meeting.group_name if meeting else ""):
                    continue
                if wanted.get("show") != "all" and due.outcome != "planned":
                    continue
                if planned_on <= today:
                    yield due


def facts_of(design: StudyDefinition, due: Due, outcome: str, model: str) -> MeetingFacts | None:
    """Give what to record of a meeting; None where nothing new is said of it."""
    found = next((each for each in OUTCOMES if each == outcome), None)
    if found is None or found == due.outcome:
        return None
    meeting = due.meeting
    kind = meeting.model if meeting is not None and meeting.model != "none" else ""
    return MeetingFacts(
        part=due.part,
        number=due.number,
        planned_on=due.planned_on,
        outcome=found,
        model="" if found in NOT_HELD else kind or _kind_of(design, due, model),
        group="" if meeting is None else meeting.group_name,
        supervisor="" if meeting is None else meeting.supervisor,
    )


def _kind_of(design: StudyDefinition, due: Due, model: str) -> str:
    """The kind chosen, or the only one that the study, or the arm on that day, delivers."""
    known = models_of(design)
    if model in known:
        return model
    allocation = due.school.allocation
    delivered = [
        each
        for each in (design.arm(allocation.arm).models_on(due.planned_on) if allocation else ())
        if each != NO_SUPERVISION
    ]
    only = delivered if len(delivered) == 1 else known
    return only[0] if len(only) == 1 else ""


def came_to(posted: Any, name: str, people: Sequence[Person]) -> frozenset[int]:
    """Give the people of the school who were ticked."""
    ticked = set(posted.getlist(f"came-{name}"))
    return frozenset(each.id for each in people if str(each.id) in ticked)


def mark_rows(
    shown: Iterable[Due],
    people: Mapping[int, Sequence[Person]],
    posted: Any,
    *,
    parts: Mapping[str, Part],
    may_see_names: bool,
) -> list[dict[str, Any]]:
    """Give each meeting with the fields about it as they were posted."""
    return [
        {
            "name": due.name,
            "school": due.school.name,
            "urn": due.school.urn,
            "authority": due.school.authority.name,
            "meeting": f"{parts[due.part].named(due.number)}, {day_in_words(due.planned_on)}",
            "with": " · ".join(
                each
                for each in (
                    (due.meeting.supervisor, due.meeting.group_name) if due.meeting else ()
                )
                if each
            ),
            "outcome": posted.get(f"outcome-{due.name}", due.outcome),
            "people": person_options(staff, may_see_names=may_see_names)
            if len(staff := _there(people.get(due.school.id, ()), due.planned_on)) > 1
            else [],
            "came": came_to(posted, due.name, staff) if posted else frozenset(),
        }
        for due in shown
    ]


def _there(people: Sequence[Person], day: date) -> list[Person]:
    return [each for each in people if each.left_on is None or day < each.left_on]


def names_of(names: Iterable[str]) -> list[dict[str, str]]:
    """Give names once each, in order, as options."""
    return [{"value": name, "label": name} for name in sorted({name for name in names if name})]
