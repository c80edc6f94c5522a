from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from looking import rows
from respondents import Respondent, title_of, words_of
from trials import BY, KEY, Trial

from survey_app.database.models import Participant, WrongLink
from survey_app.links import code_for_letter
from survey_app.operations.posted_letters import print_letters
from survey_app.operations.revocation import revoke_links
from survey_app.operations.wrong_links import MOST_OF_ONE_NETWORK


@pytest.fixture
def code(dev: Respondent) -> str:
    """The code of a letter posted to Dev."""
    with dev.trial.database.writing() as session:
        (letter,) = print_letters(
            session,
            study=dev.trial.study(session),
            wave="baseline",
            people=[1],
            key=KEY,
            by=BY,
            at=dev.trial.clock(),
        )
    return letter.code


@pytest.mark.parametrize("as_typed", [str, str.lower, lambda code: code.replace("-", " ")])
def test_a_code_opens_the_visit_as_a_link_does(dev: Respondent, code: str, as_typed) -> None:
    answer = dev.client.post("/code", data={"code": as_typed(code)})
    assert (answer.status_code, answer.location) == (303, dev.address("consent"))
    assert dev.get().location == dev.address("consent")


def test_a_code_taken_back_opens_nothing_more(dev: Respondent, code: str) -> None:
    dev.client.post("/code", data={"code": code})
    with dev.trial.database.writing() as session:
        person = session.get_one(Participant, 1)
        revoke_links(session, participant=person, by=BY, at=dev.trial.clock())
    assert dev.client.post("/code", data={"code": code}).status_code == 400
    assert dev.get("consent").status_code == 403


@pytest.mark.parametrize(
    ("typed", "told", "counted"),
    [
        ("", "Enter the code from your letter", 0),
        ("AB12-CD34-EF57", "one of its letters or numbers is not as in your letter", 0),
        ("AB12 CD34", "The code has 12 letters and numbers. You entered 8", 0),
        ("\x00", "You entered 0", 0),
        (code_for_letter(999, key=KEY), "We do not know this code", 1),
    ],
)
def test_a_code_that_opens_nothing_says_why(
    client: FlaskClient, invited: Trial, typed: str, told: str, counted: int
) -> None:
    answer = client.post("/code", data={"code": typed})
    assert answer.status_code == 400
    assert told in words_of(answer)
    assert len(rows(invited.database, WrongLink)) == counted


def test_guessing_codes_is_slowed_and_the_right_one_still_opens(dev: Respondent, code: str) -> None:
    for n in range(MOST_OF_ONE_NETWORK):
        dev.client.post("/code", data={"code": code_for_letter(1000 + n, key=KEY)})
    slowed = dev.client.post("/code", data={"code": code_for_letter(5000, key=KEY)})
    assert (slowed.status_code, title_of(slowed)) == (429, "Too many tries")
    assert dev.client.post("/code", data={"code": code}).status_code == 303
