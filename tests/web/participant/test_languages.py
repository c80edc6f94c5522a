from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from trials import Trial

import survey_app.web.participant.room as room
from survey_app.web.languages import languages_offered


@pytest.fixture
def bilingual(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the study offer Welsh, which none of the ready-made ones does."""
    monkeypatch.setattr(room, "languages_offered", lambda _: languages_offered(("en", "cy")))


@pytest.fixture
def answering(client: FlaskClient, trial: Trial) -> str:
    """The address of the questionnaire of somebody who has opened the link."""
    trial.invite()
    client.post(f"/link/{trial.token()}")
    return f"/answer/{trial.reference()}"


def test_a_link_opens_in_welsh_where_its_address_asks_for_it(client, trial: Trial) -> None:
    trial.invite()
    page = client.get(f"/link/{trial.token()}?language=cy")
    assert '<html class="govuk-template" lang="cy">' in page.text
    assert "Dechrau neu barhau" in page.text
    assert "Set-Cookie" not in page.headers
    client.post(f"/link/{trial.token()}?language=cy")
    consent = client.get(f"/answer/{trial.reference()}/consent").text
    assert "Cyn i chi ddechrau" in consent


def test_the_language_chosen_stays_until_another_is_chosen(client, answering: str) -> None:
    assert "Before you start" in client.get(f"{answering}/consent").text
    assert "Cyn i chi ddechrau" in client.get(f"{answering}/consent?language=cy").text
    assert "Cyn i chi ddechrau" in client.get(f"{answering}/consent").text
    assert "Before you start" in client.get(f"{answering}/consent?language=en").text
    assert "Before you start" in client.get(f"{answering}/consent?language=xx").text


def test_the_study_s_own_words_are_marked_as_english_on_a_welsh_page(
    client, answering: str
) -> None:
    client.post(f"{answering}/consent", data={"consent_survey": "y"})
    page = client.get(f"{answering}/gad7?language=cy").text
    assert re.search(r'<legend [^>]*lang="en-GB"[^>]*>Feeling nervous', page)
    assert re.search(r"<label [^>]*>Gwell gennyf beidio â dweud</label>", page)
    english = client.get(f"{answering}/gad7?language=en").text
    assert 'lang="en-GB"' not in english.partition("<body")[2]


def test_refusals_and_dates_are_in_the_language_too(client, answering: str) -> None:
    refused = client.post(f"{answering}/consent?language=cy", data={})
    assert refused.status_code == 400
    assert "<title>Gwall: Cyn i chi ddechrau" in refused.text
    assert "Mae problem" in refused.text
    assert "18 Hydref 2019" in refused.text
    missing = client.get(f"{answering}/no-such-page?language=cy")
    assert missing.status_code == 404


def test_a_study_in_one_language_shows_no_switch(client, answering: str) -> None:
    assert "hreflang" not in client.get(f"{answering}/consent").text


def test_a_study_in_two_languages_shows_the_other(client, bilingual, answering: str) -> None:
    page = client.get(f"{answering}/consent").text
    assert '<a href="?language=cy" lang="cy" hreflang="cy">Cymraeg</a>' in page
    welsh = client.get(f"{answering}/consent?language=cy").text
    assert '<a href="?language=en" lang="en-GB" hreflang="en-GB">English</a>' in welsh


def test_staff_pages_stay_english(client: FlaskClient, trial: Trial) -> None:
    page = client.get("/account/sign-in?language=cy").text
    assert 'lang="en-GB"' in page
    assert "Sign in" in page
