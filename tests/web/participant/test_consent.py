from __future__ import annotations

from respondents import CONSENT, Respondent, title_of, words_of
from rooms import events
from sqlalchemy import select

from survey_app.database.models import Consent, Submission


def consents(dev: Respondent) -> dict[str, bool]:
    with dev.trial.database.reading() as session:
        return dict(session.execute(select(Consent.key, Consent.given)).all())


def test_says_who_it_is_for_and_what_to_know(dev: Respondent) -> None:
    dev.open_link()
    answer = dev.get("consent")
    words = words_of(answer)
    assert "This questionnaire is for Person 1 at School 1 ." in words
    assert "This is not me" in words
    for paragraph in dev.trial.definition.notice.paragraphs:
        assert paragraph in words
    assert "18 October 2019" in words


def test_every_consent_has_its_own_box_and_none_is_ticked(dev: Respondent) -> None:
    dev.open_link()
    markup = dev.get("consent").text
    assert markup.count('type="checkbox"') == len(dev.trial.definition.consents) == 4
    assert " checked" not in markup


def test_without_the_needed_tick_nothing_starts(dev: Respondent) -> None:
    dev.open_link()
    answer = dev.client.post(dev.address("consent"), data={"consent_quotation": "yes"})
    assert answer.status_code == 400
    assert title_of(answer) == "Error: Before you start"
    assert 'href="#consent_survey"' in answer.text
    assert 'id="consent_quotation" name="consent_quotation" value="yes" checked' in answer.text
    with dev.trial.database.reading() as session:
        assert session.scalar(select(Submission.id)) is None


def test_the_ticks_are_kept_one_by_one(dev: Respondent) -> None:
    dev.open_link()
    answer = dev.client.post(dev.address("consent"), data={**CONSENT, "consent_archive": "yes"})
    assert (answer.status_code, answer.location) == (303, dev.address("about-you"))
    assert consents(dev) == {
        "survey": True, "quotation": False, "recontact": False, "archive": True,
    }  # fmt: skip
    assert len(events(dev.trial, "answering_started")) == 1


def test_going_back_shows_the_ticks_and_lets_them_change(dev: Respondent) -> None:
    dev.begin()
    assert 'name="consent_survey" value="yes" checked' in dev.get("consent").text
    dev.client.post(dev.address("consent"), data={**CONSENT, "consent_recontact": "yes"})
    assert consents(dev)["recontact"] is True
    assert len(events(dev.trial, "answering_started")) == 1


def test_no_question_is_shown_before_consent(dev: Respondent) -> None:
    dev.open_link()
    for page in ("gad7", "check"):
        assert dev.get(page).location == dev.address("consent")
    answer = dev.client.post(dev.address("gad7"), data={"gad7_1": "1"})
    assert answer.location == dev.address("consent")
    assert dev.saved == {}


def test_after_the_wave_consent_is_refused(dev: Respondent) -> None:
    dev.open_link()
    dev.trial.clock.move(days=60)
    answer = dev.client.post(dev.address("consent"), data=CONSENT)
    assert answer.status_code == 409
    assert title_of(answer) == "This questionnaire has closed"


def test_a_forged_post_gives_the_ticks_back(dev: Respondent) -> None:
    dev.open_link()
    dev.client.application.config["WTF_CSRF_ENABLED"] = True
    answer = dev.client.post(dev.address("consent"), data=CONSENT)
    assert answer.status_code == 400
    assert "Press “Continue” again" in words_of(answer)
    assert 'name="consent_survey" value="yes" checked' in answer.text
    assert consents(dev) == {}
