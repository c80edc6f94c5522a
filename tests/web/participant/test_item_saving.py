"""Answers saved while their page is being answered, as the page's script posts them."""

from __future__ import annotations

import pytest
from flask import Flask
from respondents import Respondent, chosen_on, hidden_field, text_in
from rooms import events
from sqlalchemy import select

from survey_app.database.models import Comment, Response, ResponseEvent

OPEN = "in-your-own-words"
WHOLE = {f"gad7_{n}": "1" for n in range(1, 8)}
OTHERS = ("about-you", "dsl-confidence", "dsl-confidence-2", "pss10", OPEN)


@pytest.fixture
def answering(dev: Respondent) -> Respondent:
    return dev.begin()


def window(turn: int, name: str = "a") -> dict[str, str]:
    return {"page-window": name * 16, "page-turn": str(turn)}


def shown_on(answering: Respondent, page: str) -> str:
    return hidden_field(answering.get(page).text, "shown")


def history(answering: Respondent, item: str) -> list[object]:
    with answering.trial.database.reading() as session:
        found = select(ResponseEvent).where(ResponseEvent.item == item).order_by(ResponseEvent.id)
        return [e.body if e.value is None else e.value for e in session.scalars(found)]


def test_only_what_was_changed_is_saved_and_the_answer_carries_the_new_marks(
    answering: Respondent,
) -> None:
    answer = answering.save_items("gad7", {"gad7_2": "3"})
    assert answer.status_code == 200
    assert answer.json == {"shown": ".3.....", "refused": []}
    assert answering.saved == {"gad7_2": 3}
    assert chosen_on(answering.get("gad7")) == {"gad7_2": "3"}


def test_the_same_post_again_changes_nothing(answering: Respondent) -> None:
    shown = shown_on(answering, OPEN)
    for _ in range(2):
        answering.save_items(OPEN, {"would_help": "Time"}, shown=shown)
    assert history(answering, "would_help") == ["Time"]


def test_a_page_answered_but_not_sent_is_where_one_goes_on(answering: Respondent) -> None:
    for page in OTHERS:
        answering.save(page, {})
    answering.save_items("gad7", WHOLE)
    assert answering.get().location == answering.address("gad7")
    assert chosen_on(answering.get("gad7")) == WHOLE
    answering.save("gad7", WHOLE)
    assert answering.get().location == answering.address("check")


def test_a_page_sent_stays_sent_when_it_is_changed_again(answering: Respondent) -> None:
    for page in (*OTHERS, "gad7"):
        answering.save(page, {})
    answering.save_items("gad7", {"gad7_1": "2"})
    answering.save_items(OPEN, {"would_help": "Time"})
    assert answering.get().location == answering.address("check")
    assert (answering.saved["gad7_1"], answering.saved["would_help"]) == (2, "Time")


def test_the_history_has_every_saving_and_the_trail_one_line_for_the_page(
    answering: Respondent,
) -> None:
    for value in ("1", "2"):
        answering.save_items("gad7", {"gad7_1": value})
    assert events(answering.trial, "page_saved") == []
    answering.save("gad7", {"gad7_1": "2"})
    answering.save("gad7", {"gad7_1": "2"})
    assert history(answering, "gad7_1") == [1, 2]
    (event,) = events(answering.trial, "page_saved")
    assert event.detail == {"answers": 7}


def test_words_taken_back_are_saved_as_taken_back(answering: Respondent) -> None:
    shown = answering.save_items(OPEN, {"would_help": "Time"}).json["shown"]
    answering.save_items(OPEN, {"would_help": ""}, shown=shown)
    assert history(answering, "would_help") == ["Time", ""]


def test_of_two_devices_each_changes_its_own_and_the_newest_counts(answering: Respondent) -> None:
    phone = desk = shown_on(answering, "gad7")
    phone = answering.save_items("gad7", {"gad7_1": "1"}, shown=phone).json["shown"]
    desk = answering.save_items("gad7", {"gad7_1": "3"}, shown=desk).json["shown"]
    # The phone still shows 1, which it saved itself: it must not take the desk's answer back.
    answering.save_items("gad7", {"gad7_1": "1", "gad7_2": "2"}, shown=phone)
    assert answering.saved == {"gad7_1": 3, "gad7_2": 2}
    assert history(answering, "gad7_1") == [1, 3]


def test_a_post_overtaken_on_the_way_changes_nothing(answering: Respondent) -> None:
    shown = shown_on(answering, OPEN)
    answering.save_items(OPEN, {"would_help": "Time to think", **window(2)}, shown=shown)
    late = answering.save_items(OPEN, {"would_help": "Time", **window(1)}, shown=shown)
    assert late.status_code == 200
    assert history(answering, "would_help") == ["Time to think"]


def test_a_post_overtaken_by_the_page_itself_changes_nothing(answering: Respondent) -> None:
    shown = shown_on(answering, OPEN)
    sent = answering.save(OPEN, {"would_help": "", **window(2)}, shown=shown)
    assert sent.status_code == 303
    answering.save_items(OPEN, {"would_help": "Time", **window(1)}, shown=shown)
    assert answering.saved == {}


@pytest.mark.parametrize(
    "stray",
    [
        {"page-window": "a" * 16},
        {"page-window": "a" * 16, "page-turn": "-1"},
        {"page-window": "a" * 16, "page-turn": "9" * 30},
        {"page-window": "\x00" * 16, "page-turn": "1"},
    ],
)
def test_a_window_that_says_nothing_sensible_is_saved_as_one_without(
    answering: Respondent, stray: dict[str, str]
) -> None:
    assert answering.save_items("gad7", {"gad7_1": "1", **stray}).status_code == 200
    assert answering.saved == {"gad7_1": 1}


def test_what_is_too_long_is_named_the_rest_saved_and_the_saved_words_stay(
    answering: Respondent,
) -> None:
    shown = answering.save_items(OPEN, {"would_help": "Time"}).json["shown"]
    posted = {"would_help": "x" * 4001, "most_stressful": "Waiting"}
    answer = answering.save_items(OPEN, posted, shown=shown)
    assert answer.json["refused"] == ["would_help"]
    assert answering.saved == {"would_help": "Time", "most_stressful": "Waiting"}
    assert answering.held == []
    shorter = {"would_help": "x" * 4000, "most_stressful": "Waiting"}
    assert answering.save_items(OPEN, shorter, shown=answer.json["shown"]).json["refused"] == []
    assert answering.saved["would_help"] == "x" * 4000


def test_what_is_too_long_when_the_page_is_left_is_held(answering: Respondent) -> None:
    posted = {"would_help": "x" * 4001}
    answering.save_items(OPEN, {**posted, "page-leaving": "yes"})
    assert answering.held == [(OPEN, "comment too long", posted)]


def test_after_the_wave_it_is_held_and_said_to_be(answering: Respondent) -> None:
    shown = shown_on(answering, "gad7")
    answering.trial.clock.move(days=60)
    answer = answering.save_items("gad7", {"gad7_1": "1"}, shown=shown)
    assert answer.status_code == 409
    assert "was not added to your answers" in answer.json["told"]
    assert answering.saved == {}
    assert answering.held == [("gad7", "posted after the wave closed", {"gad7_1": "1"})]


def test_after_submission_it_is_held_and_said_to_be(answering: Respondent) -> None:
    shown = shown_on(answering, "gad7")
    answering.submit()
    answer = answering.save_items("gad7", {"gad7_1": "1"}, shown=shown)
    assert answer.status_code == 409
    assert "submitted from another window" in answer.json["told"]
    assert answering.saved == {}
    assert answering.held == [("gad7", "posted after submission", {"gad7_1": "1"})]


def test_a_forged_post_saves_nothing_and_says_so(answering: Respondent) -> None:
    shown = shown_on(answering, "gad7")
    answering.client.application.config["WTF_CSRF_ENABLED"] = True
    answer = answering.save_items("gad7", {"gad7_1": "1", "csrf_token": "forged"}, shown=shown)
    assert answer.status_code == 403
    assert "Not saved yet" in answer.json["told"]
    assert answering.saved == {}


def test_a_browser_without_the_visit_saves_nothing(app: Flask, answering: Respondent) -> None:
    address = answering.address("gad7/items")
    answer = app.test_client().post(address, data={"gad7_1": "1"})
    assert answer.status_code == 403
    assert "Not saved yet" in answer.json["told"]
    assert answering.saved == {}


def test_an_unknown_page_is_not_found(answering: Respondent) -> None:
    assert answering.client.post(answering.address("nothing/items")).status_code == 404


def test_a_page_of_drafts_is_submitted_as_it_stands(answering: Respondent) -> None:
    answering.save_items("gad7", {"gad7_1": "1"})
    answering.save_items(OPEN, {"would_help": "Time"})
    assert answering.submit().location == answering.address("receipt")
    assert answering.saved == {"gad7_1": 1, "would_help": "Time"}
    with answering.trial.database.reading() as session:
        assert session.scalars(select(Response.is_draft)).all() == [True]
        assert session.scalars(select(Comment.is_draft)).all() == [True]


def test_only_a_page_of_questions_may_run_our_script(answering: Respondent) -> None:
    policy = answering.get("gad7").headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "connect-src 'self'" in policy
    for page in ("consent", "check", "saved"):
        policy = answering.get(page).headers["Content-Security-Policy"]
        assert "script-src" not in policy
        assert "<script" not in answering.get(page).text


def test_a_lost_page_runs_no_script(app: Flask, answering: Respondent) -> None:
    lost = app.test_client().post(answering.address(OPEN), data={"would_help": "Time"})
    assert text_in(lost, "would_help") == "Time"
    assert "<script" not in lost.text
