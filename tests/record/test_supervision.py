"""Meetings of a school are recorded, corrected, called off, marked together and imported."""

from __future__ import annotations

from datetime import date

import pytest
from looking import events, only, rows
from sqlalchemy import select
from trials import BY, Trial

from survey_app.database.models import (
    Allocation,
    Participant,
    School,
    SessionAttendance,
    SupervisionSession,
)
from survey_app.database.queries.schools import school_by_urn
from survey_app.database.queries.supervision import (
    attendance_by_person,
    schools_with_sessions,
    sessions_by_school,
)
from survey_app.operations.merging import merge_people
from survey_app.operations.supervision import (
    Marked,
    MeetingError,
    SessionsSummary,
    import_sessions,
    mark_sessions,
    record_session,
)
from survey_app.trial.errors import RosterError
from survey_app.trial.meetings import MeetingFacts
from survey_app.trial.sessions_file import read_sessions

DAY = date(2019, 11, 6)
FACTS = {
    "part": "supervision",
    "number": 1,
    "planned_on": DAY,
    "outcome": "attended",
    "model": "one_to_one",
}


@pytest.fixture(autouse=True)
def later(trial: Trial) -> None:
    """Every session of the study has had its day."""
    trial.randomise()
    trial.clock.noon_on(date(2020, 6, 1))


def record(trial: Trial, *, urn: str = "100001", came=(), **changes) -> None:
    with trial.database.writing() as session:
        school = school_by_urn(session, trial.study(session), urn)
        assert school is not None
        facts = MeetingFacts(**FACTS | changes)
        record_session(session, school=school, facts=facts, came=came, by=BY, at=trial.clock())


def import_file(trial: Trial, text: str) -> SessionsSummary:
    with trial.database.writing() as session:
        study = trial.study(session)
        found = read_sessions(
            text.encode(), definition=trial.definition, today=trial.clock().date()
        )
        return import_sessions(session, study=study, rows=found, by=BY, at=trial.clock())


def people_of(trial: Trial, urn: str) -> list[int]:
    with trial.database.reading() as session:
        return list(
            session.scalars(
                select(Participant.id)
                .join(School)
                .where(School.urn == urn)
                .order_by(Participant.id)
            )
        )


def urn_of(trial: Trial, arm: str, place: int = 0) -> str:
    with trial.database.reading() as session:
        return session.scalars(
            select(School.urn).join(Allocation).where(Allocation.arm == arm).order_by(School.urn)
        ).all()[place]


def test_a_session_is_recorded(trial: Trial):
    record(trial, outcome="missed", supervisor="Supervisor 1", group="North")
    meeting = only(trial.database, SupervisionSession)
    assert (meeting.number, meeting.planned_on, meeting.held_on) == (1, DAY, None)
    assert (meeting.offered, meeting.attended, meeting.model) == (True, False, "one_to_one")
    assert (meeting.supervisor, meeting.group_name) == ("Supervisor 1", "North")
    assert [e.detail for e in events(trial.database, "session_recorded")] == [{"number": 1}]


def test_recording_it_again_corrects_it(trial: Trial):
    record(trial, outcome="missed")
    record(trial, planned_on=date(2019, 11, 13), held_on=date(2019, 11, 20))
    meeting = only(trial.database, SupervisionSession)
    assert (meeting.attended, meeting.planned_on) == (True, date(2019, 11, 13))
    assert meeting.held_on == date(2019, 11, 20)
    assert len(events(trial.database, "session_recorded")) == 2


def test_a_cancelled_session_keeps_its_reason(trial: Trial):
    record(trial, outcome="cancelled", model="", because="The supervisor was ill")
    meeting = only(trial.database, SupervisionSession)
    assert (meeting.offered, meeting.model) == (False, "none")
    assert meeting.because == "The supervisor was ill"
    (event,) = events(trial.database, "meeting_cancelled")
    assert event.detail["because"] == "The supervisor was ill"


def test_another_part_of_the_intervention_is_no_session(trial: Trial):
    record(trial)
    record(trial, part="front_door_visit", model="")
    assert {m.part for m in rows(trial.database, SupervisionSession)} == {
        "supervision",
        "front_door_visit",
    }
    (event,) = events(trial.database, "meeting_recorded")
    assert event.detail == {"part": "Visit to the front door", "number": 1}


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"outcome": "cancelled", "model": ""}, ["because"]),
        ({"model": ""}, ["model"]),
        ({"planned_on": date(2020, 6, 2)}, ["planned_on"]),
        ({"held_on": date(2020, 6, 2)}, ["held_on"]),
        ({"outcome": "missed", "held_on": DAY}, ["held_on"]),
        ({"number": 7}, ["number"]),
        ({"part": "lunch"}, ["part"]),
        ({"part": "front_door_visit", "number": 2}, ["number"]),
        ({"came": [999]}, ["came"]),
        ({"number": 0, "model": ""}, ["number", "model"]),
    ],
)
def test_what_cannot_be_is_refused_with_every_fault(trial: Trial, changes, fields):
    with pytest.raises(MeetingError) as refused:
        record(trial, **changes)
    assert [field for field, _ in refused.value.faults] == fields
    assert rows(trial.database, SupervisionSession) == []


def test_who_came_is_known_where_a_school_has_one_person(trial: Trial):
    record(trial, urn="100003")
    (person,) = people_of(trial, "100003")
    came = only(trial.database, SessionAttendance)
    assert (came.participant_id, came.attended) == (person, True)


def test_of_several_people_those_who_came_are_told_from_those_who_did_not(trial: Trial):
    lead, deputy = people_of(trial, "100001")
    record(trial, came=[deputy])
    record(trial, number=2, outcome="missed")
    record(trial, number=3)
    with trial.database.reading() as session:
        school = school_by_urn(session, trial.study(session), "100001")
        assert school is not None
        assert attendance_by_person(session, school) == {lead: (2, 0), deputy: (2, 1)}
    record(trial, outcome="not_offered", model="")
    assert {a.attended for a in rows(trial.database, SessionAttendance)} == {False}


def test_whoever_had_left_was_not_offered_the_session(trial: Trial):
    lead, deputy = people_of(trial, "100001")
    with trial.database.writing() as session:
        session.get_one(Participant, lead).left_on = date(2020, 1, 1)
    record(trial)
    record(trial, number=4, planned_on=date(2020, 2, 6))
    found = rows(trial.database, SessionAttendance)
    assert [(a.participant_id, a.attended) for a in found] == [(deputy, True)]


def test_two_records_of_one_person_attended_what_either_did(trial: Trial):
    lead, deputy = people_of(trial, "100001")
    record(trial, came=[deputy])
    record(trial, number=2, outcome="missed")
    with trial.database.writing() as session:
        kept, other = (session.get_one(Participant, each) for each in (lead, deputy))
        merge_people(session, kept=kept, other=other, by=BY, at=trial.clock())
    found = rows(trial.database, SessionAttendance)
    assert sorted((a.participant_id, a.attended) for a in found) == [(lead, False), (lead, True)]


def test_sessions_are_found_by_school_in_order(trial: Trial):
    for number in (2, 1):
        record(trial, number=number)
    record(trial, urn="100002")
    with trial.database.reading() as session:
        found = sessions_by_school(session, trial.study(session))
    assert sorted([m.number for m in meetings] for meetings in found.values()) == [[1], [1, 2]]


def test_many_are_marked_at_once_and_leave_one_event(trial: Trial):
    with trial.database.writing() as session:
        study = trial.study(session)
        schools = schools_with_sessions(session, study, arms={"supervision"})
        marks = [Marked(school, MeetingFacts(**FACTS)) for school in schools]
        assert mark_sessions(session, study=study, marks=marks, by=BY, at=trial.clock()) == 4
    assert len(rows(trial.database, SupervisionSession)) == 4
    (event,) = events(trial.database, "sessions_marked")
    assert event.detail == {"sessions": 4, "attended": 4}


def test_where_one_mark_cannot_be_none_is_written(trial: Trial):
    with trial.database.writing() as session:
        study = trial.study(session)
        schools = schools_with_sessions(session, study, arms={"supervision"})
        marks = [
            Marked(school, MeetingFacts(**FACTS | {"number": number}))
            for number, school in enumerate(schools, 5)
        ]
        with pytest.raises(MeetingError) as refused:
            mark_sessions(session, study=study, marks=marks, by=BY, at=trial.clock())
    assert len(refused.value.faults) == 2
    assert rows(trial.database, SupervisionSession) == []


def test_a_file_adds_and_the_same_again_changes_nothing(trial: Trial):
    one, two = urn_of(trial, "supervision"), urn_of(trial, "supervision", 1)
    text = (
        "urn,part,session,outcome,supervisor,group\n"
        f"{one},,1,attended,Supervisor 1,North\n"
        f"{two},,1,not attended,Supervisor 1,North\n"
        f"{one},Visit to the front door,1,attended,,\n"
    )
    assert import_file(trial, text) == SessionsSummary(3, 0, 0)
    assert import_file(trial, text) == SessionsSummary(0, 0, 3)
    changed = text.replace("not attended", "attended")
    assert import_file(trial, changed) == SessionsSummary(0, 1, 2)
    assert len(rows(trial.database, SupervisionSession)) == 3
    assert [e.detail for e in events(trial.database, "sessions_imported")][-1] == {
        "added": 0,
        "updated": 1,
        "unchanged": 2,
    }


def test_a_file_says_who_came_by_address(trial: Trial):
    text = "urn,session,outcome,attended_by\n100001,1,attended,deputy1@school1.example\n"
    import_file(trial, text)
    lead, deputy = people_of(trial, "100001")
    found = {a.participant_id: a.attended for a in rows(trial.database, SessionAttendance)}
    assert found == {lead: False, deputy: True}
    assert import_file(trial, text).unchanged == 1


def test_supervision_outside_its_arm_is_taken_and_told(trial: Trial):
    urn = urn_of(trial, "usual_support")
    summary = import_file(trial, f"urn,session,outcome\n{urn},1,attended\n")
    (note,) = summary.notes
    assert "is not allocated to supervision" in note
    with trial.database.reading() as session:
        listed = schools_with_sessions(session, trial.study(session), arms={"supervision"})
        assert urn in {school.urn for school in listed}


def test_a_file_with_strangers_is_refused_whole(trial: Trial):
    text = (
        "urn,session,outcome,attended_by\n"
        "100001,1,attended,person3@school3.example\n"
        "999999,1,attended,\n"
        "100009,1,attended,\n"
        "100002,1,attended,\n"
    )
    with pytest.raises(RosterError) as refused:
        import_file(trial, text)
    assert [(f.line, f.column) for f in refused.value.faults] == [
        (2, "attended_by"),
        (3, "urn"),
        (4, "urn"),
    ]
    assert rows(trial.database, SupervisionSession) == []
