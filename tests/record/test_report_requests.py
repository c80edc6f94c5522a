"""Reports are asked for one at a time, claimed under a lease, and end made or failed."""

from __future__ import annotations

import pytest
from looking import events, only, rows
from trials import Trial

from survey_app.database.models import Report
from survey_app.database.queries.reports import report_with_documents, reports_of
from survey_app.operations.report_requests import (
    LEASE,
    MOST_ATTEMPTS,
    claim_report,
    fail_report,
    finish_report,
    request_report,
)


def ask(trial: Trial) -> int:
    with trial.database.writing() as session:
        return request_report(
            session, study=trial.study(session), by="staff:4", at=trial.clock()
        ).id


def claim(trial: Trial) -> int | None:
    with trial.database.writing() as session:
        return claim_report(session, by="worker", at=trial.clock())


def finish(trial: Trial, report_id: int, pdf: bytes | None = b"%PDF") -> None:
    with trial.database.writing() as session:
        finish_report(
            session,
            report=session.get_one(Report, report_id),
            html=b"<p>\xf0\x9f\x98\xab",
            pdf=pdf,
            pdf_missing_because="" if pdf else "No Pango.",
            masked=True,
            by="worker",
            at=trial.clock(),
        )


def fail(trial: Trial, report_id: int) -> None:
    with trial.database.writing() as session:
        report = session.get_one(Report, report_id)
        fail_report(session, report=report, because="Broken.", by="worker", at=trial.clock())


def test_a_report_asked_for_waits(trial: Trial):
    ask(trial)
    report = only(trial.database, Report)
    assert (report.state, report.requested_by, report.masked) == ("waiting", "staff:4", None)
    assert len(events(trial.database, "report_requested")) == 1


def test_asking_while_one_is_pending_gives_that_one(trial: Trial):
    first = ask(trial)
    assert ask(trial) == first
    claim(trial)
    assert ask(trial) == first
    assert len(events(trial.database, "report_requested")) == 1


@pytest.mark.parametrize("end", [finish, fail])
def test_once_it_ended_another_may_be_asked_for(trial: Trial, end):
    first = ask(trial)
    claim(trial)
    end(trial, first)
    assert ask(trial) != first


def test_a_report_is_claimed_once_under_its_lease(trial: Trial):
    report_id = ask(trial)
    assert claim(trial) == report_id
    assert claim(trial) is None
    trial.clock.move(seconds=LEASE.total_seconds() + 1)
    assert claim(trial) == report_id


def test_a_report_that_three_workers_died_of_is_given_up(trial: Trial):
    report_id = ask(trial)
    for _ in range(MOST_ATTEMPTS):
        assert claim(trial) == report_id
        trial.clock.move(seconds=LEASE.total_seconds() + 1)
    assert claim(trial) is None
    report = only(trial.database, Report)
    assert (report.state, report.error) == ("failed", "It was begun 3 times and never finished.")


def test_nothing_asked_for_is_nothing_to_claim(trial: Trial):
    assert claim(trial) is None


def test_a_made_report_is_kept_with_its_documents(trial: Trial):
    report_id = ask(trial)
    claim(trial)
    finish(trial, report_id)
    with trial.database.reading() as session:
        report = report_with_documents(session, trial.study(session), report_id)
    assert report is not None
    assert (report.html, report.pdf) == (b"<p>\xf0\x9f\x98\xab", b"%PDF")
    assert (report.state, report.masked, report.error) == ("ready", True, "")
    assert report.lease_until is None
    assert len(events(trial.database, "report_made")) == 1


def test_a_report_without_a_pdf_says_why(trial: Trial):
    report_id = ask(trial)
    assert claim(trial) == report_id
    finish(trial, report_id, pdf=None)
    assert only(trial.database, Report).error == "No Pango."


def test_a_failed_report_says_why(trial: Trial):
    report_id = ask(trial)
    claim(trial)
    fail(trial, report_id)
    report = only(trial.database, Report)
    assert (report.state, report.error) == ("failed", "Broken.")
    assert claim(trial) is None
    assert len(events(trial.database, "report_failed")) == 1


def test_reports_are_listed_newest_first_and_found_in_their_study_only(trial: Trial):
    first = ask(trial)
    fail(trial, first)
    second = ask(trial)
    with trial.database.reading() as session:
        study = trial.study(session)
        assert [report.id for report in reports_of(session, study)] == [second, first]
        assert report_with_documents(session, study, 999) is None
    assert len(rows(trial.database, Report)) == 2
