"""Dev answers with JavaScript on: what the page says of saving is what the record holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import browsing
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from respondents import Respondent
from trials import Trial

pytestmark = pytest.mark.chromium

OPEN = "in-your-own-words"


@pytest.fixture
def dev(app: Flask, trial: Trial, live: str) -> Respondent:
    """Dev, who has consented to what `live` invited the trial to."""
    begun = Respondent(app, trial).begin()
    app.config["WTF_CSRF_ENABLED"] = True
    return begun


@pytest.fixture
def page(chromium: Browser, live: str, dev: Respondent) -> Iterator[Page]:
    with browsing.opened_context(chromium, browsing.PHONE, javascript=True) as context:
        browsing.carry_visit(dev.client, context, live)
        yield context.new_page()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def open_page(page: Page, live: str, dev: Respondent, key: str) -> None:
    page.goto(live + dev.address(key))


def choose(page: Page, question: int, option: int) -> None:
    page.get_by_role("group").nth(question).get_by_role("radio").nth(option).check()


def wait_for(page: Page, happens: Callable[[], object]) -> None:
    tries = 100
    while not happens() and (tries := tries - 1):
        page.wait_for_timeout(100)


def says(page: Page, words: str | re.Pattern[str]) -> None:
    status = page.locator("#saving").get_by_role("status")
    # Trying again takes longer each time, and a busy machine is slow.
    expect(status).to_have_text(words, timeout=30_000)


def test_each_answer_is_saved_as_it_is_given_and_the_page_says_so(
    page: Page, live: str, dev: Respondent
) -> None:
    open_page(page, live, dev, "gad7")
    says(page, "")
    choose(page, 0, 2)
    says(page, "Saved")
    assert dev.saved == {"gad7_1": 2}
    browsing.assert_accessible(page)
    browsing.keep_picture(page, "saving-saved")
    page.reload()
    choose(page, 1, 3)
    says(page, "Saved")
    assert dev.saved == {"gad7_1": 2, "gad7_2": 3}
    press(page, "Save and continue")
    page.wait_for_url(re.compile("/pss10$"))
    assert dev.saved["gad7_7"] == -9


def test_what_the_page_says_of_saving_hides_nothing_that_has_the_focus(
    page: Page, live: str, dev: Respondent
) -> None:
    open_page(page, live, dev, "gad7")
    choose(page, 0, 0)
    says(page, "Saved")
    seen = 0
    while page.evaluate("document.activeElement.type") != "submit":
        bar, focused = page.evaluate(
            """[document.getElementById("saving"), document.activeElement.parentElement]
                .map(e => e.getBoundingClientRect()).map(r => [r.top, r.bottom])"""
        )
        assert focused[1] <= bar[0] or focused[0] >= bar[1], (seen, focused, bar)
        page.keyboard.press("Tab")
        seen += 1
    assert seen >= 7


def test_while_the_line_is_down_the_page_says_so_stands_and_saves_when_it_is_back(
    page: Page, live: str, dev: Respondent
) -> None:
    open_page(page, live, dev, OPEN)
    page.context.set_offline(True)
    box = page.get_by_role("textbox").first
    box.fill("Time to think")
    says(page, "Not saved yet, we keep trying")
    browsing.assert_accessible(page)
    browsing.keep_picture(page, "saving-waiting")
    press(page, "Save and continue")
    says(page, re.compile("This page is not sent yet"))
    browsing.keep_picture(page, "saving-unsent")
    assert box.input_value() == "Time to think"
    assert dev.saved == {}
    page.context.set_offline(False)
    says(page, "Saved")
    assert dev.saved == {"most_stressful": "Time to think"}
    press(page, "Save and continue")
    page.wait_for_url(re.compile("/check$"))


def test_what_was_typed_in_the_last_moment_is_saved_when_one_goes_back(
    page: Page, live: str, dev: Respondent
) -> None:
    open_page(page, live, dev, OPEN)
    page.get_by_role("textbox").first.fill("Time")
    page.get_by_role("link", name="Back").click()
    page.wait_for_url(re.compile("/pss10$"))
    assert dev.saved == {"most_stressful": "Time"}
    page.go_back()
    expect(page.get_by_role("textbox").first).to_have_value("Time")


def test_what_was_typed_in_the_last_moment_is_saved_when_the_page_is_closed(
    page: Page, live: str, dev: Respondent
) -> None:
    open_page(page, live, dev, OPEN)
    page.get_by_role("textbox").first.fill("Time")
    page.goto("about:blank")
    wait_for(page, lambda: dev.saved)
    assert dev.saved == {"most_stressful": "Time"}


def test_the_page_is_sent_with_what_was_typed_in_the_last_moment(
    page: Page, live: str, dev: Respondent
) -> None:
    open_page(page, live, dev, OPEN)
    page.get_by_role("textbox").last.fill("Time")
    press(page, "Save and come back later")
    page.wait_for_url(re.compile("/saved$"))
    assert dev.saved == {"would_help": "Time"}


def test_characters_are_counted_while_typing_and_what_is_too_long_is_not_said_to_be_saved(
    page: Page, live: str, dev: Respondent
) -> None:
    open_page(page, live, dev, OPEN)
    box = page.get_by_role("textbox").first
    expect(page.get_by_text("You have 4,000 characters remaining").first).to_be_visible()
    box.fill("x" * 3999)
    expect(page.get_by_text("You have 1 character remaining").first).to_be_visible()
    box.fill("x" * 4012)
    expect(page.get_by_text("You have 12 characters too many").first).to_be_visible()
    says(page, "Saved, except an answer that is too long")
    browsing.assert_accessible(page)
    browsing.keep_picture(page, "saving-too-long")
    assert dev.held == []
    page.goto("about:blank")
    wait_for(page, lambda: dev.held)
    assert dev.held[0][2]["most_stressful"] == "x" * 4012
    open_page(page, live, dev, OPEN)
    box.fill("x" * 4012)
    press(page, "Save and continue")
    expect(page.locator("h2", has_text="There is a problem")).to_be_visible()
    assert box.input_value() == "x" * 4012
    assert [reason for _, reason, _ in dev.held] == ["comment too long"]


def test_two_windows_on_one_page_each_keep_what_the_other_saved(
    page: Page, live: str, dev: Respondent
) -> None:
    open_page(page, live, dev, "gad7")
    other = page.context.new_page()
    open_page(other, live, dev, "gad7")
    choose(page, 0, 1)
    says(page, "Saved")
    choose(other, 0, 3)
    says(other, "Saved")
    choose(page, 1, 2)
    says(page, "Saved")
    press(page, "Save and continue")
    page.wait_for_url(re.compile("/pss10$"))
    assert (dev.saved["gad7_1"], dev.saved["gad7_2"]) == (3, 2)


def test_a_browser_that_lost_its_place_says_so_and_gives_the_answers_back(
    page: Page, live: str, dev: Respondent
) -> None:
    open_page(page, live, dev, OPEN)
    page.context.clear_cookies()
    page.get_by_role("textbox").first.fill("Time")
    says(page, re.compile("^Not saved yet. Press “Save and continue”"))
    browsing.assert_accessible(page)
    press(page, "Save and continue")
    expect(page.get_by_text("This browser no longer holds your place.")).to_be_visible()
    expect(page.get_by_role("textbox").first).to_have_value("Time")
    assert dev.saved == {}


def test_after_submission_elsewhere_the_page_tells_the_truth(
    page: Page, live: str, dev: Respondent
) -> None:
    open_page(page, live, dev, "gad7")
    other = page.context.new_page()
    open_page(other, live, dev, "check")
    press(other, "Submit my answers")
    choose(page, 0, 1)
    says(page, re.compile("^Your answers were submitted from another window"))
    browsing.keep_picture(page, "saving-stopped")
    press(page, "Save and continue")
    page.wait_for_url(re.compile("/receipt$"))
    expect(page.get_by_text("Your submitted answers have not changed")).to_be_visible()
    assert dev.held == [("gad7", "posted after submission", {"gad7_1": "1"})]


def test_a_server_that_fails_is_not_taken_for_one_that_saved(
    page: Page, live: str, dev: Respondent
) -> None:
    open_page(page, live, dev, "gad7")
    # A school's proxy may answer in our place, and with "OK" at that.
    page.route("**/items", lambda route: route.fulfill(status=200, body="<p>Sign in first</p>"))
    choose(page, 0, 1)
    says(page, "Not saved yet, we keep trying")
    page.unroute("**/items")
    page.route("**/items", lambda route: route.fulfill(status=500, body="broken"))
    says(page, "Not saved yet, we keep trying")
    page.unroute("**/items")
    says(page, "Saved")
    assert dev.saved == {"gad7_1": 1}
