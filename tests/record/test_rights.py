"""Withdrawing and erasing: nothing answered is left anywhere, and who took part still adds up."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from answering import answer, save, start
from looking import counts, events, everything, only, rows
from sqlalchemy import Column, delete, text
from sqlalchemy.exc import DBAPIError
from trials import BY, KEY, ROSTER, Trial

from survey_app.database.base import Base
from survey_app.database.models import (
    Comment,
    Contact,
    HeldPage,
    Invitation,
    Letter,
    Participant,
    Report,
    Response,
    ResponseEvent,
    SessionAttendance,
    Submission,
    SupervisionSession,
    Tombstone,
)
from survey_app.database.queries.invitations import counts_by_wave, visit_by_token
from survey_app.database.queries.people import person_by_code
from survey_app.links import token_hash
from survey_app.operations.coding import add_code, code_comment
from survey_app.operations.enrolment import RosterSummary, import_roster
from survey_app.operations.errors import OperationError
from survey_app.operations.redaction import release_comment
from survey_app.operations.report_requests import claim_report, finish_report, request_report
from survey_app.operations.rights import (
    KEPT_WHEN_ERASED,
    Erased,
    erase_person,
    withdraw_person,
)
from survey_app.operations.submissions import hold_page
from survey_app.operations.turnover import move_person
from survey_app.trial.roster import read_roster

WORDS = "Zebras in the corridor"


def erase(trial: Trial, code: str = "P00001") -> Erased:
    with trial.database.writing() as session:
        person = person_by_code(session, trial.study(session), code)
        assert person is not None
        return erase_person(session, participant=person, key=KEY, by=BY, at=trial.clock())


def withdraw(trial: Trial, code: str = "P00001") -> bool:
    with trial.database.writing() as session:
        person = person_by_code(session, trial.study(session), code)
        assert person is not None
        return withdraw_person(session, participant=person, by=BY, at=trial.clock())


def flow(trial: Trial) -> tuple[int, int, int]:
    with trial.database.reading() as session:
        (wave,) = counts_by_wave(session, trial.study(session))
        return wave.invited, wave.started, wave.submitted


@pytest.fixture
def told(trial: Trial) -> Trial:
    """One person with something in every place where an answer can be, and two others."""
    trial.invite()
    answer(trial, 1, text=WORDS)
    answer(trial, 2, text="Other words")
    start(trial, 3)
    save(trial, "gad7", person=3, values={"gad7_1": 1}, is_draft=True)
    start(trial, 4)
    with trial.database.writing() as session:
        study = trial.study(session)
        given = {"by": BY, "at": trial.clock()}
        code = add_code(session, study=study, label="L", definition="D", **given)
        for comment in session.query(Comment):
            staff = trial.staff_with("redactor")
            release_comment(
                session, comment=comment, redacted=comment.body, staff_id=staff.id, **given
            )
            code_comment(
                session,
                comment=comment,
                code_ids={code.id},
                staff_id=trial.staff_with("researcher").id,
                **given,
            )
        session.add(
            SupervisionSession(
                study_id=study.id,
                school_id=1,
                number=1,
                planned_on=trial.clock().date(),
                outcome="attended",
                model="one_to_one",
                attendances=[SessionAttendance(participant_id=1, attended=True)],
            )
        )
        hold_page(
            session,
            invitation=session.query(Invitation).filter_by(participant_id=1).one(),
            page="gad7",
            posted={"gad7_1": WORDS},
            reason="test",
            at=trial.clock(),
        )
    return trial


def anywhere(trial: Trial, wanted: str) -> set[str]:
    """The tables in which some words stand."""
    return {
        table
        for table, found in everything(trial.database).items()
        if any(wanted in str(cell) for row in found for cell in row)
    }


def test_withdrawing_stops_letters_and_links_and_keeps_what_was_answered(told: Trial):
    token = told.token(1)
    assert withdraw(told)
    assert not withdraw(told)
    with told.database.reading() as session:
        assert visit_by_token(session, token_hash(token)) is None
    assert all(
        letter.revoked_at is not None and letter.state != "waiting"
        for letter in rows(told.database, Letter)
        if letter.invitation_id == 1
    )
    assert anywhere(told, WORDS) >= {"comment", "response_event"}
    assert flow(told) == (10, 3, 2)
    assert len(events(told.database, "person_withdrew")) == 1


def test_erasing_reaches_every_place_where_an_answer_name_or_address_is(told: Trial):
    assert anywhere(told, WORDS) == {"comment", "response_event", "held_page"}
    assert "contact" in anywhere(told, "person1@school1.example")
    erased = erase(told)
    assert erased.comments == 2
    assert erased.held_pages == 1
    assert erased.answers > 20
    assert anywhere(told, WORDS) == set()
    assert anywhere(told, "person1@school1.example") == set()
    assert anywhere(told, "Person 1") == set()
    mine = {s.id for s in rows(told.database, Submission) if s.participant_id == 1}
    assert not mine & {each.submission_id for each in rows(told.database, Response)}
    assert not mine & {each.submission_id for each in rows(told.database, ResponseEvent)}
    assert rows(told.database, HeldPage) == []


def test_erasing_one_person_leaves_everybody_else_as_they_were(told: Trial):
    def of_others() -> list[tuple[int, str, int]]:
        return [
            (each.submission_id, each.item, each.value)
            for each in rows(told.database, Response)
            if each.submission_id != 1
        ]

    before = of_others()
    erase(told)
    assert of_others() == before
    assert {each.body for each in rows(told.database, Comment)} == {"Other words"}


@pytest.mark.parametrize("code", ["P00001", "P00003", "P00004"])
def test_who_took_part_adds_up_after_an_erasure(told: Trial, code: str):
    before = flow(told)
    erase(told, code)
    assert flow(told) == before
    person = next(p for p in rows(told.database, Participant) if p.code == code)
    assert person.withdrawn_at is not None


def test_history_can_go_only_with_its_erasure(told: Trial):
    for statement in (delete(ResponseEvent), text("UPDATE response_event SET value = 0")):
        with pytest.raises(DBAPIError), told.database.writing() as session:
            session.execute(statement)
    erase(told)
    with pytest.raises(DBAPIError), told.database.writing() as session:
        session.execute(delete(ResponseEvent))


def test_erasing_twice_is_refused_and_changes_nothing(told: Trial):
    erase(told)
    before = everything(told.database)
    with pytest.raises(OperationError, match="erased already"):
        erase(told)
    assert everything(told.database) == before


def test_after_the_last_day_answers_are_locked(told: Trial):
    told.clock.noon_on(told.definition.wave("follow_up").closes_on)
    erase(told, "P00002")
    told.clock.noon_on(told.definition.wave("follow_up").closes_on + timedelta(days=1))
    before = everything(told.database)
    with pytest.raises(OperationError, match="until 17 July 2020"):
        erase(told)
    assert everything(told.database) == before
    assert withdraw(told)


def make_report(trial: Trial, at: date | None = None) -> int:
    with trial.database.writing() as session:
        request_report(session, study=trial.study(session), by=BY, at=trial.clock())
        report_id = claim_report(session, by=BY, at=trial.clock())
        assert report_id is not None
        finish_report(
            session,
            report=session.get_one(Report, report_id),
            html=b"<p>figures</p>",
            pdf=b"%PDF-figures",
            pdf_missing_because="",
            masked=True,
            by=BY,
            at=trial.clock(),
        )
        return report_id


def test_reports_that_rest_on_the_answers_are_destroyed_and_one_takes_their_place(told: Trial):
    make_report(told)
    assert erase(told).reports_destroyed == 1
    old, new = rows(told.database, Report)
    with told.database.reading() as session:
        found = session.get_one(Report, old.id)
        assert (found.html, found.pdf) == (None, None)
    assert old.state == "destroyed"
    assert old.destroyed_at == told.clock()
    assert len(old.html_sha256 or "") == len(old.pdf_sha256 or "") == 64
    assert new.state == "waiting"


def test_a_report_made_before_the_person_answered_stays(trial: Trial):
    trial.invite()
    make_report(trial)
    trial.clock.move(hours=1)
    answer(trial, 1)
    assert erase(trial).reports_destroyed == 0
    assert only(trial.database, Report).state == "ready"


def test_a_report_being_made_meanwhile_is_thrown_away_and_begun_again(told: Trial):
    with told.database.writing() as session:
        request_report(session, study=told.study(session), by=BY, at=told.clock())
        report_id = claim_report(session, by=BY, at=told.clock())
    erase(told)
    with told.database.writing() as session:
        finish_report(
            session,
            report=session.get_one(Report, report_id),
            html=b"stale",
            pdf=None,
            pdf_missing_because="",
            masked=True,
            by=BY,
            at=told.clock(),
        )
    assert only(told.database, Report).state == "waiting"


def import_again(trial: Trial) -> RosterSummary:
    roster = read_roster(ROSTER, phases=trial.definition.study.phases)
    with trial.database.writing() as session:
        return import_roster(
            session, study=trial.study(session), rows=roster.rows, key=KEY, by=BY, at=trial.clock()
        )


def test_a_roster_does_not_bring_back_whoever_was_erased(told: Trial):
    erase(told)
    summary = import_again(told)
    assert (summary.people_added, summary.people_unchanged) == (0, 10)
    assert "was erased and was not brought back" in summary.notes[0].message
    assert "person1@school1.example" not in {c.email for c in rows(told.database, Contact)}
    assert len(only(told.database, Tombstone).address_hash) == 64


def test_every_record_of_one_person_is_erased(told: Trial):
    told.randomise()
    with told.database.writing() as session:
        study = told.study(session)
        person = person_by_code(session, study, "P00001")
        arm = person.school.allocation.arm
        to = next(
            p.school
            for p in session.query(Participant)
            if p.school.allocation and p.school.allocation.arm != arm
        )
        moved = move_person(
            session, participant=person, to=to, on=told.clock().date(), by=BY, at=told.clock()
        ).code
    erase(told, moved)
    assert anywhere(told, WORDS) == set()
    assert anywhere(told, "Person 1") == set()
    erased = [p.code for p in rows(told.database, Participant) if p.erased_at is not None]
    assert erased == ["P00001", moved]


ERASED = {
    "session_attendance",
    "coding",
    "comment",
    "contact",
    "held_page",
    "page_window",
    "response",
    "response_event",
}
OF_PEOPLE = {"participant", "invitation", "submission", "comment", "letter"}


def leads_to_a_person(column: Column) -> bool:
    return any(key.column.table.name in OF_PEOPLE for key in column.foreign_keys)


def test_every_table_that_says_something_of_a_person_is_erased_or_said_to_stay(told: Trial):
    of_people = {
        table.name
        for table in Base.metadata.sorted_tables
        if any(leads_to_a_person(column) for column in table.columns)
    }
    assert of_people == ERASED | set(KEPT_WHEN_ERASED)
    before = counts(told.database)
    erase(told)
    after = counts(told.database)
    assert all(after[table] < before[table] for table in ERASED - {"page_window"})
    assert all(after[table] == before[table] for table in KEPT_WHEN_ERASED)
