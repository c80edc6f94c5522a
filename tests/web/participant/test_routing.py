"""Questions that an earlier answer takes away or brings, as the person who answers meets them."""

from __future__ import annotations

import pytest
from flask import Flask
from respondents import Respondent, hidden_field, title_of, words_of
from routed import route
from trials import Trial

GAD7 = {f"gad7_{n}": "1" for n in range(1, 8)}
WORDS = "in-your-own-words"


@pytest.fixture
def routed(app: Flask, trial: Trial) -> Respondent:
    invited = route(trial)
    invited.invite()
    return Respondent(app, invited).begin()


def test_the_next_page_is_decided_by_the_answers_so_far(routed: Respondent) -> None:
    routed.save("about-you", {"still_in_role": "4"})
    answer = routed.save("dsl-confidence-2", {})
    assert answer.location == routed.address("pss10")
    routed.save("about-you", {"still_in_role": "5"})
    assert routed.save("dsl-confidence-2", {}).location == routed.address("gad7")


def test_the_way_back_leaves_out_what_is_not_asked(routed: Respondent) -> None:
    routed.save("about-you", {"still_in_role": "4"})
    assert f'href="{routed.address("dsl-confidence-2")}"' in routed.get("pss10").text


def test_progress_says_no_more_than_is_decided(routed: Respondent) -> None:
    assert title_of(routed.get("about-you")).startswith("Page 1 of 5 to 7:")
    routed.save("about-you", {"still_in_role": "4"})
    assert title_of(routed.get("dsl-confidence")).startswith("Page 2 of 5 or 6:")
    assert title_of(routed.get("pss10")).startswith("Page 4 of 5 or 6:")
    routed.save(WORDS, {"most_stressful": "Thresholds"})
    assert title_of(routed.get(f"{WORDS}-2")).startswith("Page 6 of 6:")


def test_a_page_not_asked_leads_to_where_one_goes_on(routed: Respondent) -> None:
    routed.save("about-you", {"still_in_role": "4"})
    assert routed.get("gad7").location == routed.address("resume").removesuffix("resume")
    assert routed.get("no-such-page").status_code == 404


def test_coming_back_passes_over_what_is_not_asked(routed: Respondent) -> None:
    routed.save("about-you", {"still_in_role": "0"})
    for page in ("dsl-confidence", "dsl-confidence-2", "pss10"):
        routed.save(page, {})
    assert routed.get().location == routed.address(WORDS)
    routed.save(WORDS, {})
    assert routed.get().location == routed.address("check")


def test_what_is_no_longer_asked_is_kept_and_the_check_says_so(routed: Respondent) -> None:
    routed.save("about-you", {"still_in_role": "9"})
    routed.save("gad7", GAD7)
    routed.save(WORDS, {"most_stressful": "Thresholds"})
    routed.save(f"{WORDS}-2", {"would_help": "Time to think"})
    routed.save("about-you", {"still_in_role": "1"})
    routed.save(WORDS, {"most_stressful": ""})
    words = words_of(routed.get("check"))
    asked, _, taken_away = words.partition("No longer asked")
    assert "Time to think" not in asked
    assert "Time to think" in taken_away
    assert taken_away.count("Several days") == 7
    assert routed.saved["gad7_1"] == 1
    assert "You have left out 24 questions." in asked
    routed.save("about-you", {"still_in_role": "9"})
    routed.save(WORDS, {"most_stressful": "Thresholds"})
    words = words_of(routed.get("check"))
    assert "No longer asked" not in words
    assert words.count("Several days Change") == 7


def test_a_change_from_the_check_leads_to_what_it_opens_and_back(routed: Respondent) -> None:
    routed.save("about-you", {"still_in_role": "1"})
    answer = routed.save("about-you", {"still_in_role": "9", "back": "check"})
    assert answer.location == routed.address("gad7") + "?back=check"
    answer = routed.save("gad7", {**GAD7, "back": "check"})
    assert answer.location == routed.address("check")
    answer = routed.save("about-you", {"still_in_role": "8", "back": "check"})
    assert answer.location == routed.address("check")


def test_an_answer_to_a_page_taken_away_in_another_window_is_kept(routed: Respondent) -> None:
    routed.save("about-you", {"still_in_role": "9"})
    markup = routed.get("gad7").text
    shown = {name: hidden_field(markup, name) for name in ("shown", "shown-questions")}
    routed.save("about-you", {"still_in_role": "1"})
    answer = routed.client.post(routed.address("gad7"), data={**GAD7, **shown})
    assert answer.location == routed.address("pss10")
    assert routed.saved["gad7_7"] == 1
    assert "No longer asked" in words_of(routed.get("check"))


def test_only_the_questions_that_a_page_showed_are_saved_from_it(routed: Respondent) -> None:
    fields = {"shown": ".", "shown-questions": "gad7_1 gad7_2 no_such_question"}
    routed.client.post(routed.address("gad7"), data={"gad7_1": "2", "gad7_3": "3", **fields})
    assert routed.saved == {"gad7_1": 2, "gad7_2": -9}
