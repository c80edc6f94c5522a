"""Supervision sessions of a school are recorded, and corrected."""

from __future__ import annotations

from datetime import date

import pytest
from looking import events, only, rows
from trials import BY, Trial

from survey_app.database.models import SupervisionSession
from survey_app.database.queries.schools import school_by_urn, sessions_by_school
from survey_app.operations.errors import OperationError
from survey_app.operations.supervision import record_session


def record(trial: Trial, number: int = 1, *, urn: str = "100001", **changes) -> None:
    facts = {
        "planned_on": date(2019, 11, 6),
        "offered": True,
        "attended": True,
        "model": "one_to_one",
        **changes,
    }
    with trial.database.writing() as session:
        school = school_by_urn(session, trial.study(session), urn)
        assert school is not None
        record_session(session, school=school, number=number, by=BY, at=trial.clock(), **facts)


def test_a_session_is_recorded(trial: Trial):
    record(trial, attended=False)
    meeting = only(trial.database, SupervisionSession)
    assert (meeting.number, meeting.planned_on) == (1, date(2019, 11, 6))
    assert (meeting.offered, meeting.attended, meeting.model) == (True, False, "one_to_one")
    assert [e.detail for e in events(trial.database, "session_recorded")] == [{"number": 1}]


def test_recording_it_again_corrects_it(trial: Trial):
    record(trial, attended=False)
    record(trial, attended=True, planned_on=date(2019, 11, 13))
    meeting = only(trial.database, SupervisionSession)
    assert (meeting.attended, meeting.planned_on) == (True, date(2019, 11, 13))
    assert len(events(trial.database, "session_recorded")) == 2


def test_what_was_not_offered_cannot_have_been_attended(trial: Trial):
    with pytest.raises(OperationError, match="not offered"):
        record(trial, offered=False, attended=True)
    assert rows(trial.database, SupervisionSession) == []


def test_sessions_are_found_by_school_in_order(trial: Trial):
    for number in (2, 1):
        record(trial, number)
    record(trial, 1, urn="100002")
    with trial.database.reading() as session:
        found = sessions_by_school(session, trial.study(session))
    assert sorted([m.number for m in meetings] for meetings in found.values()) == [[1], [1, 2]]
