from __future__ import annotations

from flask.testing import FlaskClient
from rooms import STUDY, actor_of, assert_open_only_to, events, text_of_page
from trials import Trial

PATH = f"{STUDY}/unmasking"
MEANT = {"because": "The plan is fixed, says the board.", "confirmed": "yes"}


def is_unmasked(trial: Trial) -> bool:
    with trial.database.reading() as session:
        return trial.study(session).unmasked_at is not None


def test_is_open_to_data_managers_only(client: FlaskClient, sign_in_as) -> None:
    assert_open_only_to(
        ["data_manager"], pages=[PATH], posts=[PATH], client=client, sign_in_as=sign_in_as
    )


def test_releases_the_arms_with_the_reason(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("data_manager")
    answer = browser.post(PATH, data=MEANT)
    assert (answer.status_code, answer.location) == (303, PATH)
    assert is_unmasked(trial)
    shown = text_of_page(browser.get(PATH).text)
    assert "The arms are released: Supervision, Support as usual." in shown
    assert "Reason The plan is fixed, says the board." in shown
    assert "By Data manager" in shown
    [event] = events(trial, "study_unmasked")
    assert event.by == actor_of(trial, "data_manager")
    assert event.detail["because"] == MEANT["because"]


def test_needs_a_reason_and_the_tick(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("data_manager")
    no_reason = browser.post(PATH, data=MEANT | {"because": " "})
    assert no_reason.status_code == 422
    assert '<a href="#because">Enter the reason' in no_reason.text
    no_tick = browser.post(PATH, data={"because": MEANT["because"]})
    assert no_tick.status_code == 422
    assert '<a href="#confirmed">Tick the box' in no_tick.text
    assert MEANT["because"] in no_tick.text
    assert not is_unmasked(trial)


def test_the_arms_are_released_only_once(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("data_manager")
    browser.post(PATH, data=MEANT)
    again = browser.post(PATH, data=MEANT | {"because": "Another reason."})
    assert again.status_code == 422
    assert "already released" in text_of_page(again.text)
    assert len(events(trial, "study_unmasked")) == 1
