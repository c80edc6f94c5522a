"""What is recorded of one meeting of a school, and what of it cannot be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, get_args

from survey_app.trial.design import StudyDefinition

SUPERVISION: Final = "supervision"
NO_SUPERVISION: Final = "usual_support"
NOTHING_DELIVERED: Final = "none"

Outcome = Literal["planned", "attended", "missed", "not_offered", "cancelled"]
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
OFFERED: Final[frozenset[str]] = frozenset({"attended", "missed"})
NOT_HELD: Final[frozenset[str]] = frozenset({"not_offered", "cancelled"})


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the intervention: the day of each of its meetings, in order."""

    id: str
    label: str
    days: tuple[date, ...]

    def named(self, number: int) -> str:
        """Give one of its meetings in words."""
        return self.label if len(self.days) == 1 else f"{self.label} {number}"


@dataclass(frozen=True, slots=True)
class MeetingFacts:
    """One meeting as one school has it; `model` is empty where nothing was delivered."""

    part: str
    number: int
    planned_on: date
    outcome: Outcome
    model: str = ""
    held_on: date | None = None
    group: str = ""
    supervisor: str = ""
    because: str = ""


def parts_of(definition: StudyDefinition) -> Mapping[str, Part]:
    """The parts of the intervention by id, supervision first."""
    sessions = definition.sessions
    parts = [Part(SUPERVISION, "Session", sessions.planned_dates())]
    parts += [Part(each.id, each.label, each.planned_dates()) for each in sessions.other_parts]
    return {part.id: part for part in parts}


def models_of(definition: StudyDefinition) -> tuple[str, ...]:
    """The kinds of supervision that the study delivers, in the order of its arms."""
    return tuple(
        dict.fromkeys(
            each.model
            for arm in definition.arms
            for each in arm.delivered
            if each.model != NO_SUPERVISION
        )
    )


def supervised_arms(definition: StudyDefinition) -> frozenset[str]:
    """The arms that are offered supervision at any time."""
    return frozenset(
        arm.id
        for arm in definition.arms
        if any(each.model != NO_SUPERVISION for each in arm.delivered)
    )


def faults_of(
    facts: MeetingFacts, definition: StudyDefinition, *, today: date
) -> Iterator[tuple[str, str]]:
    """Say which field cannot be so, and why: what was found, and what was expected."""
    part = parts_of(definition).get(facts.part)
    if part is None:
        known = ", ".join(parts_of(definition))
        yield "part", f"found {facts.part!r}; expected one of {known}"
    elif not 1 <= facts.number <= len(part.days):
        yield "number", f"found {facts.number}; expected a number from 1 to {len(part.days)}"
    if facts.outcome in OFFERED and facts.part == SUPERVISION and not facts.model:
        yield "model", "a session that was offered needs its kind, such as one to one"
    if facts.outcome == "cancelled" and not facts.because.strip():
        yield "because", "a cancelled session needs a reason"
    if facts.held_on is not None and facts.outcome != "attended":
        yield "held_on", "only a session that was attended has a day on which it was held"
    held_on = facts.held_on or facts.planned_on
    if facts.outcome in OFFERED and held_on > today:
        field = "planned_on" if facts.held_on is None else "held_on"
        yield field, f"found {held_on:%d/%m/%Y}; expected a day no later than today"
