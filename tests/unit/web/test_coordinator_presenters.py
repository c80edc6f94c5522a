from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest

from survey_app.trial.design import StudyDefinition, load_ready_made
from survey_app.trial.errors import RosterFault
from survey_app.trial.meetings import supervised_arms
from survey_app.trial.roster import RosterNote
from survey_app.web.coordinator.forms import OUTCOMES
from survey_app.web.coordinator.presenters import leaving_in_words
from survey_app.web.coordinator.roster_lines import fault_rows, notes_in_words
from survey_app.web.coordinator.session_lines import (
    first_unrecorded,
    meetings_by_key,
    model_options,
    months,
    school_totals,
    session_rows,
)

BASELINE_OPENS = datetime(2019, 9, 16, 11, tzinfo=UTC)


@dataclass
class Meeting:
    number: int
    planned_on: date
    outcome: str
    model: str = "one_to_one"
    part: str = "supervision"
    held_on: date | None = None
    group_name: str = ""
    supervisor: str = ""
    because: str = ""

    @property
    def offered(self) -> bool:
        return self.outcome in ("attended", "missed")

    @property
    def attended(self) -> bool:
        return self.outcome == "attended"


@pytest.fixture
def bolton() -> StudyDefinition:
    return load_ready_made()["bolton-primary"]


@pytest.fixture
def manchester() -> StudyDefinition:
    return load_ready_made()["greater-manchester-secondary"]


def test_faults_stand_under_line_column_and_reason() -> None:
    faults = (
        RosterFault(0, "", "the file is empty"),
        RosterFault(3, "urn", "found 12"),
    )
    assert fault_rows(faults) == [
        ["The file", "", "the file is empty"],
        ["3", "urn", "found 12"],
    ]


def test_many_notes_are_cut_short_and_counted() -> None:
    notes = [RosterNote(n, "one person twice?") for n in range(2, 7)]
    assert notes_in_words(notes)[0] == "Look at line 2: one person twice?"
    assert notes_in_words(notes)[-1] == "There are 2 more lines like this."
    assert len(notes_in_words(notes[:3])) == 3


def test_meetings_planned_and_recorded_stand_in_one_list(bolton: StudyDefinition) -> None:
    meetings = [
        Meeting(1, date(2019, 11, 7), "attended", "one_to_one and group", group_name="North"),
        Meeting(2, date(2019, 12, 6), "cancelled", "none", because="Snow"),
        Meeting(
            3, date(2020, 1, 6), "attended", held_on=date(2020, 1, 9), supervisor="Supervisor 1"
        ),
    ]
    href = {key: f"/{key}" for key in meetings_by_key(bolton)}
    rows = session_rows(bolton, meetings, OUTCOMES, href)
    assert rows[0] == [
        {"text": "Session 1", "href": "/1"},
        "7 November 2019",
        "One to one and group, North",
        "",
        "It was offered and attended",
    ]
    assert rows[1][1:] == ["6 December 2019", "", "", "It was cancelled: Snow"]
    assert rows[2][2:] == [
        "One to one",
        "Supervisor 1",
        "It was offered and attended, on 9 January 2020",
    ]
    assert rows[3][-1] == "Not recorded yet"
    assert rows[-1][0] == {"text": "Visit to the front door", "href": "/front_door_visit-1"}
    assert len(rows) == bolton.sessions.planned + 1
    assert first_unrecorded(bolton, meetings) == 4


def test_the_last_session_is_proposed_when_all_are_recorded(bolton: StudyDefinition) -> None:
    meetings = [
        Meeting(n, date(2019, 11, n), "missed") for n in range(1, bolton.sessions.planned + 1)
    ]
    assert first_unrecorded(bolton, meetings) == bolton.sessions.planned


@pytest.mark.parametrize(
    ("outcomes", "standing"),
    [
        (["attended"] * 4, "Yes"),
        (["attended"] * 3 + ["missed"] * 2, "Not yet"),
        (["missed", "cancelled", "not_offered"], "No"),
        ([], "Not yet"),
    ],
)
def test_a_school_is_a_complier_by_the_plans_rule(
    bolton: StudyDefinition, outcomes: list[str], standing: str
) -> None:
    assert bolton.plan.complier_share == 0.6
    meetings = [Meeting(n, date(2019, 11, n), each) for n, each in enumerate(outcomes, 1)]
    visit = Meeting(1, date(2019, 11, 20), "attended", part="front_door_visit")
    totals = school_totals(bolton, [*meetings, visit])
    assert totals.standing == standing
    assert totals.attended == outcomes.count("attended")


def test_months_hold_what_was_planned_and_the_events_among_it(bolton: StudyDefinition) -> None:
    held = {
        1: [
            Meeting(1, date(2019, 11, 6), "attended"),
            Meeting(2, date(2020, 1, 8), "missed"),
        ]
    }
    shown = months(bolton, held, supervised=[1, 2])
    found = {each.name: (each.planned, each.offered, each.attended) for each in shown}
    assert found["November 2019"] == (2, 1, 1)
    assert found["December 2019"] == (1, 0, 0)
    assert found["January 2020"] == (3, 1, 0)
    assert sum(planned for planned, _, _ in found.values()) == 12
    (march,) = (each for each in shown if each.name == "March 2020")
    assert march.events == ("23 March 2020: First national lockdown in England",)
    assert next(each for each in shown if each.name == "January 2020").widths[0] == "100.0%"
    assert months(bolton, {}, supervised=[]) == []


def test_only_what_the_study_delivers_is_offered(manchester: StudyDefinition) -> None:
    assert supervised_arms(manchester) == {"supervision"}
    assert [each["value"] for each in model_options(manchester)] == ["one_to_one", "group"]


@pytest.mark.parametrize(
    ("at", "keeps_hours", "said"),
    [
        (datetime(2019, 9, 16, 11, tzinfo=UTC), True, "Their letters are on their way."),
        (
            datetime(2019, 9, 20, 18, tzinfo=UTC),
            True,
            "Their letters leave from 23 September 2019 at 08:00, and later where a school is "
            "away.",
        ),
        (datetime(2019, 9, 20, 18, tzinfo=UTC), False, "Their letters are on their way."),
    ],
)
def test_says_when_letters_leave_and_what_keeps_some_back(at, keeps_hours, said):
    design = load_ready_made()["bolton-primary"]
    limit = " A school is sent 4 a day at most, and the rest on the next."
    assert leaving_in_words(design, at=at, keeps_hours=keeps_hours) == said + limit
    unlimited = design.model_copy(
        update={"letters": design.letters.model_copy(update={"most_per_school_per_day": None})}
    )
    assert leaving_in_words(unlimited, at=at, keeps_hours=keeps_hours) == said
