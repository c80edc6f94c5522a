from __future__ import annotations

import pytest
from answering import answer as submit_answers
from flask.testing import FlaskClient
from rooms import STUDY, actor_of, assert_open_only_to, events, text_of_page
from sqlalchemy import select
from trials import Trial

from survey_app.database.models import Participant

PERSON = f"{STUDY}/people/P00001"
PAGES = [f"{PERSON}/{page}" for page in ("edit", "leave", "follow", "move", "also-at", "merge")]
TODAY = {"on-day": "16", "on-month": "9", "on-year": "2019"}
LEAVING = TODAY | {"because": "left_school", "followed": "no"}
NEW = TODAY | {"name": "Nia New", "email": "nia@school1.example", "role": "DSL"}


def person(trial: Trial, code: str = "P00001") -> Participant:
    with trial.database.reading() as session:
        return session.scalars(select(Participant).where(Participant.code == code)).one()


def test_are_open_to_coordinators_only(client: FlaskClient, sign_in_as) -> None:
    posts = [*PAGES, f"{PERSON}/come-back", f"{PERSON}/also-at/100002/end"]
    assert_open_only_to(
        ["coordinator"], pages=PAGES, posts=posts, client=client, sign_in_as=sign_in_as
    )


def test_whoever_left_is_followed_by_somebody_new(sign_in_as, trial: Trial) -> None:
    trial.invite()
    browser = sign_in_as("coordinator")
    answer = browser.post(PAGES[1], data=LEAVING | {"followed": "yes"})
    assert (answer.status_code, answer.location) == (303, PAGES[2])
    answer = browser.post(PAGES[2], data=NEW)
    assert (answer.status_code, answer.location) == (303, f"{STUDY}/people/P00012")
    shown = text_of_page(browser.get(answer.location).text)
    assert "In the place of Person 1 (P00001)" in shown
    assert "School 1 DSL 16 September 2019" in shown
    shown = text_of_page(browser.get(PERSON).text)
    assert "Left 16 September 2019. Left the school." in shown
    assert "Followed by Nia New (P00012)" in shown
    assert "Send a new link" not in shown
    assert [e.by for e in events(trial, "person_succeeded")] == [actor_of(trial, "coordinator")]
    assert "Person 1 DSL 16 September 2019 16 September 2019 Left the school" in text_of_page(
        browser.get(f"{STUDY}/schools/100001").text
    )


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"because": ""}, "Say why they left"),
        ({"followed": ""}, "Say whether somebody has taken the role over"),
        ({"on-year": "2020"}, "The day is still to come"),
        ({"on-day": "x"}, "Enter a day"),
    ],
)
def test_a_leaving_that_cannot_be_is_refused(
    sign_in_as, trial: Trial, wrong: dict[str, str], message: str
) -> None:
    answer = sign_in_as("coordinator").post(PAGES[1], data=LEAVING | wrong)
    assert answer.status_code == 422
    assert message in answer.text
    assert person(trial).left_on is None


def test_whoever_left_by_mistake_is_put_back(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("coordinator")
    browser.post(PAGES[1], data=LEAVING)
    assert "Put them in the role again" in browser.get(PERSON).text
    assert browser.post(f"{PERSON}/come-back").location == PERSON
    assert person(trial).left_on is None
    assert "Put them in the role again" not in browser.get(PERSON).text


def test_a_person_is_changed(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("coordinator")
    assert 'value="Person 1"' in browser.get(PAGES[0]).text
    answer = browser.post(PAGES[0], data=NEW | {"name": "Person Married", "role": "deputy"})
    assert (answer.status_code, answer.location) == (303, PERSON)
    shown = text_of_page(browser.get(PERSON).text)
    assert "Person Married" in shown
    assert "Person's name and address and role changed" in shown


def test_a_person_is_moved_and_after_randomisation_comes_as_somebody_new(
    sign_in_as, trial: Trial
) -> None:
    browser = sign_in_as("coordinator")
    unknown = browser.post(PAGES[3], data=TODAY | {"urn": "999999"})
    assert unknown.status_code == 422
    assert "No school on the roster has this URN" in unknown.text
    assert browser.post(PAGES[3], data=TODAY | {"urn": "100003"}).location == PERSON
    trial.randomise()
    answer = browser.post(PAGES[3], data=TODAY | {"urn": "100004"})
    assert answer.location == f"{STUDY}/people/P00012"
    shown = text_of_page(browser.get(answer.location).text)
    assert "Before at another school as Person 1 (P00001)" in shown
    assert "Now at another school as Person 1 (P00012)" in text_of_page(browser.get(PERSON).text)
    shared = text_of_page(browser.get(f"{STUDY}/schools/sharing").text)
    assert "Person 1 School 3 School 4 16 September 2019" in shared


def test_a_person_works_at_another_school_as_well_until_they_do_not(
    sign_in_as, trial: Trial
) -> None:
    browser = sign_in_as("coordinator")
    assert browser.post(PAGES[4], data=TODAY | {"urn": "100002"}).location == PERSON
    assert "No longer at School 2 as well" in browser.get(PERSON).text
    there = text_of_page(browser.get(f"{STUDY}/schools/100002").text)
    assert "Person 1 DSL 16 September 2019 Works here as well; takes part for another" in there
    browser.post(f"{PERSON}/also-at/100002/end")
    assert "No longer at School 2 as well" not in browser.get(PERSON).text


def test_two_records_of_one_person_are_merged(sign_in_as, trial: Trial) -> None:
    trial.invite()
    submit_answers(trial, 9)
    browser = sign_in_as("coordinator")
    nobody = browser.post(PAGES[5], data={"other": "P09999", "confirmed": "y"})
    assert "Nobody on the roster has this code or address" in nobody.text
    answer = browser.post(PAGES[5], data={"other": "deputy1@school1.example", "confirmed": "y"})
    assert answer.location == PERSON
    shown = text_of_page(browser.get(PERSON).text)
    assert "P00009 is merged into this record. Taken over from it: " in shown
    gone = text_of_page(browser.get(f"{STUDY}/people/P00009").text)
    assert "The same person as Person 1 (P00001)" in gone
    assert "They have left the role" not in gone
