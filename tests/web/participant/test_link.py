from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from respondents import Respondent, title_of, words_of
from sqlalchemy import select
from trials import BY, Trial

from survey_app.database.models import AuditEvent, Letter, Participant
from survey_app.operations.revocation import revoke_links

WRONG = "x" * 32


def test_the_page_is_the_same_for_good_and_bad_links(client: FlaskClient, invited: Trial) -> None:
    good, bad = f"/link/{invited.token()}", f"/link/{WRONG}"
    assert client.get(good).data == client.get(bad).data == client.get("/link/short").data
    assert client.head(good).status_code == client.head(bad).status_code == 200


def test_looking_at_a_link_leaves_nothing_behind(client: FlaskClient, invited: Trial) -> None:
    before = everything(invited)
    answer = client.get(f"/link/{invited.token()}")
    assert "Set-Cookie" not in answer.headers
    assert everything(invited) == before


def everything(trial: Trial) -> list[object]:
    with trial.database.reading() as session:
        letters = session.execute(select(Letter.id, Letter.state, Letter.revoked_at)).all()
        return [*letters, *session.scalars(select(AuditEvent.id))]


def test_pressing_the_button_opens_the_visit_and_leaves_the_secret_behind(dev: Respondent) -> None:
    answer = dev.open_link()
    assert (answer.status_code, answer.location) == (303, dev.address("consent"))
    assert dev.get().location == dev.address("consent")


def test_a_link_works_again_and_on_another_device(app: Flask, dev: Respondent) -> None:
    dev.begin()
    dev.save("gad7", {"gad7_1": "2"})
    other = Respondent(app, dev.trial)
    other.open_link()
    assert 'value="2" checked' in other.get("gad7").text


@pytest.mark.parametrize("token", [WRONG, "short", "é" * 32, "x" * 2000, "a/../../b", "%00" * 32])
def test_a_wrong_link_gets_a_page_that_helps(client: FlaskClient, token: str) -> None:
    answer = client.post(f"/link/{token}")
    assert answer.status_code == 404
    if "/" not in token:
        assert title_of(answer) == "This link does not work"
    assert "Bolton" not in answer.text


def test_a_revoked_link_opens_nothing(dev: Respondent) -> None:
    dev.begin()
    with dev.trial.database.writing() as session:
        person = session.scalars(select(Participant).where(Participant.code == "P00001")).one()
        revoke_links(session, participant=person, by=BY, at=dev.trial.clock())
    assert dev.open_link().status_code == 404
    assert dev.get("gad7").status_code == 403


def test_nobody_gets_in_without_a_link(dev: Respondent) -> None:
    for page in ("", "consent", "gad7", "check", "saved", "receipt"):
        answer = dev.get(page)
        assert answer.status_code == 403
        assert title_of(answer) == "Open your link again"
        assert "Person 1" not in answer.text


def test_one_persons_link_opens_nobody_elses_answers(app: Flask, dev: Respondent) -> None:
    other = Respondent(app, dev.trial, person=2).begin()
    assert other.client.get(dev.address("gad7")).status_code == 403
    assert other.client.get("/answer/unknown/").status_code == 403


def test_a_browser_keeps_the_five_newest_visits(app: Flask, invited: Trial) -> None:
    people = [Respondent(app, invited, person) for person in range(1, 7)]
    browser = people[0].client
    for person in people:
        browser.post(f"/link/{invited.token(person.person)}")
    opened = [browser.get(person.address()).status_code for person in people]
    assert opened == [403, 303, 303, 303, 303, 303]


def test_leaving_forgets_the_visit_in_this_browser_only(dev: Respondent) -> None:
    dev.begin()
    dev.save("gad7", {"gad7_1": "2"})
    left = dev.client.post(dev.address("leave"), follow_redirects=True)
    assert title_of(left) == "You have left"
    assert dev.get("gad7").status_code == 403
    dev.open_link()
    assert 'value="2" checked' in dev.get("gad7").text


def test_before_the_wave_the_page_says_when_it_opens(dev: Respondent) -> None:
    dev.trial.clock.move(days=-5)
    dev.open_link()
    answer = dev.get()
    assert title_of(answer) == "This questionnaire is not open yet"
    assert "16 September 2019" in words_of(answer)


def test_after_the_wave_the_page_says_when_it_closed(dev: Respondent) -> None:
    dev.begin()
    dev.save("gad7", {"gad7_1": "2"})
    dev.trial.clock.move(days=60)
    for page in ("", "consent", "gad7", "check"):
        answer = dev.get(page)
        assert title_of(answer) == "This questionnaire has closed"
        assert "18 October 2019" in words_of(answer)
        assert "The pages you saved are kept." in words_of(answer)


def test_the_last_day_counts_to_its_last_minute(dev: Respondent) -> None:
    dev.trial.clock.noon_on(dev.trial.definition.wave("baseline").closes_on)
    dev.trial.clock.move(hours=11, minutes=59)
    dev.begin()
    dev.trial.clock.move(minutes=1)
    assert title_of(dev.get("gad7")) == "This questionnaire has closed"
