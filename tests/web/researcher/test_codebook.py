from __future__ import annotations

from flask.testing import FlaskClient
from rooms import STUDY, actor_of, assert_open_only_to, events, text_of_page
from sqlalchemy import select
from trials import Trial

from survey_app.database.models import Code

PATH = f"{STUDY}/codebook"
NEW = {"label": "Workload", "definition": "Too little time."}


def labels(trial: Trial) -> list[str]:
    with trial.database.reading() as session:
        return list(session.scalars(select(Code.label).order_by(Code.position)))


def test_is_open_to_researchers_only(client: FlaskClient, sign_in_as) -> None:
    assert_open_only_to(
        ["researcher"], pages=[PATH], posts=[PATH], client=client, sign_in_as=sign_in_as
    )


def test_adds_a_code_and_lists_it(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("researcher")
    assert "No code yet." in browser.get(PATH).text
    answer = browser.post(PATH, data=NEW)
    assert (answer.status_code, answer.location) == (303, PATH)
    assert labels(trial) == ["Workload"]
    shown = text_of_page(browser.get(PATH).text)
    assert "Workload is in the codebook." in shown
    assert "Workload Too little time." in shown
    assert [e.by for e in events(trial, "code_added")] == [actor_of(trial, "researcher")]


def test_refuses_a_label_twice_and_gives_what_was_typed_back(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("researcher")
    browser.post(PATH, data=NEW)
    answer = browser.post(PATH, data={"label": " WORKLOAD", "definition": "Something else."})
    assert answer.status_code == 422
    assert '<a href="#label">The codebook already has a code called WORKLOAD.</a>' in answer.text
    assert "Something else." in answer.text
    assert labels(trial) == ["Workload"]


def test_asks_for_what_is_missing_or_too_long(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("researcher")
    empty = browser.post(PATH, data={"label": " ", "definition": ""})
    assert empty.status_code == 422
    assert 'href="#label"' in empty.text
    assert 'href="#definition"' in empty.text
    long = browser.post(PATH, data={"label": "x" * 101, "definition": "y" * 1001})
    assert long.status_code == 422
    assert "The label must be 100 characters or fewer" in long.text
    assert labels(trial) == []
