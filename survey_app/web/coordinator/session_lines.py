"""What the pages of supervision sessions say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from survey_app.operations.supervision import SessionsSummary
from survey_app.trial.design import StudyDefinition
from survey_app.trial.meetings import SUPERVISION, models_of, parts_of, supervised_arms
from survey_app.web.coordinator.presenters import MODELS
from survey_app.web.dates import day_in_words

_MOST_NOTES = 3

COLUMNS = (
    ("urn", "Yes", "The school's six-digit number"),
    ("session", "Yes", "Which session it is: 1, 2 and so on"),
    ("outcome", "Yes", "Planned, attended, not attended, not offered or cancelled"),
    ("part", "", "Another part of the intervention; a supervision session where it is empty"),
    ("planned_on", "", "2020-03-23 or 23/03/2020; the study's own day where it is empty"),
    ("held_on", "", "Where it was held on another day"),
    ("kind", "", "One to one or group; needed where the study delivers both"),
    ("group", "", "The name of the group, where several schools met together"),
    ("supervisor", "", "Who held it"),
    ("reason", "", "Needed where it was cancelled"),
    ("attended_by", "", "The addresses of those who came, with spaces between"),
)


class Meeting(Protocol):
    """A meeting of a school as the record gives it."""

    @property
    def part(self) -> str: ...
    @property
    def number(self) -> int: ...
    @property
    def planned_on(self) -> date: ...
    @property
    def held_on(self) -> date | None: ...
    @property
    def outcome(self) -> str: ...
    @property
    def offered(self) -> bool: ...
    @property
    def attended(self) -> bool: ...
    @property
    def model(self) -> str: ...
    @property
    def group_name(self) -> str: ...
    @property
    def supervisor(self) -> str: ...
    @property
    def because(self) -> str: ...


class InArm(Protocol):
    """An allocation of a school."""

    @property
    def arm(self) -> str: ...


class AllocatedSchool(Protocol):
    """A school that may have been allocated to an arm."""

    @property
    def allocation(self) -> InArm | None: ...


class Named(Protocol):
    """Somebody's name."""

    @property
    def name(self) -> str: ...


class Person(Protocol):
    """A participant, whose name only some may see."""

    @property
    def id(self) -> int: ...
    @property
    def code(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def contact(self) -> Named | None: ...
    @property
    def left_on(self) -> date | None: ...


@dataclass(frozen=True, slots=True)
class SchoolTotals:
    """How many supervision sessions of one school stand where, and what that makes of it."""

    planned: int
    offered: int
    attended: int
    cancelled: int
    complied: bool
    can_comply: bool
    """Whether it could still, if it attended all that may yet come."""

    @property
    def standing(self) -> str:
        """Whether it is a complier by the plan's rule, in words."""
        if self.complied:
            return "Yes"
        return "Not yet" if self.can_comply else "No"


@dataclass(frozen=True, slots=True)
class Month:
    """The sessions of one month, and what came from outside in it."""

    name: str
    planned: int
    offered: int
    attended: int
    widths: tuple[str, str, str]
    """Of the bars, as shares of the longest."""
    events: tuple[str, ...]


def is_supervised(design: StudyDefinition, school: AllocatedSchool) -> bool:
    """Whether a school was allocated to an arm that is offered supervision."""
    return school.allocation is not None and school.allocation.arm in supervised_arms(design)


def school_totals(
    design: StudyDefinition, meetings: Sequence[Meeting], *, supervised: bool = True
) -> SchoolTotals:
    """Count a school's supervision sessions; one not supervised has none planned for it."""
    held = [each for each in meetings if each.part == SUPERVISION]
    planned = design.sessions.planned
    attended = sum(each.attended for each in held)
    settled = sum(each.outcome not in ("planned", "attended") for each in held)
    return SchoolTotals(
        planned=planned if supervised else 0,
        offered=sum(each.offered for each in held),
        attended=attended,
        cancelled=sum(each.outcome == "cancelled" for each in held),
        complied=design.plan.complied(attended=attended, planned=planned),
        can_comply=design.plan.complied(attended=planned - settled, planned=planned),
    )


def session_rows(
    design: StudyDefinition,
    meetings: Iterable[Meeting],
    outcomes: Mapping[str, str],
    href: Mapping[str, str],
) -> list[list[object]]:
    """Give each planned meeting with its days, its kind, who held it and what happened."""
    recorded = {(each.part, each.number): each for each in meetings}
    rows: list[list[object]] = []
    for part in parts_of(design).values():
        for number, planned_on in enumerate(part.days, 1):
            meeting = recorded.get((part.id, number))
            key = key_of(part.id, number)
            named = {"text": part.named(number), "href": href[key]}
            if meeting is None:
                rows.append([named, day_in_words(planned_on), "", "", "Not recorded yet"])
                continue
            happened = outcomes[meeting.outcome]
            if meeting.because:
                happened = f"{happened}: {meeting.because}"
            if meeting.held_on and meeting.held_on != meeting.planned_on:
                happened = f"{happened}, on {day_in_words(meeting.held_on)}"
            kind = _models_in_words(meeting.model)
            if meeting.group_name:
                kind = f"{kind}, {meeting.group_name}" if kind else meeting.group_name
            rows.append(
                [named, day_in_words(meeting.planned_on), kind, meeting.supervisor, happened]
            )
    return rows


def _models_in_words(models: str) -> str:
    # Where two kinds are delivered at a time, a record may name both.
    words = " and ".join(
        MODELS[model].lower() for model in models.split(" and ") if model in MODELS
    )
    return words[:1].upper() + words[1:]


def key_of(part: str, number: int) -> str:
    """Give the name of a meeting in forms and addresses."""
    return str(number) if part == SUPERVISION else f"{part}-{number}"


def meetings_by_key(design: StudyDefinition) -> dict[str, tuple[str, int, date]]:
    """Give every meeting that the study plans by its name in forms: its part, number and day."""
    return {
        key_of(part.id, number): (part.id, number, day)
        for part in parts_of(design).values()
        for number, day in enumerate(part.days, 1)
    }


def model_options(design: StudyDefinition) -> list[dict[str, str]]:
    """Give the kinds of supervision that the study delivers, in the order of its arms."""
    return [{"value": model, "label": MODELS[model]} for model in models_of(design)]


def number_options(design: StudyDefinition) -> list[dict[str, int | str]]:
    """Give the meetings that are planned, with their days."""
    parts = parts_of(design)
    return [
        {"value": key, "label": f"{parts[part].named(number)}, {day_in_words(day)}"}
        for key, (part, number, day) in meetings_by_key(design).items()
    ]


def first_unrecorded(design: StudyDefinition, meetings: Iterable[Meeting]) -> int:
    """Give the first session not recorded yet; the last where all are."""
    recorded = {each.number for each in meetings if each.part == SUPERVISION}
    numbers = range(1, design.sessions.planned + 1)
    return next((n for n in numbers if n not in recorded), design.sessions.planned)


def person_options(people: Iterable[Person], *, may_see_names: bool) -> list[dict[str, object]]:
    """Give the people of a school, by code where names may not be seen."""
    return [
        {
            "value": each.id,
            "label": f"{each.contact.name if may_see_names and each.contact else each.code} "
            f"({each.role}{', left' if each.left_on else ''})",
        }
        for each in people
    ]


def person_rows(
    people: Sequence[Person], counts: Mapping[int, tuple[int, int]], *, may_see_names: bool
) -> list[list[object]]:
    """Give how many sessions each person was offered and attended."""
    labels = person_options(people, may_see_names=may_see_names)
    return [
        [label["label"], *counts.get(person.id, (0, 0))]
        for person, label in zip(people, labels, strict=True)
    ]


def months(
    design: StudyDefinition, by_school: Mapping[int, Sequence[Meeting]], supervised: Iterable[int]
) -> list[Month]:
    """Give the sessions of each month from the first to the last, and the events among them.

    A session that is not on record counts as planned for the study's own day.
    """
    counts: dict[tuple[int, int], list[int]] = {}
    days = design.sessions.planned_dates()
    supervised = set(supervised)
    for school in supervised | set(by_school):
        held = {each.number: each for each in by_school.get(school, ()) if each.part == SUPERVISION}
        for number, day in enumerate(days, 1):
            meeting = held.get(number)
            if meeting is None and school not in supervised:
                continue
            planned_on = meeting.planned_on if meeting else day
            month = counts.setdefault((planned_on.year, planned_on.month), [0, 0, 0])
            month[0] += 1
            month[1] += bool(meeting and meeting.offered)
            month[2] += bool(meeting and meeting.attended)
    if not counts:
        return []
    longest = max(planned for planned, _, _ in counts.values())
    events: dict[tuple[int, int], list[str]] = {}
    for event in sorted(design.events, key=lambda each: each.on):
        words = f"{day_in_words(event.on)}: {event.title}"
        events.setdefault((event.on.year, event.on.month), []).append(words)
    shown = sorted({*counts, *events})
    first, last = min(counts), max(counts)
    return [
        Month(
            name=f"{date(*month, 1):%B %Y}",
            planned=planned,
            offered=offered,
            attended=attended,
            widths=_widths((planned, offered, attended), longest),
            events=tuple(events.get(month, ())),
        )
        for month in _every_month(min(shown[0], first), max(shown[-1], last))
        for planned, offered, attended in (counts.get(month, [0, 0, 0]),)
    ]


def _widths(counts: tuple[int, int, int], longest: int) -> tuple[str, str, str]:
    planned, offered, attended = (f"{100 * n / longest:.1f}%" for n in counts)
    return planned, offered, attended


def _every_month(first: tuple[int, int], last: tuple[int, int]) -> Iterable[tuple[int, int]]:
    for place in range(12 * first[0] + first[1] - 1, 12 * last[0] + last[1]):
        yield place // 12, place % 12 + 1


def month_rows(shown: Iterable[Month]) -> list[list[object]]:
    """Give the months as rows of a table."""
    return [
        [each.name, each.planned, each.offered, each.attended, "; ".join(each.events)]
        for each in shown
    ]


def import_in_words(summary: SessionsSummary) -> str:
    """Say what an import of sessions did."""
    return (
        f"The sessions were imported: {summary.added} added, {summary.updated} changed, "
        f"{summary.unchanged} as before."
    )


def notes_in_words(summary: SessionsSummary) -> list[str]:
    """Give the first things to look at, and how many more there are."""
    shown = list(summary.notes[:_MOST_NOTES])
    more = len(summary.notes) - len(shown)
    return [*shown, f"There are {more} more schools like this."] if more > 0 else shown
