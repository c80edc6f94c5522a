from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from looking import rows
from rooms import STUDY, actor_of, assert_open_only_to, events, text_of_page
from trials import Trial

from survey_app.database.models import Staff, StaffLetter

PATH = f"{STUDY}/staff"
NORA = {"person": "Nora", "email": "nora@trial.example", "roles": ["redactor", "researcher"]}


def number_of(trial: Trial, role: str) -> int:
    return trial.staff_with(role).id


def test_is_open_to_data_managers_only(client: FlaskClient, sign_in_as, trial: Trial) -> None:
    member = f"{PATH}/{number_of(trial, 'redactor')}"
    assert_open_only_to(
        ["data_manager"],
        pages=[PATH, member],
        posts=[PATH, f"{member}/roles", f"{member}/link", f"{member}/end-access"],
        client=client,
        sign_in_as=sign_in_as,
    )


def test_lists_who_has_which_role(sign_in_as, trial: Trial) -> None:
    shown = text_of_page(sign_in_as("data_manager").get(PATH).text)
    assert "Redactor redactor@trial.example Redactor Can sign in" in shown
    assert "eve@trial.example" not in shown


def test_somebody_invited_is_listed_and_written_to(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("data_manager")
    answer = browser.post(PATH, data=NORA)
    assert (answer.status_code, answer.location) == (303, PATH)
    shown = text_of_page(browser.get(PATH).text)
    assert "A letter to Nora is on its way." in shown
    assert "Redactor and researcher Invited; the letter has not left yet" in shown
    (letter,) = rows(trial.database, StaffLetter)
    assert letter.queued_by == number_of(trial, "data_manager")
    assert [event.by for event in events(trial, "staff_invited")] == [
        actor_of(trial, "data_manager")
    ]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"person": ""}, '<a href="#person">Enter their name'),
        ({"email": " "}, '<a href="#email">Enter their email address'),
        ({"roles": []}, '<a href="#roles">Choose at least one role'),
        ({"roles": ["king"]}, '<a href="#roles">'),
        ({"email": "nora"}, "nora is not an email address"),
        ({"roles": ["coordinator", "evaluator"]}, "until they are released"),
    ],
)
def test_an_invitation_that_cannot_be_sent_says_why(sign_in_as, trial, changes, fault) -> None:
    before = len(rows(trial.database, Staff))
    answer = sign_in_as("data_manager").post(PATH, data=NORA | changes)
    assert answer.status_code == 422
    assert fault in answer.text
    assert len(rows(trial.database, Staff)) == before


def test_roles_are_changed(sign_in_as, trial: Trial) -> None:
    member = f"{PATH}/{number_of(trial, 'redactor')}"
    browser = sign_in_as("data_manager")
    answer = browser.post(f"{member}/roles", data={"roles": ["researcher"]})
    assert (answer.status_code, answer.location) == (303, member)
    assert "Roles Researcher" in text_of_page(browser.get(member).text)
    assert sign_in_as("redactor").get(f"{STUDY}/redaction").status_code == 403


def test_roles_are_not_all_taken_away(sign_in_as, trial: Trial) -> None:
    member = f"{PATH}/{number_of(trial, 'redactor')}"
    answer = sign_in_as("data_manager").post(f"{member}/roles")
    assert answer.status_code == 422
    assert "Choose at least one role" in answer.text


def test_one_s_own_access_is_not_offered_nor_taken(sign_in_as, trial: Trial) -> None:
    member = f"{PATH}/{number_of(trial, 'data_manager')}"
    browser = sign_in_as("data_manager")
    shown = browser.get(member).text
    assert "This is you." in shown
    assert "<form" not in shown.partition("<main")[2]
    assert browser.post(f"{member}/end-access").status_code == 422
    assert browser.post(f"{member}/roles", data={"roles": ["redactor"]}).status_code == 422
    assert browser.get(PATH).status_code == 200


def test_access_ends_at_once_on_every_device(sign_in_as, trial: Trial) -> None:
    redactor = sign_in_as("redactor")
    assert redactor.get("/studies").status_code == 200
    member = f"{PATH}/{number_of(trial, 'redactor')}"
    browser = sign_in_as("data_manager")
    assert browser.post(f"{member}/end-access").location == PATH
    assert "so their account is closed" in text_of_page(browser.get(PATH).text)
    assert redactor.get("/studies").status_code == 303
    assert browser.get(member).status_code == 404


def test_a_link_is_sent_again_but_not_without_end(sign_in_as, trial: Trial) -> None:
    member = f"{PATH}/{number_of(trial, 'redactor')}"
    browser = sign_in_as("data_manager")
    answers = [browser.post(f"{member}/link").status_code for _ in range(4)]
    assert answers == [303, 303, 303, 422]


def test_somebody_of_no_role_here_is_not_found(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("data_manager")
    eve = number_of(trial, "eve")
    assert browser.get(f"{PATH}/{eve}").status_code == 404
    assert browser.post(f"{PATH}/{eve}/end-access").status_code == 404
