from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from rooms import STUDY, actor_of, assert_open_only_to, events, text_of_page
from sqlalchemy import select
from trials import Trial

from survey_app.database.models import Participant, School

SCHOOL = f"{STUDY}/schools/100001"
PAGES = [
    f"{STUDY}/schools/new",
    f"{SCHOOL}/edit",
    f"{SCHOOL}/merge",
    f"{SCHOOL}/people/new",
]
FACTS = {
    "name": "School 1",
    "authority": "Bolton",
    "trust": "Beacon Trust",
    "phase": "primary",
    "mainstream": "yes",
}
PERSON = {
    "name": "Nia New",
    "email": "Nia@School1.example",
    "role": "deputy",
    "on-day": "16",
    "on-month": "9",
    "on-year": "2019",
}


def school(trial: Trial, urn: str = "100001") -> School | None:
    with trial.database.reading() as session:
        return session.scalar(select(School).where(School.urn == urn))


def test_are_open_to_coordinators_only(client: FlaskClient, sign_in_as) -> None:
    assert_open_only_to(
        ["coordinator"],
        pages=[SCHOOL, f"{STUDY}/schools/sharing", *PAGES],
        posts=PAGES,
        client=client,
        sign_in_as=sign_in_as,
    )


def test_a_school_shows_who_is_there_and_what_is_on_record(sign_in_as) -> None:
    shown = text_of_page(sign_in_as("coordinator").get(SCHOOL).text)
    assert "URN 100001" in shown
    assert "Trust None on record" in shown
    assert "Person 1 DSL 16 September 2019 Takes part" in shown
    assert "Deputy One Deputy 16 September 2019 Takes part" in shown


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("school 3", 1), ("100003", 1), ("Deputy Two", 1), ("bolton", 9), ("%", 0)],
)
def test_a_school_is_found_by_what_is_known_of_it(sign_in_as, wanted: str, found: int) -> None:
    page = sign_in_as("coordinator").get(f"{STUDY}/schools", query_string={"wanted": wanted})
    assert f"Schools found: {found}" in text_of_page(page.text)


def test_a_school_is_added_and_shown(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("coordinator")
    answer = browser.post(PAGES[0], data=FACTS | {"urn": "100055", "name": "New School"})
    assert (answer.status_code, answer.location) == (303, f"{STUDY}/schools/100055")
    assert "Beacon Trust" in text_of_page(browser.get(answer.location).text)
    assert [e.by for e in events(trial, "school_added")] == [actor_of(trial, "coordinator")]


@pytest.mark.parametrize(
    ("wrong", "message", "field"),
    [
        ({"urn": "12"}, "Found &#39;12&#39;; expected a URN", "urn"),
        ({"urn": ""}, "Enter the URN", "urn"),
        ({"name": "=1+1"}, "Found &#39;=1+1&#39;; expected a value", "name"),
        ({"authority": ""}, "Enter the local authority", "authority"),
        ({"phase": "upper"}, "Choose the phase", "phase"),
        ({"mainstream": ""}, "Say whether it is a mainstream school", "mainstream"),
        ({"urn": "100001"}, "The school with URN 100001 is on the roster already", "urn"),
    ],
)
def test_a_school_that_cannot_be_is_refused(
    sign_in_as, trial: Trial, wrong: dict[str, str], message: str, field: str
) -> None:
    answer = sign_in_as("coordinator").post(PAGES[0], data=FACTS | {"urn": "100055"} | wrong)
    assert answer.status_code == 422
    assert f'<a href="#{field}">{message}' in answer.text
    assert school(trial, "100055") is None


def test_a_school_is_changed_and_what_changed_is_shown(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("coordinator")
    answer = browser.post(PAGES[1], data=FACTS)
    assert (answer.status_code, answer.location) == (303, SCHOOL)
    shown = text_of_page(browser.get(SCHOOL).text)
    assert "School's trust changed from none to Beacon Trust Coordinator" in shown


def test_after_randomisation_the_authority_stays(sign_in_as, trial: Trial) -> None:
    trial.randomise()
    answer = sign_in_as("coordinator").post(PAGES[1], data=FACTS | {"authority": "Bury"})
    assert answer.status_code == 422
    assert "The school was randomised in Bolton" in answer.text
    assert events(trial, "school_changed") == []


def test_a_second_record_of_a_school_is_merged_into_it(sign_in_as, trial: Trial) -> None:
    browser = sign_in_as("coordinator")
    unsure = browser.post(PAGES[2], data={"other": "100002"})
    assert unsure.status_code == 422
    unknown = browser.post(PAGES[2], data={"other": "999999", "confirmed": "y"})
    assert "No school on the roster has this URN" in unknown.text
    answer = browser.post(PAGES[2], data={"other": "100002", "confirmed": "y"})
    assert (answer.status_code, answer.location) == (303, SCHOOL)
    assert "Person 2 DSL" in text_of_page(browser.get(SCHOOL).text)
    gone = text_of_page(browser.get(f"{STUDY}/schools/100002").text)
    assert "This was a second record of School 1" in gone
    assert "School 2" not in browser.get(f"{STUDY}/schools").text


def test_a_person_is_added_in_the_form_in_which_addresses_are_kept(
    sign_in_as, trial: Trial
) -> None:
    browser = sign_in_as("coordinator")
    answer = browser.post(PAGES[3], data=PERSON)
    assert (answer.status_code, answer.location) == (303, SCHOOL)
    assert "Nia New Deputy 16 September 2019 Takes part" in text_of_page(browser.get(SCHOOL).text)
    with trial.database.reading() as session:
        person = session.scalars(select(Participant).where(Participant.code == "P00012")).one()
        assert person.contact is not None
        assert person.contact.email == "nia@school1.example"


@pytest.mark.parametrize(
    ("wrong", "message", "field"),
    [
        ({"email": "nobody"}, "Found &#39;nobody&#39;; expected an email address", "email"),
        ({"email": "person2@school2.example"}, "This address is that of P00002", "email"),
        ({"role": "head"}, "Say whether DSL or deputy", "role"),
        ({"on-day": "31", "on-month": "2"}, "Enter a day", "on-year"),
    ],
)
def test_a_person_that_cannot_be_is_refused(
    sign_in_as, trial: Trial, wrong: dict[str, str], message: str, field: str
) -> None:
    answer = sign_in_as("coordinator").post(PAGES[3], data=PERSON | wrong)
    assert answer.status_code == 422
    assert f'<a href="#{field}">{message}' in answer.text
    assert events(trial, "person_added") == []


def test_a_school_that_is_not_there_has_no_page(sign_in_as) -> None:
    browser = sign_in_as("coordinator")
    assert browser.get(f"{STUDY}/schools/999999").status_code == 404
    assert browser.post(f"{STUDY}/schools/999999/edit", data=FACTS).status_code == 404


def test_what_schools_share_is_shown_with_arms_only_to_whom_they_may_be(
    sign_in_as, trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = sign_in_as("coordinator")
    for number in range(1, 9):
        browser.post(
            f"{STUDY}/schools/10000{number}/edit", data=FACTS | {"name": f"School {number}"}
        )
    browser.post(
        f"{STUDY}/people/P00001/also-at",
        data={"urn": "100002", "on-day": "16", "on-month": "9", "on-year": "2019"},
    )
    page = f"{STUDY}/schools/sharing"
    shown = text_of_page(browser.get(page).text)
    assert "Person 1 School 1 School 2 Not randomised yet" in shown
    trial.randomise()
    shown = text_of_page(browser.get(page).text)
    assert "Beacon Trust 8" in shown
    assert "Spans arms" in shown
    from survey_app import roles

    monkeypatch.setitem(
        roles.PERMISSIONS, "coordinator", roles.PERMISSIONS["coordinator"] - {"see_arms"}
    )
    shown = text_of_page(browser.get(page).text)
    assert "The arms are held back from you" in shown
    assert "Spans arms" not in shown
    assert "One arm" not in shown
