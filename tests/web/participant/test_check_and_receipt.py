from __future__ import annotations

import re

from flask import Flask
from letterboxes import Remembering
from respondents import Respondent, title_of, words_of
from rooms import events
from sqlalchemy import func, select

from survey_app.database.models import Contact, Letter, Submission
from survey_app.jobs.delivery import deliver_letters
from survey_app.settings import Settings


def receipt_on(dev: Respondent) -> str:
    found = re.search(r"Your receipt: (\w{4}-\w{4})", words_of(dev.get("receipt")))
    assert found is not None
    return found.group(1)


def test_every_answer_is_shown_in_words(dev: Respondent) -> None:
    dev.begin()
    dev.save("gad7", {"gad7_1": "2", "gad7_2": "-8"})
    dev.save("in-your-own-words", {"would_help": "Time"})
    answer = dev.get("check")
    words = words_of(answer)
    assert title_of(answer) == "Check your answers"
    assert "More than half the days Change" in words
    assert "Prefer not to say Change" in words
    assert "Time Change" in words
    asked = len(dev.trial.definition.questionnaire("baseline", None).questions())
    assert f"You have left out {asked - 3} questions." in words
    assert f'href="{dev.address("gad7")}?back=check#gad7_1"' in answer.text


def test_submitting_gives_a_receipt(dev: Respondent) -> None:
    dev.begin()
    with dev.submit() as answer:
        assert (answer.status_code, answer.location) == (303, dev.address("receipt"))
    page = dev.get("receipt")
    assert title_of(page) == "Your answers are submitted"
    assert receipt_on(dev)
    assert "16 September 2019 at 12:00" in words_of(page)
    assert "20 April 2020" in words_of(page)
    for paragraph in dev.trial.definition.signposting.paragraphs:
        assert paragraph in words_of(page)


def test_the_letter_of_thanks_is_queued_with_the_submission(dev: Respondent) -> None:
    dev.begin()
    dev.submit()
    with dev.trial.database.reading() as session:
        thanks = session.scalar(
            select(func.count()).select_from(Letter).where(Letter.kind == "thanks")
        )
    assert thanks == 1


def test_submitting_twice_gives_one_submission_and_one_receipt(app: Flask, dev: Respondent) -> None:
    dev.begin()
    dev.submit()
    first = receipt_on(dev)
    other = Respondent(app, dev.trial)
    other.open_link()
    assert other.submit().location == dev.address("receipt")
    dev.submit()
    assert receipt_on(dev) == receipt_on(other) == first
    assert len(events(dev.trial, "answers_submitted")) == 1


def letters_of(dev: Respondent, kind: str) -> int:
    with dev.trial.database.reading() as session:
        letters = select(func.count()).select_from(Letter).where(Letter.kind == kind)
        return session.scalar(letters) or 0


def test_a_copy_of_the_receipt_is_sent_once_and_holds_no_answer(
    dev: Respondent, settings: Settings, woken: list[str]
) -> None:
    dev.begin()
    dev.save("in-your-own-words", {"would_help": "Time"})
    dev.submit()
    assert "Email me a copy" in words_of(dev.get("receipt"))
    for _ in range(2):
        with dev.client.post(dev.address("receipt")) as answer:
            assert answer.location == dev.address("receipt")
    assert "deliver_letters" in woken
    assert letters_of(dev, "receipt") == 1
    assert "A copy is on its way" in words_of(dev.get("receipt"))
    assert "Email me a copy" not in words_of(dev.get("receipt"))
    carrier = Remembering()
    deliver_letters(settings, dev.trial.database, clock=dev.trial.clock, transport=carrier)
    (copy,) = (each for each in carrier.sent if "receipt" in each["Subject"])
    words = copy.get_body(("plain",)).get_content()
    assert receipt_on(dev) in words
    assert "/link/" not in words
    assert "Time" not in words


def test_there_is_no_copy_of_a_receipt_that_is_not_there(dev: Respondent) -> None:
    dev.begin()
    assert dev.client.post(dev.address("receipt")).location == dev.address()
    assert letters_of(dev, "receipt") == 0


def test_a_forged_wish_for_a_copy_sends_none(dev: Respondent) -> None:
    dev.begin()
    dev.submit()
    dev.client.application.config["WTF_CSRF_ENABLED"] = True
    answer = dev.client.post(dev.address("receipt"))
    assert answer.status_code == 400
    assert "The copy was not asked for" in words_of(answer)
    assert letters_of(dev, "receipt") == 0


def test_who_has_no_mailbox_is_offered_no_copy(dev: Respondent) -> None:
    dev.begin()
    dev.submit()
    with dev.trial.database.writing() as session:
        for contact in session.scalars(select(Contact)):
            contact.undeliverable_at = dev.trial.clock()
    assert "Email me a copy" not in words_of(dev.get("receipt"))
    dev.client.post(dev.address("receipt"))
    assert letters_of(dev, "receipt") == 0


def test_after_submission_every_page_leads_to_the_receipt(dev: Respondent) -> None:
    dev.begin()
    dev.submit()
    for page in ("", "consent", "gad7", "check", "saved"):
        assert dev.get(page).location == dev.address("receipt")


def test_the_receipt_can_still_be_seen_when_the_wave_has_closed(dev: Respondent) -> None:
    dev.begin()
    dev.submit()
    dev.trial.clock.move(days=60)
    dev.open_link()
    assert dev.get().location == dev.address("receipt")
    assert receipt_on(dev)


def test_there_is_no_receipt_before_submission(dev: Respondent) -> None:
    dev.begin()
    assert dev.get("receipt").location == dev.address()


def test_submitting_after_the_wave_is_refused(dev: Respondent) -> None:
    dev.begin()
    dev.trial.clock.move(days=60)
    answer = dev.submit()
    assert answer.status_code == 409
    assert title_of(answer) == "This questionnaire has closed"
    with dev.trial.database.reading() as session:
        assert session.scalars(select(Submission.submitted_at)).one() is None


def test_a_forged_submission_is_shown_again(dev: Respondent) -> None:
    dev.begin()
    dev.client.application.config["WTF_CSRF_ENABLED"] = True
    answer = dev.submit()
    assert answer.status_code == 400
    assert "were not submitted" in words_of(answer)


def test_nothing_can_be_submitted_before_consent(dev: Respondent) -> None:
    dev.open_link()
    assert dev.submit().location == dev.address("consent")
