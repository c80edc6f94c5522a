from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from respondents import hidden_field
from rooms import STUDY, actor_of, assert_open_only_to, comment_by, events, text_of_page
from sqlalchemy import select
from trials import Trial

from survey_app.database.models import Comment

PATH = f"{STUDY}/redaction"
WORDS = "Mrs Smith of Elm Road never answers."


@pytest.fixture
def comment(trial: Trial) -> int:
    trial.invite()
    return comment_by(trial, WORDS)


def on_record(trial: Trial, comment_id: int) -> Comment:
    with trial.database.reading() as session:
        return session.scalars(select(Comment).where(Comment.id == comment_id)).one()


def test_is_open_to_redactors_only(client: FlaskClient, sign_in_as, comment: int) -> None:
    assert_open_only_to(
        ["redactor"],
        pages=[PATH],
        posts=[f"{PATH}/{comment}"],
        client=client,
        sign_in_as=sign_in_as,
    )


def test_shows_the_question_and_the_words_and_nothing_of_the_person(
    sign_in_as, comment: int
) -> None:
    page = sign_in_as("redactor").get(PATH).text
    shown = text_of_page(page)
    assert "1 comment was submitted: 0 released to coders, 1 waiting." in shown
    assert "What would help you most in this role?" in shown
    assert WORDS in shown
    assert "[child A]" in shown
    assert "School 1" not in page
    assert "Person 1" not in page


def test_releases_the_words_as_redacted_and_keeps_those_as_written(
    sign_in_as, trial: Trial, comment: int
) -> None:
    browser = sign_in_as("redactor")
    answer = browser.post(f"{PATH}/{comment}", data={"redacted": "[staff 1] never answers."})
    assert (answer.status_code, answer.location) == (303, f"{PATH}?after={comment}")
    kept = on_record(trial, comment)
    assert (kept.body, kept.redacted) == (WORDS, "[staff 1] never answers.")
    assert [e.by for e in events(trial, "comment_released")] == [actor_of(trial, "redactor")]
    shown = text_of_page(browser.get(answer.location).text)
    assert "Released to coders." in shown
    assert "That was the last one." in shown


def test_refuses_words_that_were_changed_by_their_writer_since_they_were_read(
    sign_in_as, trial: Trial, comment: int
) -> None:
    browser = sign_in_as("redactor")
    read = hidden_field(browser.get(PATH).text, "as_saved_at")
    with trial.database.writing() as session:
        session.get_one(Comment, comment).saved_at += timedelta(minutes=1)
    answer = browser.post(f"{PATH}/{comment}", data={"redacted": "x", "as_saved_at": read})
    assert answer.status_code == 422
    assert "has changed it since you opened it" in text_of_page(answer.text)
    assert on_record(trial, comment).released_at is None


@pytest.mark.parametrize("nothing", ["", " \n "])
def test_refuses_to_release_nothing(sign_in_as, trial: Trial, comment: int, nothing: str) -> None:
    answer = sign_in_as("redactor").post(f"{PATH}/{comment}", data={"redacted": nothing})
    assert answer.status_code == 422
    assert '<a href="#redacted">Leave some words' in answer.text
    assert on_record(trial, comment).released_at is None


def test_two_redactors_at_once_release_a_comment_once(
    sign_in_as, trial: Trial, comment: int
) -> None:
    browser = sign_in_as("redactor")
    browser.post(f"{PATH}/{comment}", data={"redacted": "First."})
    answer = browser.post(f"{PATH}/{comment}", data={"redacted": "Second, typed at length."})
    assert answer.status_code == 422
    assert "This comment is already released." in answer.text
    assert "Second, typed at length." in answer.text
    assert on_record(trial, comment).redacted == "First."


def test_a_comment_left_for_later_waits_at_the_end(sign_in_as, trial: Trial, comment: int) -> None:
    second = comment_by(trial, "More time.", person=2)
    browser = sign_in_as("redactor")
    assert f'href="{PATH}?after={comment}">Leave for later' in browser.get(PATH).text
    assert "More time." in browser.get(f"{PATH}?after={comment}").text
    end = text_of_page(browser.get(f"{PATH}?after={second}").text)
    assert "You have reached the end." in end


def test_a_comment_still_being_written_is_not_shown(sign_in_as, trial: Trial) -> None:
    trial.invite()
    unfinished = comment_by(trial, "Half a sent", is_submitted=False)
    browser = sign_in_as("redactor")
    assert "No comment waits for you." in browser.get(PATH).text
    answer = browser.post(f"{PATH}/{unfinished}", data={"redacted": "x"})
    assert answer.status_code == 404


def test_what_was_written_cannot_run(sign_in_as, trial: Trial) -> None:
    trial.invite()
    comment_by(trial, "</textarea><script>alert(1)</script>")
    assert "<script" not in sign_in_as("redactor").get(PATH).text
