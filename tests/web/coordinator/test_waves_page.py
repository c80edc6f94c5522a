from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from looking import everything
from rooms import STUDY, actor_of, assert_open_only_to, events, text_of_page
from trials import Clock, Trial

PATH = f"{STUDY}/waves"
BASELINE, FOLLOW_UP = f"{PATH}/baseline", f"{PATH}/follow_up"


def last_day(day: int, month: int, year: int, because: str = "The board agreed.") -> dict:
    return {
        "act": "move",
        "closes_on-day": day,
        "closes_on-month": month,
        "closes_on-year": year,
        "because": because,
    }


def test_is_open_to_the_coordinator_alone(client: FlaskClient, sign_in_as) -> None:
    assert_open_only_to(
        ["coordinator"],
        pages=[PATH, BASELINE],
        posts=[BASELINE],
        client=client,
        sign_in_as=sign_in_as,
    )


def test_shows_the_days_and_that_nothing_is_frozen_yet(sign_in_as) -> None:
    shown = text_of_page(sign_in_as("coordinator").get(PATH).text)
    assert "Before supervision Open 16 September 2019 to 18 October 2019." in shown
    assert "Before supervision – Not frozen yet" in shown
    assert "No wave's days were changed." in shown


def test_the_form_is_empty_at_first(sign_in_as) -> None:
    page = sign_in_as("coordinator").get(BASELINE).text
    assert page.count('inputmode="numeric" value=""') == 3


def test_shows_what_is_frozen_with_its_instruments_and_seal(sign_in_as, trial: Trial) -> None:
    trial.invite()
    shown = text_of_page(sign_in_as("coordinator").get(PATH).text)
    assert "Before supervision 1 16 September 2019 at 12:00" in shown
    assert "The first people were invited" in shown
    assert "gad7 1" in shown


def test_a_wave_is_closed_early_with_the_reason_on_the_page_and_the_trail(
    sign_in_as, trial: Trial
) -> None:
    browser = sign_in_as("coordinator")
    answer = browser.post(BASELINE, data=last_day(20, 9, 2019))
    assert (answer.status_code, answer.location) == (303, PATH)
    shown = text_of_page(browser.get(PATH).text)
    assert "is open from 16 September 2019 to the end of 20 September 2019." in shown
    assert (
        "16 September 2019 to 18 October 2019 16 September 2019 to 20 September 2019 "
        "The board agreed." in shown
    )
    assert "The study's file has 16 September 2019 to 18 October 2019." in text_of_page(
        browser.get(BASELINE).text
    )
    (event,) = events(trial, "wave_closed_early")
    assert event.by == actor_of(trial, "coordinator")


def test_a_wave_is_kept_open_longer(sign_in_as, trial: Trial) -> None:
    sign_in_as("coordinator").post(BASELINE, data=last_day(25, 10, 2019))
    assert len(events(trial, "wave_extended")) == 1


def test_a_wave_is_opened_today(sign_in_as, trial: Trial, clock: Clock) -> None:
    trial.invite()
    trial.randomise()
    clock.noon_on(trial.definition.wave("baseline").closes_on + timedelta(days=3))
    browser = sign_in_as("coordinator")
    assert "Open the wave today" in browser.get(FOLLOW_UP).text
    answer = browser.post(FOLLOW_UP, data={"act": "open", "because": "Schools asked for it."})
    assert answer.status_code == 303
    assert len(events(trial, "wave_opened")) == 1
    assert "Open the wave today" not in browser.get(FOLLOW_UP).text


@pytest.mark.parametrize(
    ("path", "data", "says"),
    [
        (BASELINE, last_day(31, 9, 2019), "Enter the last day, for example 10 7 2020"),
        (BASELINE, last_day(20, 9, 2019, ""), "Say why the days of the wave are changed"),
        (BASELINE, last_day(1, 9, 2019), "can close early at the end of 2019-09-16"),
        (BASELINE, {"act": "open", "because": "Now."}, "opened on 2019-09-16"),
        (FOLLOW_UP, {"act": "open", "because": "Now."}, "is open until the end of 2019-10-18"),
    ],
)
def test_a_fault_is_told_and_changes_nothing(
    sign_in_as, trial: Trial, path: str, data: dict, says: str
) -> None:
    browser = sign_in_as("coordinator")
    before = everything(trial.database)
    answer = browser.post(path, data=data)
    assert answer.status_code == 422
    assert says in text_of_page(answer.text)
    assert everything(trial.database) == before


def test_every_fault_is_told_at_once(sign_in_as) -> None:
    shown = text_of_page(
        sign_in_as("coordinator").post(BASELINE, data=last_day(31, 9, 2019, "")).text
    )
    assert "Enter the last day" in shown
    assert "Say why" in shown


def test_a_wave_that_is_not_there_is_not_found(sign_in_as) -> None:
    browser = sign_in_as("coordinator")
    assert browser.get(f"{PATH}/endline").status_code == 404
    assert browser.post(f"{PATH}/endline", data=last_day(20, 9, 2019)).status_code == 404
