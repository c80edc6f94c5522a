from __future__ import annotations

from flask.testing import FlaskClient
from rooms import STUDY, assert_open_only_to, text_of_page
from trials import Trial

PATH = f"{STUDY}/schools"


def test_is_open_to_coordinators_only(client: FlaskClient, sign_in_as) -> None:
    assert_open_only_to(["coordinator"], pages=[PATH], client=client, sign_in_as=sign_in_as)


def test_lists_schools_with_their_people(sign_in_as) -> None:
    shown = text_of_page(sign_in_as("coordinator").get(PATH).text)
    assert "School 3 100003 Bolton Person 3 (DSL), person3@school3.example" in shown
    assert "Deputy One (deputy), deputy1@school1.example; Person 1 (DSL)" in shown
    assert "Cannot take part: not a mainstream school" in shown
    assert "Not randomised yet" in shown


def test_shows_the_arm_once_there_is_one(sign_in_as, trial: Trial) -> None:
    trial.randomise()
    shown = text_of_page(sign_in_as("coordinator").get(PATH).text)
    assert "Not randomised yet" not in shown
    assert shown.count("Support as usual") == 4


def test_a_page_number_out_of_range_gives_the_nearest_page(sign_in_as) -> None:
    browser = sign_in_as("coordinator")
    for page in ("0", "99", "-1", "x"):
        assert "School 1" in browser.get(f"{PATH}?page={page}").text
