"""Whatever can be typed or pasted comes back as it was, and runs nowhere; and clocks that jump."""

from __future__ import annotations

from html import unescape

import pytest
from letterboxes import outbox
from looking import only, rows

from survey_app.database.models import Comment, HeldPage, ResponseEvent, Submission

from .conftest import VALUES

WORDS = {
    "a NUL": "before\x00after",
    "emoji": "\N{FAMILY}\N{ZERO WIDTH JOINER}\U0001f469\U0001f3fd\u200d\U0001f4bb \u263a\ufe0f",
    "right to left": "\u05e9\u05dc\u05d5\u05dd \u202e\u0627\u0644\u0633\u202c (mixed) abc",
    "a formula": '=HYPERLINK("http://evil.example","press")\n+1\n-1\n@SUM(A1)',
    "a script": "<script>alert(1)</script></textarea><img src=x onerror=alert(1)>",
    "a template": "{{ 7 * 7 }} {% raw %} ${7*7} %s %(name)s",
    "SQL": "'; DROP TABLE comment; --",
    "all there is room for": "\N{SNOWMAN}" * 4000,
}


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_an_answer_comes_back_as_it_was_typed(dev, words):
    kept = words.replace("\x00", "\N{REPLACEMENT CHARACTER}")
    answer = dev.save("in-your-own-words", {"most_stressful": words, "would_help": ""}, shown="")
    assert answer.status_code == 303
    assert {row.question: row.body for row in rows(dev.trial.database, Comment)} == {
        "most_stressful": kept,
        "would_help": "",
    }
    for page in ("in-your-own-words", "check"):
        markup = dev.get(page).text
        assert "<script>alert" not in markup
        assert "<img src=x" not in markup
        assert kept in unescape(markup)
    dev.submit()
    assert only(dev.trial.database, Submission).receipt is not None
    assert {row.body for row in rows(dev.trial.database, Comment)} == {kept, ""}


@pytest.mark.parametrize("filler", ["a", "\x00", "\N{GRINNING FACE}"])
def test_a_million_characters_are_given_back_and_kept_for_a_person(dev, filler):
    words = filler * 1_000_000
    answer = dev.save(
        "in-your-own-words", {"most_stressful": words, "would_help": "Yes."}, shown=""
    )
    kept = words.replace("\x00", "\N{REPLACEMENT CHARACTER}")
    assert answer.status_code == 400
    assert "1,000,000 characters" in answer.text
    assert only(dev.trial.database, HeldPage).posted["most_stressful"] == kept
    saved = {row.question: row.body for row in rows(dev.trial.database, Comment)}
    assert saved == {"most_stressful": "Waiting to hear.", "would_help": "Yes."}


def test_more_than_can_be_taken_at_once_is_refused_and_changes_nothing(dev):
    before = dev.saved
    answer = dev.save("in-your-own-words", {"most_stressful": "a" * 17_000_000}, shown="")
    assert answer.status_code == 413
    assert "not saved" in answer.text
    assert dev.saved == before


@pytest.mark.parametrize("hours", [-25, -1, 1, 25])
def test_a_clock_that_jumps_changes_no_order(dev, clock, hours):
    clock.move(hours=48)
    assert dev.save("gad7", dict.fromkeys(VALUES, "0"), shown="").status_code == 303
    clock.move(hours=hours)
    assert dev.save("gad7", dict.fromkeys(VALUES, "3"), shown="").status_code == 303
    assert {dev.saved[name] for name in VALUES} == {3}
    history = [row.value for row in rows(dev.trial.database, ResponseEvent) if row.item == "gad7_1"]
    assert history == [2, 0, 3]
    assert dev.submit().location.endswith("/receipt")
    clock.move(hours=-hours)
    assert only(dev.trial.database, Submission).receipt in dev.get("receipt").text
    assert [letter.kind for letter in outbox(dev.trial.database)].count("thanks") == 1


def test_the_last_day_ends_at_midnight_in_england_in_summer_and_in_winter(dev, clock):
    clock.noon_on(dev.trial.definition.wave("baseline").closes_on)
    # Summer time: 23:30 in England is 22:30 UTC, and midnight is 23:00.
    clock.move(hours=11, minutes=30)
    assert clock().hour == 22
    assert dev.save("gad7", VALUES, shown="").status_code == 303
    clock.move(minutes=40)
    assert clock().hour == 23
    late = dev.save("gad7", dict.fromkeys(VALUES, "0"), shown="")
    assert late.status_code == 409
    assert {dev.saved[name] for name in VALUES} == {2}
    assert only(dev.trial.database, HeldPage).posted["gad7_1"] == "0"
