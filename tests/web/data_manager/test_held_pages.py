from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from rooms import STUDY, assert_open_only_to, text_of_page
from sqlalchemy import select
from trials import Trial

from survey_app.database.models import Invitation
from survey_app.operations.submissions import hold_page

PATH = f"{STUDY}/held-pages"


@pytest.fixture
def held(trial: Trial) -> None:
    trial.invite()
    with trial.database.writing() as session:
        invitation = session.scalars(select(Invitation).order_by(Invitation.id)).all()[0]
        hold_page(
            session,
            invitation=invitation,
            page="in-your-own-words",
            posted={"would_help": "<b>Time</b>", "csrf_token": "a-token"},
            reason="The wave had closed.",
            at=trial.clock(),
        )


def test_is_open_to_data_managers_only(client: FlaskClient, sign_in_as, held: None) -> None:
    assert_open_only_to(["data_manager"], pages=[PATH], client=client, sign_in_as=sign_in_as)


def test_shows_what_was_sent_and_why_it_is_held(sign_in_as, held: None) -> None:
    page = sign_in_as("data_manager").get(PATH).text
    shown = text_of_page(page)
    assert "Page in-your-own-words, 16 September 2019 at 12:00 The wave had closed." in shown
    assert "would_help <b>Time</b>" in shown
    assert "a-token" not in page
    assert "<b>" not in page


def test_says_so_when_no_page_is_held(sign_in_as) -> None:
    assert "No page is held." in sign_in_as("data_manager").get(PATH).text
