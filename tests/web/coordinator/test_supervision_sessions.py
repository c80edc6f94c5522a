from __future__ import annotations

import re
from datetime import date
from io import BytesIO

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
    """The page of a school that is offered supervision, once every session has had its day."""
    trial.randomise()
    trial.clock.noon_on(date(2020, 6, 1))
    return f"{PATH}/{urn_in(trial, 'supervision')}"


def test_is_open_to_coordinators_only(client: FlaskClient, sign_in_as, school: str) -> None:
    assert_open_only_to(
        ["coordinator"],
        pages=[PATH, school, f"{PATH}/mark", f"{PATH}/import"],
        posts=[school, f"{PATH}/mark", f"{PATH}/import"],
        client=client,
        sign_in_as=sign_in_as,
    )


def test_lists_only_schools_that_are_offered_supervision(
    sign_in_as, trial: Trial, school: str
) -> None:
    page = sign_in_as("coordinator").get(PATH).text
    assert page.count(f'href="{PATH}/1') == 4
    assert urn_in(trial, "usual_support") not in page


def test_says_so_until_the_arms_are_released(sign_in_as, trial: Trial) -> None:
    trial.randomise(told=None)
    browser = sign_in_as("coordinator")
    for page in (PATH, f"{PATH}/mark", f"{PATH}/import"):
        shown = browser.get(page).text
        assert "is not released to you yet" in shown
        assert "10000" not in shown
    for address in (f"{PATH}/100001", f"{PATH}/mark", f"{PATH}/import"):
        assert browser.post(address, data=HELD).status_code == 404
    assert browser.get(f"{PATH}/100001").status_code == 404
    assert recorded(trial) == []


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
    assert "Attended 1 of the 6 sessions planned. Complier: not yet." in shown
    assert "Bolton 6 1 1 0 Not yet" in text_of_page(browser.get(PATH).text)
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
        ({"model": ""}, "Choose the kind of supervision", "model"),
        ({"outcome": "cancelled"}, "Say why it was cancelled", "because"),
        (
            {"outcome": "cancelled", "because": "Deputy Two was ill"},
            "The reason names somebody on the roster",
            "because",
        ),
        ({"held_on-day": "31", "held_on-month": "2"}, "Enter the day it was held", "held_on-year"),
        ({"planned_on-year": "2021"}, "A session planned for a day to come", "planned_on-year"),
        ({"came": ["999"]}, "Choose people of this school", "came"),
    ],
)
def test_a_session_that_cannot_be_is_refused(
    sign_in_as, trial: Trial, school: str, wrong: dict[str, str], message: str, field: str
) -> None:
    answer = sign_in_as("coordinator").post(school, data=HELD | wrong)
    assert answer.status_code == 422
    assert f'<a href="#{field}">{message}' in answer.text
    assert recorded(trial) == []


def test_a_school_outside_the_arm_is_told_from_the_others(
    sign_in_as, trial: Trial, school: str
) -> None:
    browser = sign_in_as("coordinator")
    other = f"{PATH}/{urn_in(trial, 'usual_support')}"
    assert "counts as supervision outside its arm" in browser.get(other).text
    assert browser.post(other, data=HELD).status_code == 303
    assert urn_in(trial, "usual_support") in browser.get(PATH).text
    assert "outside its arm" not in browser.get(school).text


def test_a_school_that_was_not_randomised_has_no_page(
    sign_in_as, trial: Trial, school: str
) -> None:
    browser = sign_in_as("coordinator")
    for urn in ("100009", "999999"):
        assert browser.get(f"{PATH}/{urn}").status_code == 404
        assert browser.post(f"{PATH}/{urn}", data=HELD).status_code == 404
    assert recorded(trial) == []


def test_a_recorded_session_is_opened_to_be_changed(sign_in_as, trial: Trial, school: str) -> None:
    browser = sign_in_as("coordinator")
    browser.post(school, data=HELD | {"supervisor": "Ann", "group": "North"})
    page = browser.get(f"{school}?meeting=2").text
    assert 'name="supervisor" type="text" value="Ann"' in page
    assert '<option value="2" selected>' in page
    cancelled = {"outcome": "cancelled", "because": "Snow"}
    browser.post(school, data=HELD | cancelled)
    assert "It was cancelled: Snow" in browser.get(school).text
    assert recorded(trial) == [(2, "2019-12-04", False, False, "none")]


def test_a_visit_to_the_front_door_is_recorded(sign_in_as, trial: Trial, school: str) -> None:
    browser = sign_in_as("coordinator")
    answer = browser.post(school, data=HELD | {"number": "front_door_visit-1"})
    assert answer.status_code == 303
    assert "Visit to the front door of School" in browser.get(school).text
    assert "Attended 0 of the 6 sessions planned" in browser.get(school).text


def test_a_school_is_found_by_its_urn(sign_in_as, trial: Trial, school: str) -> None:
    browser = sign_in_as("coordinator")
    answer = browser.get(f"{PATH}?urn={school.rpartition('/')[2]}")
    assert (answer.status_code, answer.location) == (303, school)
    assert "No school on the roster has this URN" in browser.get(f"{PATH}?urn=999999").text


def test_events_from_outside_stand_among_the_months(sign_in_as, school: str) -> None:
    page = text_of_page(sign_in_as("coordinator").get(PATH).text)
    assert "March 2020 0 attended, 0 offered of 4" in page
    assert "23 March 2020: First national lockdown in England" in page


def rows_on(page: str) -> list[str]:
    return re.findall(r'name="row" value="([^"]+)"', page)


def test_many_sessions_are_recorded_on_one_page(sign_in_as, trial: Trial, school: str) -> None:
    browser = sign_in_as("coordinator")
    shown = rows_on(browser.get(f"{PATH}/mark?number=1").text)
    assert len(shown) == 4
    said = {f"outcome-{shown[0]}": "missed"}
    answer = browser.post(
        f"{PATH}/mark", data={"row": shown, "number": "1", "rest": "attended"} | said
    )
    assert (answer.status_code, answer.location) == (303, f"{PATH}/mark?number=1")
    assert sorted(attended for _, _, _, attended, _ in recorded(trial)) == [
        False,
        True,
        True,
        True,
    ]
    assert {model for *_, model in recorded(trial)} == {"one_to_one"}
    assert "There is nothing to record." in browser.get(f"{PATH}/mark?number=1").text
    assert len(rows_on(browser.get(f"{PATH}/mark?number=1&show=all").text)) == 4


def test_who_came_says_that_the_session_was_attended(sign_in_as, trial: Trial, school: str) -> None:
    browser = sign_in_as("coordinator")
    page = browser.get(f"{PATH}/mark?number=1").text
    name, person = re.findall(r'name="came-([^"]+)" value="(\d+)"', page)[0]
    answer = browser.post(f"{PATH}/mark", data={"row": [name], f"came-{name}": person})
    assert answer.status_code == 303
    assert [attended for _, _, _, attended, _ in recorded(trial)] == [True]


def test_nothing_said_is_refused_and_nothing_written(sign_in_as, trial: Trial, school: str) -> None:
    browser = sign_in_as("coordinator")
    shown = rows_on(browser.get(f"{PATH}/mark").text)
    assert len(shown) == 28
    answer = browser.post(f"{PATH}/mark", data={"row": shown})
    assert answer.status_code == 422
    assert "Say what happened to at least one session" in answer.text
    answer = browser.post(f"{PATH}/mark", data={"row": shown, "rest": "perhaps"})
    assert answer.status_code == 422
    assert recorded(trial) == []


def test_sessions_to_come_wait_for_their_day(sign_in_as, trial: Trial, school: str) -> None:
    trial.clock.noon_on(date(2019, 11, 6))
    browser = sign_in_as("coordinator")
    assert {name.partition(".")[2] for name in rows_on(browser.get(f"{PATH}/mark").text)} == {"1"}


def test_a_file_of_sessions_is_imported_or_refused_whole(
    sign_in_as, trial: Trial, school: str
) -> None:
    browser = sign_in_as("coordinator")
    urn = school.rpartition("/")[2]
    good = f"urn,session,outcome\n{urn},1,attended\n"

    def upload(text: str):
        return browser.post(
            f"{PATH}/import", data={"sessions": (BytesIO(text.encode()), "sessions.csv")}
        )

    refused = upload(good + "999,1,attended\n")
    assert refused.status_code == 422
    assert "The file has 1 fault; nothing was imported" in refused.text
    assert recorded(trial) == []
    assert upload(good).status_code == 303
    assert len(recorded(trial)) == 1
    assert "1 as before" in browser.get(upload(good).location).text
    assert browser.post(f"{PATH}/import", data={}).status_code == 422
