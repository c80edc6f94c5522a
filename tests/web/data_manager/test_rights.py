from __future__ import annotations

import io
import json
import zipfile

from answering import answer
from flask.testing import FlaskClient
from rooms import STUDY, actor_of, assert_open_only_to, events, text_of_page
from sqlalchemy import select
from trials import Trial

from survey_app.database.models import Comment, Participant, Report, Response

PATH = f"{STUDY}/rights"
PERSON = f"{PATH}/P00001"
POSTS = [f"{PERSON}/{act}" for act in ("withdraw", "erase", "held")]


def person(trial: Trial) -> Participant:
    with trial.database.reading() as session:
        return session.scalars(select(Participant).where(Participant.code == "P00001")).one()


def test_are_open_to_data_managers_only(client: FlaskClient, sign_in_as) -> None:
    assert_open_only_to(
        ["data_manager"], pages=[PATH, PERSON], posts=POSTS, client=client, sign_in_as=sign_in_as
    )


def test_a_person_is_found_by_address_or_code_and_no_contact_is_shown(sign_in_as) -> None:
    browser = sign_in_as("data_manager")
    for wanted in ("person1@school1.example", "p00001"):
        answered = browser.get(PATH, query_string={"person": wanted})
        assert (answered.status_code, answered.location) == (303, PERSON)
    assert "person1@school1.example" not in browser.get(PERSON).text
    nobody = browser.get(PATH, query_string={"person": "nobody@nowhere.example"})
    assert "Nobody of this study has this address or code" in nobody.text


def test_a_person_is_taken_out_of_the_study(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("data_manager")
    assert browser.post(POSTS[0]).location == PERSON
    assert person(trial).withdrawn_at == trial.clock()
    assert "Take out of the study" not in browser.get(PERSON).text
    assert [e.by for e in events(trial, "person_withdrew")] == [actor_of(trial, "data_manager")]


def test_a_person_is_erased_only_where_that_is_meant(sign_in_as, trial: Trial) -> None:
    trial.invite()
    answer(trial, 1, text="Some words.")
    browser = sign_in_as("data_manager")
    unsure = browser.post(POSTS[1])
    assert unsure.status_code == 422
    assert 'href="#confirmed"' in unsure.text
    assert person(trial).erased_at is None
    assert browser.post(POSTS[1], data={"confirmed": "y"}).location == PERSON
    shown = text_of_page(browser.get(PERSON).text)
    assert "P00001 is erased:" in shown
    assert "This cannot be undone" not in shown
    with trial.database.reading() as session:
        assert session.scalars(select(Comment)).all() == []
        assert session.scalars(select(Response)).all() == []


def test_once_the_answers_are_locked_the_page_says_why_not(sign_in_as, trial: Trial) -> None:
    trial.invite()
    answer(trial, 1)
    trial.clock.noon_on(trial.definition.wave("follow_up").closes_on)
    trial.clock.move(days=1)
    browser = sign_in_as("data_manager")
    shown = text_of_page(browser.get(PERSON).text)
    assert "Answers could be erased until 17 July 2020" in shown
    refused = browser.post(POSTS[1], data={"confirmed": "y"})
    assert refused.status_code == 422
    assert person(trial).erased_at is None


def test_all_that_is_held_can_be_given_to_whom_it_is_about(sign_in_as, trial: Trial) -> None:
    trial.invite()
    answer(trial, 1, text="Some <b>words</b>.")
    answer(trial, 2, text="Words of somebody else")
    answered = sign_in_as("data_manager").post(POSTS[2])
    assert answered.headers["Content-Disposition"].endswith("-P00001-held.zip")
    with zipfile.ZipFile(io.BytesIO(answered.data)) as files:
        page = files.read("held.html").decode()
        found = json.loads(files.read("held.json"))
    assert found["Name and address"][0]["email"] == "person1@school1.example"
    assert {row["notice_version"] for row in found["What was agreed to"]} == {
        trial.definition.notice.version
    }
    assert all(row["question"] for row in found["Answers"])
    assert len(found["Every saving of an answer"]) >= len(found["Answers"])
    assert found["Letters"]
    assert "token" not in json.dumps(found)
    assert "Some &lt;b&gt;words&lt;/b&gt;." in page
    assert "somebody else" not in page
    assert [e.subject for e in events(trial, "held_data_given")] == [
        f"participant:{person(trial).id}"
    ]


def test_a_coordinator_takes_a_person_out_who_asks_for_it(sign_in_as, trial: Trial) -> None:
    trial.invite()
    browser = sign_in_as("coordinator")
    page = f"{STUDY}/people/P00001"
    assert browser.post(f"{page}/withdraw").location == page
    shown = text_of_page(browser.get(page).text)
    assert "Withdrawn 16 September 2019" in shown
    assert "Send a new link" not in shown


def test_a_report_that_was_destroyed_says_so(sign_in_as, trial: Trial) -> None:
    trial.invite()
    answer(trial, 1)
    with trial.database.writing() as session:
        session.add(
            Report(
                study_id=trial.study(session).id,
                requested_by="worker",
                requested_at=trial.clock(),
                finished_at=trial.clock(),
                state="ready",
                masked=True,
                html=b"figures",
            )
        )
    sign_in_as("data_manager").post(POSTS[1], data={"confirmed": "y"})
    evaluator = sign_in_as("evaluator")
    shown = text_of_page(evaluator.get(f"{STUDY}/reports").text)
    assert "Its files were destroyed on 16 September 2019" in shown
    assert evaluator.get(f"{STUDY}/reports/1").status_code == 404
