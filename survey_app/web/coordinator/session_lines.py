"""What the pages of supervision sessions say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from survey_app.trial.design import StudyDefinition
from survey_app.web.coordinator.presenters import MODELS
from survey_app.web.dates import day_in_words

_NO_SUPERVISION = "usual_support"
NOT_OFFERED = "none"


class Meeting(Protocol):
    """A supervision session as the record gives it."""

    @property
    def number(self) -> int: ...
    @property
    def planned_on(self) -> date: ...
    @property
    def offered(self) -> bool: ...
    @property
    def attended(self) -> bool: ...
    @property
    def model(self) -> str: ...


class InArm(Protocol):
    """An allocation of a school."""

    @property
    def arm(self) -> str: ...


class AllocatedSchool(Protocol):
    """A school that may have been allocated to an arm."""

    @property
    def allocation(self) -> InArm | None: ...


@dataclass(frozen=True, slots=True)
class SchoolTotals:
    """How many sessions of one school stand where."""

    planned: int
    offered: int
    attended: int


def supervised_arms(design: StudyDefinition) -> set[str]:
    """Give the arms that are offered supervision at any time."""
    return {
        arm.id
        for arm in design.arms
        if any(each.model != _NO_SUPERVISION for each in arm.delivered)
    }


def is_supervised(design: StudyDefinition, school: AllocatedSchool) -> bool:
    """Whether a school was allocated to an arm that is offered supervision."""
    return school.allocation is not None and school.allocation.arm in supervised_arms(design)


def school_totals(design: StudyDefinition, meetings: Sequence[Meeting]) -> SchoolTotals:
    """Count a school's sessions."""
    return SchoolTotals(
        planned=design.sessions.planned,
        offered=sum(each.offered for each in meetings),
        attended=sum(each.attended for each in meetings),
    )


def outcome_of(meeting: Meeting) -> str:
    """Give what happened to a session, as the form names it."""
    if meeting.attended:
        return "attended"
    return "missed" if meeting.offered else "not_offered"


def session_rows(
    design: StudyDefinition, meetings: Iterable[Meeting], outcomes: Mapping[str, str]
) -> list[list[str]]:
    """Give each planned session with its day, its kind and what happened."""
    recorded = {each.number: each for each in meetings}
    rows = []
    for number, planned_on in enumerate(design.sessions.planned_dates(), 1):
        meeting = recorded.get(number)
        rows.append(
            [f"Session {number}", day_in_words(planned_on), "", "Not recorded yet"]
            if meeting is None
            else [
                f"Session {number}",
                day_in_words(meeting.planned_on),
                _models_in_words(meeting.model),
                outcomes[outcome_of(meeting)],
            ]
        )
    return rows


def _models_in_words(models: str) -> str:
    # Where two kinds are delivered at a time, a record may name both.
    words = " and ".join(
        MODELS[model].lower() for model in models.split(" and ") if model in MODELS
    )
    return words[:1].upper() + words[1:]


def model_options(design: StudyDefinition) -> list[dict[str, str]]:
    """Give the kinds of supervision that the study delivers, in the order of its arms."""
    delivered = dict.fromkeys(
        each.model for arm in design.arms for each in arm.delivered if each.model != _NO_SUPERVISION
    )
    return [{"value": model, "label": MODELS[model]} for model in delivered]


def number_options(design: StudyDefinition) -> list[dict[str, int | str]]:
    """Give the sessions that are planned, with their days."""
    return [
        {"value": number, "label": f"Session {number}, {day_in_words(planned_on)}"}
        for number, planned_on in enumerate(design.sessions.planned_dates(), 1)
    ]


def first_unrecorded(design: StudyDefinition, meetings: Iterable[Meeting]) -> int:
    """Give the first session not recorded yet; the last where all are."""
    recorded = {each.number for each in meetings}
    numbers = range(1, design.sessions.planned + 1)
    return next((n for n in numbers if n not in recorded), design.sessions.planned)
