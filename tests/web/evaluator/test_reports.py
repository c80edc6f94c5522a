from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from rooms import STUDY, actor_of, assert_open_only_to, events, text_of_page
from sqlalchemy import func, select
from trials import Trial

from survey_app.database.models import Report
from survey_app.operations.report_requests import (
    claim_report,
    fail_report,
    finish_report,
    request_report,
)
from survey_app.web import waking
from survey_app.web.headers import REPORT_POLICY

PATH = f"{STUDY}/reports"
HTML = "<!doctype html><style>p { color: navy }</style><p>Figures by arm – A and B.</p>".encode()
PDF = b"%PDF-1.7 pages"


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch, trial: Trial) -> list[tuple[str, int]]:
    """The tasks the worker was woken for, each with how many reports were on record by then."""
    calls: list[tuple[str, int]] = []
    monkeypatch.setattr(waking, "wake", lambda _, task: calls.append((task, n_reports(trial))))
    return calls


def n_reports(trial: Trial) -> int:
    with trial.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Report)) or 0


def ask(trial: Trial) -> int:
    with trial.database.writing() as session:
        return request_report(
            session,
            study=trial.study(session),
            by=actor_of(trial, "evaluator"),
            at=trial.clock(),
        ).id


def finish(trial: Trial, report_id: int, *, pdf: bytes | None = PDF, masked: bool = True) -> None:
    with trial.database.writing() as session:
        # Taken by a worker, unless the test has done that.
        claim_report(session, by="worker", at=trial.clock())
        finish_report(
            session,
            report=session.get_one(Report, report_id),
            html=HTML,
            pdf=pdf,
            pdf_missing_because="" if pdf else "WeasyPrint is not installed.",
            masked=masked,
            by="worker",
            at=trial.clock(),
        )


@pytest.fixture
def made(trial: Trial) -> int:
    report_id = ask(trial)
    finish(trial, report_id)
    return report_id


def test_is_open_to_evaluators_only(client: FlaskClient, sign_in_as, made: int) -> None:
    assert_open_only_to(
        ["evaluator"],
        pages=[PATH, f"{PATH}/{made}", f"{PATH}/{made}/pdf"],
        posts=[PATH],
        client=client,
        sign_in_as=sign_in_as,
    )


def test_asks_for_a_report_and_wakes_the_worker_after_the_commit(
    sign_in_as, trial: Trial, woken: list[tuple[str, int]]
) -> None:
    browser = sign_in_as("evaluator")
    with browser.post(PATH) as answer:
        assert (answer.status_code, answer.location) == (303, PATH)
    assert woken == [("make_reports", 1)]
    assert [e.by for e in events(trial, "report_requested")] == [actor_of(trial, "evaluator")]


def test_a_report_that_waits_is_not_asked_for_twice(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("evaluator")
    for _ in range(2):
        browser.post(PATH).close()
    assert n_reports(trial) == 1


def test_offers_to_look_again_while_a_report_is_being_made(sign_in_as, trial: Trial) -> None:
    report_id = ask(trial)
    browser = sign_in_as("evaluator")
    waiting = browser.get(PATH).text
    assert "See whether it is ready" in text_of_page(waiting)
    # A page that loads itself again takes the place from whoever reads it slowly or aloud.
    assert "http-equiv" not in waiting
    finish(trial, report_id)
    assert "See whether it is ready" not in browser.get(PATH).text


def test_lists_reports_with_their_state_in_words(sign_in_as, made: int) -> None:
    page = sign_in_as("evaluator").get(PATH).text
    shown = text_of_page(page)
    assert "Report 1, asked for on 16 September 2019 at 12:00 by Evaluator" in shown
    assert "Ready Made on 16 September 2019 at 12:00. The arms are shown as A and B." in shown
    assert f'href="{PATH}/{made}"' in page
    assert f'href="{PATH}/{made}/pdf"' in page


def test_says_why_a_report_could_not_be_made(sign_in_as, trial: Trial) -> None:
    report_id = ask(trial)
    with trial.database.writing() as session:
        fail_report(
            session,
            report=session.get_one(Report, report_id),
            because="The schools are not randomised yet.",
            by="worker",
            at=trial.clock(),
        )
    page = sign_in_as("evaluator").get(PATH).text
    assert "Could not be made The schools are not randomised yet." in text_of_page(page)
    assert f'href="{PATH}/{report_id}"' not in page


def test_says_why_there_is_no_pdf(sign_in_as, trial: Trial) -> None:
    report_id = ask(trial)
    finish(trial, report_id, pdf=None)
    browser = sign_in_as("evaluator")
    page = browser.get(PATH).text
    assert "There is no PDF: WeasyPrint is not installed." in text_of_page(page)
    assert f'href="{PATH}/{report_id}/pdf"' not in page
    assert browser.get(f"{PATH}/{report_id}/pdf").status_code == 404


def test_shows_the_plan_in_words(sign_in_as, trial: Trial) -> None:
    shown = text_of_page(sign_in_as("evaluator").get(PATH).text)
    assert (
        "Primary outcome: Anxiety (GAD-7) (gad7_total) at the wave “After supervision”, adjusted "
        "for the same score at the wave “Before supervision”." in shown
    )
    assert "Arms are compared by a linear regression of the outcome on arm" in shown


def test_shows_the_report_as_it_was_made(sign_in_as, made: int) -> None:
    answer = sign_in_as("evaluator").get(f"{PATH}/{made}")
    assert answer.data == HTML
    assert answer.content_type == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"] == REPORT_POLICY
    assert answer.headers["Cache-Control"] == "no-store"


def test_gives_the_pdf_under_a_sober_name(sign_in_as, made: int) -> None:
    answer = sign_in_as("evaluator").get(f"{PATH}/{made}/pdf")
    assert answer.data == PDF
    assert answer.content_type == "application/pdf"
    assert answer.headers["Content-Disposition"] == (
        f"attachment; filename=bolton-primary-report-{made}.pdf"
    )


def test_a_report_not_ready_or_unknown_is_not_found(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("evaluator")
    for report_id in (ask(trial), 99):
        assert browser.get(f"{PATH}/{report_id}").status_code == 404
        assert browser.get(f"{PATH}/{report_id}/pdf").status_code == 404
