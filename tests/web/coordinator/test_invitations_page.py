from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from rooms import STUDY, actor_of, assert_open_only_to, events, text_of_page
from sqlalchemy import func, select
from trials import Clock, Trial

from survey_app.database.models import Letter
from survey_app.web import waking

PATH = f"{STUDY}/invitations"


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch, trial: Trial) -> list[tuple[str, int]]:
    """The tasks the worker was woken for, each with how many letters were on record by then."""
    calls: list[tuple[str, int]] = []
    monkeypatch.setattr(waking, "wake", lambda _, task: calls.append((task, n_letters(trial))))
    return calls


def n_letters(trial: Trial) -> int:
    with trial.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Letter)) or 0


def test_is_open_to_coordinators_only(client: FlaskClient, sign_in_as) -> None:
    assert_open_only_to(
        ["coordinator"],
        pages=[PATH],
        posts=[f"{PATH}/baseline"],
        client=client,
        sign_in_as=sign_in_as,
    )


def test_invites_everybody_eligible_and_wakes_the_worker_after_the_commit(
    sign_in_as, trial: Trial, woken: list[tuple[str, int]]
) -> None:
    browser = sign_in_as("coordinator")
    assert "Invite 10 people to “Before supervision”" in text_of_page(browser.get(PATH).text)
    with browser.post(f"{PATH}/baseline") as answer:
        assert (answer.status_code, answer.location) == (303, PATH)
    assert woken == [("deliver_letters", 10)]
    shown = text_of_page(browser.get(PATH).text)
    assert "10 people were invited to “Before supervision”." in shown
    assert "Everybody is invited." in shown
    assert "Before supervision 10 0 0 0 0" in shown
    assert [e.by for e in events(trial, "wave_invited")] == [actor_of(trial, "coordinator")]


def test_inviting_twice_invites_nobody_twice(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("coordinator")
    for _ in range(2):
        browser.post(f"{PATH}/baseline")
    assert n_letters(trial) == 10
    assert len(events(trial, "wave_invited")) == 1


def test_a_wave_that_is_not_open_invites_nobody(
    sign_in_as, trial: Trial, clock: Clock, woken: list[tuple[str, int]]
) -> None:
    browser = sign_in_as("coordinator")
    assert "Invite 10 people to “After supervision”" not in browser.get(PATH).text
    browser.post(f"{PATH}/follow_up").close()
    shown = text_of_page(browser.get(PATH).text)
    assert "Nobody was invited: “After supervision” is not open today." in shown
    assert (n_letters(trial), woken) == (0, [])


def test_there_is_no_other_wave(sign_in_as) -> None:
    assert sign_in_as("coordinator").post(f"{PATH}/third").status_code == 404
