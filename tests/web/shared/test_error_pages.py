from __future__ import annotations

import re

import gallery
import pytest
from flask.testing import FlaskClient

from survey_app.web.errors import CSRF_PAGE, PARTICIPANT_PAGES, STAFF_PAGES

CODES = (400, 403, 404, 405, 413, 429, 500)


@pytest.fixture
def gallery_client() -> FlaskClient:
    return gallery.make_gallery().test_client()


def heading(markup: str) -> str:
    found = re.findall(r"<h1[^>]*>(.*?)</h1>", markup, re.S)
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("code", CODES)
def test_each_fault_has_a_page_for_participants(gallery_client: FlaskClient, code: int) -> None:
    answer = gallery_client.get(f"/survey/fault/{code}")
    assert answer.status_code == code
    assert heading(answer.text) == PARTICIPANT_PAGES[code].title
    assert 'class="govuk-template__body participant"' in answer.text


@pytest.mark.parametrize("code", CODES)
def test_each_fault_has_a_page_for_staff(gallery_client: FlaskClient, code: int) -> None:
    answer = gallery_client.get(f"/staff/fault/{code}")
    assert answer.status_code == code
    assert heading(answer.text) == STAFF_PAGES[code].title
    assert 'class="govuk-template__body staff"' in answer.text


def test_a_fault_without_a_page_of_its_own_gets_the_nearest(gallery_client: FlaskClient) -> None:
    answer = gallery_client.get("/staff/fault/418")
    assert answer.status_code == 418
    assert heading(answer.text) == STAFF_PAGES[400].title
    assert heading(gallery_client.get("/staff/fault/503").text) == STAFF_PAGES[500].title


def test_a_page_that_is_not_there_shows_nothing_of_its_address(
    gallery_client: FlaskClient,
) -> None:
    answer = gallery_client.get("/survey/secret-token<script>alert(1)</script>")
    assert answer.status_code == 404
    assert "secret-token" not in answer.text


def test_an_unforeseen_fault_tells_no_particulars(gallery_client: FlaskClient) -> None:
    answer = gallery_client.get("/survey/fault/500")
    assert "ZeroDivision" not in answer.text
    assert "Traceback" not in answer.text


def test_a_post_without_our_token_is_refused_with_a_reason(gallery_client: FlaskClient) -> None:
    answer = gallery_client.post("/survey/post")
    assert answer.status_code == 400
    assert heading(answer.text) == CSRF_PAGE.title


def test_a_wrong_method_says_which_are_right(gallery_client: FlaskClient) -> None:
    answer = gallery_client.get("/survey/post")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
