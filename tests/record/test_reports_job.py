"""Reports asked for are made one after the other, while the record stays free for others."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import undefer
from trials import BY, Trial

from reports.errors import EstimationError
from survey_app.database.models import Report, Study
from survey_app.jobs.reports import make_reports
from survey_app.operations.report_requests import LEASE, claim_report, request_report

DOCUMENT = SimpleNamespace(html=b"<p>report</p>", pdf=b"%PDF", pdf_missing_because="", masked=True)


@pytest.fixture
def asked(trial: Trial) -> Trial:
    ask(trial)
    return trial


def ask(trial: Trial) -> None:
    with trial.database.writing() as session:
        request_report(session, study=trial.study(session), by=BY, at=trial.clock())


def newest(trial: Trial) -> Report:
    with trial.database.reading() as session:
        return session.scalars(
            select(Report)
            .order_by(Report.id.desc())
            .options(undefer(Report.html), undefer(Report.pdf))
        ).first()


def make(trial: Trial, document=lambda *_, **__: DOCUMENT) -> int:
    return make_reports(trial.database, clock=trial.clock, make=document)


def test_a_report_asked_for_is_made_and_put_on_record(asked):
    assert make(asked) == 1
    report = newest(asked)
    assert (report.state, report.html, report.pdf) == ("ready", DOCUMENT.html, DOCUMENT.pdf)
    assert report.masked is True
    assert report.finished_at == asked.clock()
    assert make(asked) == 0


def test_nothing_is_made_that_nobody_asked_for(trial):
    assert make(trial) == 0


def test_the_record_takes_answers_while_a_report_is_made(asked):
    def writes_meanwhile(session, *, study, at):
        with asked.database.writing() as other:
            other.get_one(Study, study.id).unmasked_because = "written meanwhile"
        return DOCUMENT

    assert make(asked, writes_meanwhile) == 1
    assert newest(asked).state == "ready"


def test_making_a_report_cannot_change_the_record(asked):
    def writes(session, *, study, at):
        study.unmasked_because = "changed by a report"
        with pytest.raises(DBAPIError):
            session.flush()
        session.rollback()
        return DOCUMENT

    make(asked, writes)
    with asked.database.reading() as session:
        assert asked.study(session).unmasked_because is None


def test_a_report_that_cannot_be_made_says_why(asked):
    def cannot(session, *, study, at):
        raise EstimationError("There is one school in arm B; expected at least two.")

    assert make(asked, cannot) == 1
    report = newest(asked)
    assert report.state == "failed"
    assert report.error == "There is one school in arm B; expected at least two."


def test_a_fault_in_the_program_is_told_without_its_words(asked, caplog):
    def breaks(session, *, study, at):
        raise KeyError("person1@school1.example")

    make(asked, breaks)
    report = newest(asked)
    assert report.state == "failed"
    assert f"report {report.id}" in report.error
    assert "person1@" not in report.error + caplog.text
    assert "in breaks" in caplog.text


def test_a_failed_report_stops_none_behind_it(asked):
    def breaks_then_works(session, *, study, at):
        if newest(asked).state == "making" and newest(asked).id == 1:
            ask_again()
            raise EstimationError("No.")
        return DOCUMENT

    def ask_again() -> None:
        with asked.database.writing() as session:
            session.add(
                Report(
                    study_id=asked.study(session).id,
                    requested_by=BY,
                    requested_at=asked.clock(),
                    state="waiting",
                )
            )

    assert make(asked, breaks_then_works) == 2
    assert newest(asked).state == "ready"


def test_a_report_whose_worker_died_is_made_after_its_lease(asked):
    with asked.database.writing() as session:
        claim_report(session, by="worker", at=asked.clock())
    assert make(asked) == 0
    asked.clock.move(seconds=LEASE.total_seconds() + 1)
    assert make(asked) == 1
    assert newest(asked).state == "ready"


def test_told_to_stop_it_begins_no_report(asked):
    assert make_reports(asked.database, clock=asked.clock, stopping=lambda: True) == 0
    assert newest(asked).state == "waiting"
