"""Submitted answers stay as they are, unless the study lets people change them."""

from __future__ import annotations

import pytest
from changeable import let_change
from flask import Flask
from respondents import Respondent, chosen_on, title_of, words_of
from rooms import events, release
from sqlalchemy import select
from trials import Trial

from survey_app.database.models import Comment, ResponseEvent

OPEN = "in-your-own-words"


@pytest.fixture
def submitted(app: Flask, trial: Trial) -> Respondent:
    """Dev, who has submitted in a study that lets answers be changed."""
    changeable = let_change(trial)
    changeable.invite()
    dev = Respondent(app, changeable).begin()
    dev.save("gad7", {"gad7_1": "1"})
    dev.save(OPEN, {"would_help": "Time"})
    assert "you can still change them until the end of 18 October 2019" in words_of(
        dev.get("check")
    )
    dev.submit()
    return dev


def test_the_receipt_says_until_when_answers_can_be_changed(submitted: Respondent) -> None:
    words = words_of(submitted.get("receipt"))
    assert "You can change your answers until the end of 18 October 2019." in words
    submitted.trial.clock.move(days=60)
    words = words_of(submitted.get("receipt"))
    assert "Your answers can no longer be changed here." in words
    assert submitted.get("check").location == submitted.address("receipt")


def test_a_change_counts_and_what_was_submitted_stays_in_the_history(submitted: Respondent) -> None:
    submitted.trial.clock.move(hours=1)
    check = submitted.get("check")
    assert "You have submitted your answers." in words_of(check)
    assert "Submit my answers" not in check.text
    page = submitted.get("gad7")
    assert chosen_on(page) == {"gad7_1": "1"}
    assert "<script" not in page.text
    assert submitted.save("gad7", {"gad7_1": "3"}).location == submitted.address("check")
    assert submitted.saved["gad7_1"] == 3
    with submitted.trial.database.reading() as session:
        history = select(ResponseEvent.value).where(ResponseEvent.item == "gad7_1")
        assert session.scalars(history.order_by(ResponseEvent.id)).all() == [1, 3]
    (event,) = events(submitted.trial, "submitted_page_changed")
    assert event.detail == {"answers": 1}
    assert submitted.held == []


def test_what_was_submitted_does_not_change_while_somebody_types(submitted: Respondent) -> None:
    answer = submitted.save_items("gad7", {"gad7_1": "3"})
    assert answer.status_code == 409
    assert submitted.saved["gad7_1"] == 1
    assert submitted.held == [("gad7", "posted after submission", {"gad7_1": "3"})]


def test_a_comment_that_was_released_no_longer_changes(submitted: Respondent) -> None:
    with submitted.trial.database.reading() as session:
        found = select(Comment.id).where(Comment.question == "would_help")
        comment_id = session.scalars(found).one()
    release(submitted.trial, comment_id, "Time")
    assert submitted.save(OPEN, {"would_help": "Money"}).location == submitted.address("receipt")
    assert "Your submitted answers have not changed." in words_of(submitted.get("receipt"))
    assert submitted.saved["would_help"] == "Time"
    assert submitted.held == [(OPEN, "posted after submission", {"would_help": "Money"})]
    kept = submitted.save(OPEN, {"would_help": "Time", "most_stressful": "Waiting"})
    assert kept.location == submitted.address("check")
    assert submitted.saved["most_stressful"] == "Waiting"


def test_where_the_study_does_not_say_so_nothing_changes(dev: Respondent) -> None:
    dev.begin()
    assert "they can no longer be changed here" in words_of(dev.get("check"))
    dev.submit()
    assert "Your answers can no longer be changed here." in words_of(dev.get("receipt"))
    assert title_of(dev.get("receipt")) == "Your answers are submitted"
    for page in ("check", "gad7"):
        assert dev.get(page).location == dev.address("receipt")
