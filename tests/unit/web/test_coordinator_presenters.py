from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest

from survey_app.trial.design import StudyDefinition, load_ready_made
from survey_app.trial.errors import RosterFault
from survey_app.trial.roster import RosterNote
from survey_app.web.coordinator.forms import OUTCOMES
from survey_app.web.coordinator.presenters import leaving_in_words
from survey_app.web.coordinator.roster_lines import fault_rows, notes_in_words
from survey_app.web.coordinator.session_lines import (
    first_unrecorded,
    model_options,
    school_totals,
    session_rows,
    supervised_arms,
)

BASELINE_OPENS = datetime(2019, 9, 16, 11, tzinfo=UTC)


@dataclass
class Meeting:
    number: int
    planned_on: date
    offered: bool
    attended: bool
    model: str


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


def test_sessions_planned_and_recorded_stand_in_one_list(bolton: StudyDefinition) -> None:
    meetings = [
        Meeting(1, date(2019, 11, 7), True, True, "one_to_one and group"),
        Meeting(2, date(2019, 12, 6), False, False, "none"),
    ]
    rows = session_rows(bolton, meetings, OUTCOMES)
    assert rows[0] == [
        "Session 1",
        "7 November 2019",
        "One to one and group",
        "It was offered and attended",
    ]
    assert rows[1] == ["Session 2", "6 December 2019", "", "It was not offered"]
    assert rows[2][-1] == "Not recorded yet"
    assert len(rows) == bolton.sessions.planned
    assert school_totals(bolton, meetings).offered == 1
    assert first_unrecorded(bolton, meetings) == 3


def test_the_last_session_is_proposed_when_all_are_recorded(bolton: StudyDefinition) -> None:
    meetings = [
        Meeting(n, date(2019, 11, n), True, False, "one_to_one")
        for n in range(1, bolton.sessions.planned + 1)
    ]
    assert first_unrecorded(bolton, meetings) == bolton.sessions.planned


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
