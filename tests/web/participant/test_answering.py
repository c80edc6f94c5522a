from __future__ import annotations

import re
import time
from threading import Thread

import pytest
from flask import Flask
from respondents import Respondent, chosen_on, hidden_field, text_in, title_of, words_of
from rooms import events
from sqlalchemy import select
from trials import BY

from survey_app.database.models import ResponseEvent
from survey_app.operations.wave_changes import close_wave
from survey_app.web.participant import answering as answering_views
from survey_app.web.participant import posts

OPEN = "in-your-own-words"
GAD7 = {f"gad7_{n}": str(n % 4) for n in range(1, 8)}


@pytest.fixture
def answering(dev: Respondent) -> Respondent:
    return dev.begin()


def test_the_first_page_follows_consent(answering: Respondent) -> None:
    answer = answering.get()
    assert answer.location == answering.address("about-you")
    assert title_of(answering.get("about-you")) == "Page 1 of 6: About you and your role"


def test_every_question_is_a_group_with_its_own_name(answering: Respondent) -> None:
    markup = answering.get("gad7").text
    assert markup.count("<fieldset") == markup.count("<legend") == 7
    assert markup.count("<h1") == 1
    assert markup.count("Prefer not to say") == 7


def test_a_page_is_saved_and_leads_to_the_next(answering: Respondent) -> None:
    answer = answering.save("gad7", GAD7)
    assert (answer.status_code, answer.location) == (303, answering.address("pss10"))
    assert answering.saved == {item: int(value) for item, value in GAD7.items()}
    assert chosen_on(answering.get("gad7")) == GAD7


def test_nothing_is_required(answering: Respondent) -> None:
    assert answering.save("gad7", {}).status_code == 303
    assert set(answering.saved.values()) == {-9}


def test_prefer_not_to_say_is_an_answer_of_its_own(answering: Respondent) -> None:
    answering.save("gad7", {"gad7_1": "-8"})
    assert answering.saved["gad7_1"] == -8
    assert chosen_on(answering.get("gad7")) == {"gad7_1": "-8"}


def test_coming_back_leads_to_the_first_page_not_saved(answering: Respondent) -> None:
    answering.save("about-you", {})
    assert answering.get().location == answering.address("dsl-confidence")
    for page in ("dsl-confidence", "dsl-confidence-2", "gad7", "pss10"):
        answering.save(page, {})
    assert answering.get().location == answering.address(OPEN)
    answering.save(OPEN, {"would_help": "Time"})
    assert answering.get().location == answering.address("check")


def test_somebody_who_comes_back_is_told_so_once(answering: Respondent) -> None:
    told = "You are back where you stopped."
    answering.get()
    assert told not in words_of(answering.get("about-you"))
    answering.save("about-you", {})
    answering.get()
    assert told in words_of(answering.get("dsl-confidence"))
    assert told not in words_of(answering.get("dsl-confidence"))


def test_a_page_left_open_for_a_month_is_saved(
    answering: Respondent, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering.client.application.config["WTF_CSRF_ENABLED"] = True
    page = answering.get(OPEN).text
    posted = {name: hidden_field(page, name) for name in ("csrf_token", "shown")}
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 30 * 24 * 3600)
    assert (
        answering.client.post(
            answering.address(OPEN), data={**posted, "would_help": "Time"}
        ).status_code
        == 303
    )
    assert answering.saved == {"would_help": "Time"}


def test_save_and_come_back_later_saves(answering: Respondent) -> None:
    answer = answering.save("gad7", {**GAD7, "then": "leave"})
    assert answer.location == answering.address("saved")
    assert "They are not submitted yet." in words_of(answering.get("saved"))
    assert answering.saved["gad7_1"] == 1


def test_the_last_page_leads_to_the_check(answering: Respondent) -> None:
    assert answering.save(OPEN, {}).location == answering.address("check")


def test_a_page_changed_from_the_check_leads_back_there(answering: Respondent) -> None:
    page = answering.client.get(answering.address("gad7"), query_string={"back": "check"})
    assert hidden_field(page.text, "back") == "check"
    answer = answering.save("gad7", {**GAD7, "back": "check"})
    assert answer.location == answering.address("check")


def test_the_same_page_twice_is_saved_once(answering: Respondent) -> None:
    for _ in range(2):
        answering.save("gad7", GAD7)
    assert len(events(answering.trial, "page_saved")) == 1


def test_words_come_back_as_they_were_written(answering: Respondent) -> None:
    words = "Time 🙂, “quiet”\n\nand <script>alert('x')</script> & more"
    answering.save(OPEN, {"would_help": words})
    assert answering.saved["would_help"] == words
    page = answering.get(OPEN)
    assert text_in(page, "would_help") == words
    assert "<script>" not in page.text
    assert "<script" not in answering.get("check").text


def test_a_nul_is_replaced_where_everybody_can_see_it(answering: Respondent) -> None:
    answering.save(OPEN, {"would_help": "be\x00fore"})
    assert answering.saved["would_help"] == "be\N{REPLACEMENT CHARACTER}fore"


def test_open_questions_say_what_not_to_write_and_that_nobody_watches(
    answering: Respondent,
) -> None:
    words = words_of(answering.get(OPEN))
    assert "Please do not name or describe a child" in words
    assert "not watched as they arrive" in words
    assert "999 in an emergency" in words
    assert words.count("You can write up to 4,000 characters.") == 2


def test_a_comment_of_the_longest_length_is_saved(answering: Respondent) -> None:
    # A browser posts each line end as two characters; the limit counts it as one.
    words = "line\r\n" * 799 + "12345"
    assert answering.save(OPEN, {"would_help": words}).status_code == 303
    assert len(str(answering.saved["would_help"])) == 4000


@pytest.mark.parametrize("length", [4001, 100_000])
def test_a_comment_too_long_comes_back_whole_and_is_held(
    answering: Respondent, length: int
) -> None:
    posted = {"most_stressful": "Waiting", "would_help": "x" * length}
    answer = answering.save(OPEN, posted)
    assert answer.status_code == 400
    assert title_of(answer).startswith("Error: Page 6 of 6")
    assert f"Your answer has {length:,} characters. Shorten it to 4,000 or fewer" in words_of(
        answer
    )
    assert 'href="#would_help"' in answer.text
    assert text_in(answer, "would_help") == "x" * length
    assert answering.saved == {"most_stressful": "Waiting"}
    assert answering.held == [(OPEN, "comment too long", posted)]
    assert "What you sent is kept as it was" in words_of(answer)


def test_a_comment_grown_too_long_does_not_take_the_saved_one_with_it(
    answering: Respondent,
) -> None:
    answering.save(OPEN, {"would_help": "Time"})
    answering.save(OPEN, {"would_help": "x" * 5000})
    assert answering.saved["would_help"] == "Time"


@pytest.mark.parametrize("value", ["7", "-9", "1.5", "one", "1\x00", "9" * 30])
def test_an_answer_that_was_not_offered_is_refused_and_the_others_kept(
    answering: Respondent, value: str
) -> None:
    answering.save("gad7", {"gad7_1": "3"})
    answer = answering.save("gad7", {"gad7_1": value, "gad7_2": "2"})
    assert answer.status_code == 400
    assert "Choose one of the answers offered" in words_of(answer)
    assert 'href="#gad7_1"' in answer.text
    assert (answering.saved["gad7_1"], answering.saved["gad7_2"]) == (3, 2)
    assert chosen_on(answer) == {"gad7_2": "2"}
    assert "the study team can see it" in words_of(answer)
    ((page, reason, _),) = answering.held
    assert (page, reason) == ("gad7", "an answer that was not offered")


def test_what_was_not_asked_is_not_kept(answering: Respondent) -> None:
    answering.save("gad7", {"gad7_1": "1", "pss10_1": "1", "would_help": "no"})
    assert set(answering.saved) == set(GAD7)


def test_an_unknown_page_is_not_found(answering: Respondent) -> None:
    assert answering.get("nothing").status_code == 404
    assert answering.client.post(answering.address("nothing")).status_code == 404


def test_answers_to_a_page_that_is_no_more_are_held_and_said_to_be(answering: Respondent) -> None:
    posted = {"old_1": "3", "old_2": "", "shown": ".", "csrf_token": "t"}
    answer = answering.client.post(answering.address("nothing"), data=posted)
    assert answer.status_code == 409
    assert "no longer has the page you sent" in words_of(answer)
    assert answering.held == [
        ("nothing", "a page that is not in the questionnaire", {"old_1": "3"})
    ]
    assert answering.client.get(answering.address()).status_code == 303


def test_a_window_changes_only_what_was_changed_in_it(answering: Respondent) -> None:
    stale = hidden_field(answering.get("gad7").text, "shown")
    answering.save("gad7", {"gad7_1": "3", "gad7_2": "3"})
    answering.save("gad7", {"gad7_2": "1"}, shown=stale)
    assert (answering.saved["gad7_1"], answering.saved["gad7_2"]) == (3, 1)


def test_a_page_given_back_for_a_fault_does_not_undo_what_another_window_saved(
    answering: Respondent,
) -> None:
    stale = hidden_field(answering.get(OPEN).text, "shown")
    answering.save(OPEN, {"most_stressful": "Waiting"})
    refused = answering.save(OPEN, {"would_help": "x" * 4001, "most_stressful": ""}, shown=stale)
    assert text_in(refused, "most_stressful") == "Waiting"
    again = {"would_help": "Time", "most_stressful": text_in(refused, "most_stressful")}
    answering.save(OPEN, again, shown=hidden_field(refused.text, "shown"))
    assert answering.saved == {"would_help": "Time", "most_stressful": "Waiting"}


def test_a_window_does_not_blank_the_words_of_another(answering: Respondent) -> None:
    stale = hidden_field(answering.get(OPEN).text, "shown")
    answering.save(OPEN, {"would_help": "Time"})
    answering.save(OPEN, {"most_stressful": "Waiting", "would_help": ""}, shown=stale)
    assert answering.saved == {"would_help": "Time", "most_stressful": "Waiting"}


def test_when_two_windows_change_one_answer_the_newest_counts_and_both_are_kept(
    answering: Respondent,
) -> None:
    stale = hidden_field(answering.get("gad7").text, "shown")
    answering.save("gad7", {"gad7_1": "3"})
    answering.save("gad7", {"gad7_1": "1"}, shown=stale)
    assert answering.saved["gad7_1"] == 1
    with answering.trial.database.reading() as session:
        history = session.scalars(
            select(ResponseEvent.value)
            .where(ResponseEvent.item == "gad7_1")
            .order_by(ResponseEvent.id)
        ).all()
    assert history == [3, 1]


@pytest.mark.parametrize("shown", ["", "1.2", "." * 50, "\x00"])
def test_without_marks_all_that_is_posted_counts(answering: Respondent, shown: str) -> None:
    answering.save("gad7", {"gad7_1": "3", "gad7_2": "3"})
    answering.save("gad7", {"gad7_1": "1"}, shown=shown)
    assert (answering.saved["gad7_1"], answering.saved["gad7_2"]) == (1, -9)


def test_a_page_that_comes_after_the_wave_is_held_and_said_to_be(answering: Respondent) -> None:
    marks = hidden_field(answering.get("gad7").text, "shown")
    answering.trial.clock.move(days=60)
    answer = answering.save("gad7", GAD7, shown=marks)
    assert answer.status_code == 409
    assert title_of(answer) == "This page was not added to your answers"
    assert "the study team can see it" in words_of(answer)
    assert answering.saved == {}
    assert answering.held == [("gad7", "posted after the wave closed", GAD7)]


def test_a_page_that_differs_from_what_was_submitted_is_held(answering: Respondent) -> None:
    marks = hidden_field(answering.get("gad7").text, "shown")
    answering.submit()
    answer = answering.save("gad7", {"gad7_1": "2"}, shown=marks)
    assert (answer.status_code, answer.location) == (303, answering.address("receipt"))
    assert "Your submitted answers have not changed." in words_of(answering.get("receipt"))
    assert answering.held == [("gad7", "posted after submission", {"gad7_1": "2"})]
    assert answering.saved == {}


def test_a_page_that_says_what_was_submitted_is_not_held(answering: Respondent) -> None:
    marks = hidden_field(answering.get("gad7").text, "shown")
    answering.save("gad7", GAD7)
    answering.submit()
    answering.save("gad7", GAD7, shown=marks)
    assert answering.held == []
    assert "have not changed" not in words_of(answering.get("receipt"))


def test_a_forged_post_saves_nothing_and_gives_everything_back(answering: Respondent) -> None:
    answering.client.application.config["WTF_CSRF_ENABLED"] = True
    answer = answering.save(OPEN, {"would_help": "Time <b>", "csrf_token": "forged"})
    assert answer.status_code == 400
    assert "press “Save and continue” again" in words_of(answer)
    assert text_in(answer, "would_help") == "Time <b>"
    assert answering.saved == {}
    again = {
        "would_help": "Time <b>",
        "csrf_token": hidden_field(answer.text, "csrf_token"),
    }
    shown = hidden_field(answer.text, "shown")
    assert answering.save(OPEN, again, shown=shown).status_code == 303
    assert answering.saved == {"would_help": "Time <b>"}


def test_a_lost_visit_gives_the_typed_answers_back_and_shows_no_saved_ones(
    app: Flask, answering: Respondent
) -> None:
    answering.save("gad7", {"gad7_7": "3"})
    stranger = app.test_client()
    answer = stranger.post(answering.address("gad7"), data={"gad7_1": "2", "shown": "......3"})
    assert answer.status_code == 403
    assert chosen_on(answer) == {"gad7_1": "2"}
    assert "Open the link in your email in another tab" in words_of(answer)
    assert "Person 1" not in answer.text
    assert "gad7_1" not in {item for item, value in answering.saved.items() if value != -9}


def test_after_the_link_is_opened_again_the_lost_page_is_saved(
    app: Flask, answering: Respondent
) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    stranger = app.test_client()
    lost = stranger.post(answering.address(OPEN), data={"would_help": "Time"})
    assert text_in(lost, "would_help") == "Time"
    stranger.post(f"/link/{answering.trial.token()}")
    posted = {
        "would_help": "Time",
        "shown": hidden_field(lost.text, "shown"),
        "csrf_token": hidden_field(lost.text, "csrf_token"),
    }
    assert stranger.post(answering.address(OPEN), data=posted).status_code == 303
    assert answering.saved == {"would_help": "Time"}


def test_a_lost_visit_to_an_unknown_questionnaire_learns_nothing(app: Flask) -> None:
    answer = app.test_client().post("/answer/unknown/gad7", data={"gad7_1": "2"})
    assert answer.status_code == 403
    assert title_of(answer) == "Open your link again"


def test_a_page_may_be_answered_in_any_order(answering: Respondent) -> None:
    assert answering.save("pss10", {"pss10_1": "4"}).status_code == 303
    assert answering.get().location == answering.address("about-you")


def test_a_fault_after_saving_undoes_the_save_and_says_so(
    answering: Respondent, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = hidden_field(answering.get("gad7").text, "shown")
    with monkeypatch.context() as patched:
        patched.setattr(answering_views, "neighbours", lambda *_: 1 / 0)
        answer = answering.save("gad7", GAD7, shown=marks)
    assert answer.status_code == 500
    assert "may not have been saved" in words_of(answer)
    assert answering.saved == {}
    held = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', answer.text))
    assert GAD7.items() <= held.items()
    assert answering.client.post(answering.address("gad7"), data=held).status_code == 303
    assert answering.saved == {item: int(value) for item, value in GAD7.items()}


def test_no_page_is_kept_by_the_browser(answering: Respondent) -> None:
    for page in ("consent", "gad7", "check"):
        assert answering.get(page).headers["Cache-Control"] == "no-store"


def test_a_page_whose_comment_was_refused_is_where_one_goes_on(answering: Respondent) -> None:
    for page in ("about-you", "dsl-confidence", "dsl-confidence-2", "gad7", "pss10"):
        answering.save(page, {})
    refused = answering.save(OPEN, {"would_help": "Time", "most_stressful": "x" * 4001})
    assert refused.status_code == 400
    assert answering.get().location == answering.address(OPEN)
    assert answering.saved["would_help"] == "Time"


@pytest.mark.postgresql
@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_of_two_windows_saved_in_one_moment_both_answers_stay(
    answering: Respondent, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On SQLite a writing request waits for the other before it reads, so this cannot happen there.
    shown = hidden_field(answering.get("gad7").text, "shown")
    real = posts.lock_answers
    others = [{"gad7_1": "3"}]

    def save_elsewhere_first(*args: object, **kwargs: object) -> None:
        if others:
            # In a thread, since a request within a request would share its session.
            other = Thread(target=answering.save, args=("gad7", others.pop(), shown))
            other.start()
            other.join()
        real(*args, **kwargs)

    monkeypatch.setattr(posts, "lock_answers", save_elsewhere_first)
    answering.save("gad7", {"gad7_2": "2"}, shown=shown)
    assert (answering.saved["gad7_1"], answering.saved["gad7_2"]) == (3, 2)


def test_a_page_being_answered_when_its_wave_is_closed_early_is_not_lost(
    answering: Respondent,
) -> None:
    trial = answering.trial
    marks = hidden_field(answering.get("gad7").text, "shown")
    with trial.database.writing() as session:
        close_wave(
            session,
            study=trial.study(session),
            wave="baseline",
            closes_on=trial.clock().date(),
            because="The board agreed.",
            by=BY,
            at=trial.clock(),
        )
    trial.clock.move(hours=10)
    assert answering.save("gad7", GAD7, shown=marks).status_code == 303
    assert answering.saved["gad7_2"] == 2
    trial.clock.move(hours=4)
    answer = answering.save("gad7", {**GAD7, "gad7_2": "0"}, shown=marks)
    assert answer.status_code == 409
    assert "closed at the end of 16 September 2019" in words_of(answer)
    assert answering.saved["gad7_2"] == 2
    assert [reason for _, reason, _ in answering.held] == ["posted after the wave closed"]
