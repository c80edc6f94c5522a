from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from rooms import STUDY, actor_of, assert_open_only_to, events, text_of_page
from sqlalchemy import select
from trials import Trial

from survey_app.database.models import Allocation, School, SupervisionSession

PATH = f"{STUDY}/sessions"
HELD = {
    "number": "2",
    "planned_on-day": "4",
    "planned_on-month": "12",
    "planned_on-year": "2019",
    "outcome": "attended",
    "model": "one_to_one",
}


def urn_in(trial: Trial, arm: str) -> str:
    with trial.database.reading() as session:
        return session.scalars(
            select(School.urn).join(Allocation).where(Allocation.arm == arm).order_by(School.urn)
        ).all()[0]


def recorded(trial: Trial) -> list[tuple[int, str, bool, bool, str]]:
    with trial.database.reading() as session:
        return [
            (each.number, each.planned_on.isoformat(), each.offered, each.attended, each.model)
            for each in session.scalars(select(SupervisionSession))
        ]


@pytest.fixture
def school(trial: Trial) -> str:
    """The page of a school that is offered supervision."""
    trial.randomise()
    return f"{PATH}/{urn_in(trial, 'supervision')}"


def test_is_open_to_coordinators_only(client: FlaskClient, sign_in_as, school: str) -> None:
    assert_open_only_to(
        ["coordinator"],
        pages=[PATH, school],
        posts=[school],
        client=client,
        sign_in_as=sign_in_as,
    )


def test_lists_only_schools_that_are_offered_supervision(
    sign_in_as, trial: Trial, school: str
) -> None:
    page = sign_in_as("coordinator").get(PATH).text
    assert page.count(f'href="{PATH}/') == 4
    assert urn_in(trial, "usual_support") not in page


def test_says_so_until_the_arms_are_released(sign_in_as) -> None:
    page = sign_in_as("coordinator").get(PATH).text
    assert "is not released to you yet" in page


def test_proposes_the_first_session_that_is_not_recorded(sign_in_as, school: str) -> None:
    page = sign_in_as("coordinator").get(school).text
    assert '<option value="1" selected>Session 1, 6 November 2019</option>' in page
    assert 'name="planned_on-day" type="text" inputmode="numeric" value="6"' in page


def test_records_a_session_and_counts_it(sign_in_as, trial: Trial, school: str) -> None:
    browser = sign_in_as("coordinator")
    answer = browser.post(school, data=HELD)
    assert (answer.status_code, answer.location) == (303, school)
    assert recorded(trial) == [(2, "2019-12-04", True, True, "one_to_one")]
    shown = text_of_page(browser.get(school).text)
    assert "Session 2 4 December 2019 One to one It was offered and attended" in shown
    assert "Bolton 6 1 1" in text_of_page(browser.get(PATH).text)
    assert [e.by for e in events(trial, "session_recorded")] == [actor_of(trial, "coordinator")]


def test_a_session_is_corrected_by_recording_it_again(
    sign_in_as, trial: Trial, school: str
) -> None:
    browser = sign_in_as("coordinator")
    browser.post(school, data=HELD)
    browser.post(school, data=HELD | {"outcome": "missed"})
    assert recorded(trial) == [(2, "2019-12-04", True, False, "one_to_one")]


def test_a_session_not_offered_needs_no_kind(sign_in_as, trial: Trial, school: str) -> None:
    answer = sign_in_as("coordinator").post(
        school, data=HELD | {"outcome": "not_offered", "model": ""}
    )
    assert answer.status_code == 303
    assert recorded(trial) == [(2, "2019-12-04", False, False, "none")]


@pytest.mark.parametrize(
    ("wrong", "message", "field"),
    [
        ({"planned_on-day": "31", "planned_on-month": "2"}, "Enter the day", "planned_on-year"),
        ({"planned_on-year": "soon"}, "Enter the day", "planned_on-year"),
        ({"number": "7"}, "Choose which session it is", "number"),
        ({"number": "x"}, "Choose which session it is", "number"),
        ({"outcome": "perhaps"}, "Say what happened", "outcome"),
        ({"model": "usual_support"}, "Choose the kind of supervision", "model"),
    ],
)
def test_a_session_that_cannot_be_is_refused(
    sign_in_as, trial: Trial, school: str, wrong: dict[str, str], message: str, field: str
) -> None:
    answer = sign_in_as("coordinator").post(school, data=HELD | wrong)
    assert answer.status_code == 422
    assert f'<a href="#{field}">{message}' in answer.text
    assert recorded(trial) == []


def test_a_school_without_supervision_has_no_page(sign_in_as, trial: Trial, school: str) -> None:
    browser = sign_in_as("coordinator")
    for urn in (urn_in(trial, "usual_support"), "999999"):
        assert browser.get(f"{PATH}/{urn}").status_code == 404
        assert browser.post(f"{PATH}/{urn}", data=HELD).status_code == 404
    assert recorded(trial) == []
