from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from looking import everything, only, rows
from rooms import STUDY, actor_of, assert_open_only_to, text_of_page
from trials import Trial

from survey_app.database.models import Rehearsal
from survey_app.jobs.rehearsals import Rehearsed, make_rehearsals
from survey_app.web import waking

PATH = f"{STUDY}/rehearsals"
FIGURES = {
    "waves": [["Before supervision", 10, 6, 5]],
    "schools": 8,
    "people": 10,
    "letters": 30,
    "bounced": 1,
    "scanned": 9,
    "pressed": 2,
}


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    calls: list[str] = []
    monkeypatch.setattr(waking, "wake", lambda _settings, task: calls.append(task))
    return calls


def live(trial: Trial, pdf: bytes | None = b"%PDF") -> None:
    because = "" if pdf else "Pango is missing."

    def rehearse(_session, **_more):
        return lambda _say: Rehearsed(FIGURES, b"<h1>REHEARSAL</h1>", pdf, because)

    assert make_rehearsals(trial.database, clock=trial.clock, rehearse=rehearse) == 1


def test_is_open_to_the_coordinator_alone(client: FlaskClient, sign_in_as) -> None:
    assert_open_only_to(
        ["coordinator"], pages=[PATH], posts=[PATH], client=client, sign_in_as=sign_in_as
    )


def test_says_that_nothing_is_real_before_anything_else(sign_in_as) -> None:
    page = sign_in_as("coordinator").get(PATH).text
    assert "<title>Rehearsals, nothing here is real" in page
    shown = text_of_page(page)
    assert shown.startswith("Rehearsals Nothing on this page is real.")
    assert "the schools on the roster, with invented people in them" in shown
    assert "has not been rehearsed yet" in shown


def test_one_is_asked_for_with_a_seed_and_the_worker_woken(
    sign_in_as, trial: Trial, woken: list[str]
) -> None:
    browser = sign_in_as("coordinator")
    answer = browser.post(PATH, data={"seed": "spring"})
    assert (answer.status_code, answer.location) == (303, PATH)
    answer.close()
    assert woken == ["make_rehearsals"]
    found = only(trial.database, Rehearsal)
    assert (found.seed, found.requested_by) == ("spring", actor_of(trial, "coordinator"))
    shown = text_of_page(browser.get(PATH).text)
    assert "Waiting It begins next. Its seed is spring." in shown
    assert "See how far it is" in shown


def test_without_a_seed_one_is_drawn(sign_in_as, trial: Trial) -> None:
    sign_in_as("coordinator").post(PATH, data={"seed": " "})
    assert len(only(trial.database, Rehearsal).seed) == 16


def test_a_seed_that_is_too_long_is_refused(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("coordinator")
    before = everything(trial.database)
    answer = browser.post(PATH, data={"seed": "x" * 101})
    assert answer.status_code == 422
    assert "The seed must be 100 characters or fewer" in text_of_page(answer.text)
    assert everything(trial.database) == before


def test_one_that_is_ready_is_read_as_a_page_and_as_a_pdf(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("coordinator")
    browser.post(PATH, data={"seed": "s"})
    assert browser.get(f"{PATH}/1").status_code == 404
    live(trial)
    shown = text_of_page(browser.get(PATH).text)
    assert "30 letters were taken and 1 came back" in shown
    assert "Before supervision 10 6 5" in shown
    assert browser.get(f"{PATH}/1").text == "<h1>REHEARSAL</h1>"
    pdf = browser.get(f"{PATH}/1/pdf")
    assert pdf.data == b"%PDF"
    assert "REHEARSAL-bolton-primary-1.pdf" in pdf.headers["Content-Disposition"]


def test_without_a_pdf_it_says_why(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("coordinator")
    browser.post(PATH, data={"seed": "s"})
    live(trial, pdf=None)
    assert "There is no PDF: Pango is missing." in text_of_page(browser.get(PATH).text)
    assert browser.get(f"{PATH}/1/pdf").status_code == 404


def test_one_is_deleted(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("coordinator")
    browser.post(PATH, data={"seed": "s"})
    live(trial)
    assert browser.post(f"{PATH}/1/delete").status_code == 303
    assert "Rehearsal 1 and its report are deleted." in text_of_page(browser.get(PATH).text)
    assert rows(trial.database, Rehearsal) == []
    assert browser.post(f"{PATH}/1/delete").status_code == 404
