from __future__ import annotations

from flask.testing import FlaskClient
from rooms import STUDY, text_of_page
from trials import Trial


def test_lists_the_studies_with_the_role_and_what_it_may_do(sign_in_as, trial: Trial) -> None:
    page = sign_in_as("evaluator").get("/studies").text
    assert trial.definition.title in page
    assert "Your role: Evaluator" in page
    assert f'href="{STUDY}/reports"' in page
    assert f'href="{STUDY}/schools"' not in page


def test_says_so_when_there_is_no_role_anywhere(sign_in_as) -> None:
    page = sign_in_as("eve").get("/studies")
    assert page.status_code == 200
    assert "You have no role in any study yet." in text_of_page(page.text)
    assert "bolton" not in page.text


def test_asks_strangers_to_sign_in(client: FlaskClient) -> None:
    assert client.get("/studies").location == "/account/sign-in?next=/studies"
