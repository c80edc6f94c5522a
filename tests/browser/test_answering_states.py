"""Every state of the participants' pages, as seen on the narrowest phone, with JavaScript off."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import browsing
import pytest
from changeable import let_change
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from respondents import Respondent
from trials import Trial

from survey_app.web.participant import answering as answering_views

pytestmark = pytest.mark.chromium

OPEN = "in-your-own-words"
KIB = 1024
# A browser's own setting, for people who need larger letters; its default is 16.
DOUBLED_LETTERS = {"standard": 32, "fixed": 26}


@pytest.fixture
def dev(app: Flask, trial: Trial, live: str) -> Respondent:
    app.config["WTF_CSRF_ENABLED"] = True
    return Respondent(app, trial)


@pytest.fixture
def narrow(chromium: Browser) -> Iterator[Page]:
    with browsing.opened_context(chromium, browsing.NARROW) as context:
        yield context.new_page()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def begin(page: Page, live: str, dev: Respondent) -> Callable[[str], None]:
    """Consent; give a way to open the pages by name."""
    dev.client.application.config["WTF_CSRF_ENABLED"] = False
    browsing.carry_visit(dev.begin().client, page.context, live)
    dev.client.application.config["WTF_CSRF_ENABLED"] = True

    def go(name: str) -> None:
        page.goto(live + dev.address(name))

    return go


def look_at(page: Page, heading: str, name: str) -> None:
    expect(page.locator("h1")).to_have_text(heading)
    browsing.assert_accessible(page)
    browsing.keep_picture(page, f"state-{name}")


def test_pages_that_say_no(narrow: Page, live: str, dev: Respondent) -> None:
    narrow.goto(live + dev.address("gad7"))
    look_at(narrow, "Open your link again", "open-again")
    dev.trial.clock.move(days=-5)
    narrow.goto(f"{live}/link/{dev.trial.token()}")
    press(narrow, "Start or continue")
    look_at(narrow, "This questionnaire is not open yet", "not-open-yet")
    dev.trial.clock.move(days=5)
    go = begin(narrow, live, dev)
    go("gad7")
    dev.trial.clock.move(days=60)
    press(narrow, "Save and continue")
    look_at(narrow, "This page was not added to your answers", "held")
    go("check")
    look_at(narrow, "This questionnaire has closed", "closed")


def test_pages_of_somebody_interrupted(
    narrow: Page, live: str, dev: Respondent, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = begin(narrow, live, dev)
    go("gad7")
    press(narrow, "Save and come back later")
    look_at(narrow, "Your answers are saved", "saved")
    go(OPEN)
    narrow.get_by_role("textbox").first.fill("Time\nto think")
    with monkeypatch.context() as patched:
        patched.setattr(answering_views, "neighbours", lambda *_: 1 / 0)
        press(narrow, "Save and continue")
        look_at(narrow, "Sorry, something went wrong", "send-again")
    assert dev.saved.get("most_stressful") is None
    press(narrow, "Send again")
    look_at(narrow, "Check your answers", "check-after-a-fault")
    assert dev.saved["most_stressful"] == "Time\nto think"


def test_pages_of_the_end(narrow: Page, live: str, dev: Respondent) -> None:
    go = begin(narrow, live, dev)
    go("gad7")
    stale = narrow.context.new_page()
    stale.goto(live + dev.address("gad7"))
    go("check")
    press(narrow, "Submit my answers")
    press(narrow, "Email me a copy of this receipt")
    expect(narrow.get_by_text("A copy is on its way")).to_be_visible()
    stale.get_by_role("radio").first.check()
    press(stale, "Save and continue")
    expect(stale.get_by_text("Your submitted answers have not changed.")).to_be_visible()
    look_at(stale, "Thank you. Your answers are submitted", "receipt-with-news")


def test_pages_of_answers_that_may_be_changed_after_submission(
    app: Flask, trial: Trial, narrow: Page
) -> None:
    changeable = let_change(trial)
    changeable.invite()
    with browsing.served(app) as live:
        dev = Respondent(app, changeable)
        go = begin(narrow, live, dev)
        go("check")
        press(narrow, "Submit my answers")
        look_at(narrow, "Thank you. Your answers are submitted", "changeable-receipt")
        narrow.get_by_role("link", name="change your answers").click()
        look_at(narrow, "Check your answers", "changeable-check")
        narrow.get_by_role("link", name="Feeling nervous").click()
        narrow.get_by_role("radio").nth(2).check()
        look_at(narrow, "The last 2 weeks", "changeable-page")
        press(narrow, "Save and continue")
        expect(narrow.get_by_text("More than half the days").first).to_be_visible()
        assert dev.saved["gad7_1"] == 2


def test_a_summary_of_errors_is_where_one_is_when_its_page_opens(
    narrow: Page, live: str, dev: Respondent
) -> None:
    begin(narrow, live, dev)(OPEN)
    narrow.get_by_role("textbox").first.fill("x" * 4001)
    press(narrow, "Save and continue")
    assert narrow.locator(":focus").get_attribute("class") == "govuk-error-summary"
    narrow.keyboard.press("Tab")
    narrow.keyboard.press("Enter")
    assert narrow.locator(":focus").get_attribute("name") == "most_stressful"


def test_a_question_is_heard_in_the_order_it_is_read(
    narrow: Page, live: str, dev: Respondent
) -> None:
    begin(narrow, live, dev)("gad7")
    heard = narrow.locator("main").aria_snapshot()
    order = [
        'heading "The last 2 weeks"',
        'group "Feeling nervous',
        'radio "Not at all"',
        'radio "Prefer not to say"',
        'group "Not being able',
        'button "Save and continue"',
    ]
    places = [heard.find(each) for each in order]
    assert -1 not in places, heard
    assert places == sorted(places)


def test_letters_twice_as_large_push_nothing_out_of_the_window(
    chromium: Browser, live: str, dev: Respondent
) -> None:
    with browsing.opened_context(chromium, browsing.PHONE) as context:
        page = context.new_page()
        context.new_cdp_session(page).send("Page.setFontSizes", {"fontSizes": DOUBLED_LETTERS})
        go = begin(page, live, dev)
        for name in ("consent", "about-you", "gad7", OPEN, "check"):
            go(name)
            assert page.locator("h1").evaluate("e => parseFloat(getComputedStyle(e).fontSize)") > 40
            overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert page.evaluate(overflow) <= 0, name
            browsing.keep_picture(page, f"doubled-{name}")


def test_in_colours_of_the_readers_own_a_choice_can_still_be_told(
    chromium: Browser, live: str, dev: Respondent
) -> None:
    with browsing.opened_context(chromium, browsing.DESK) as context:
        page = context.new_page()
        page.emulate_media(forced_colors="active")
        go = begin(page, live, dev)
        go("gad7")
        group = page.get_by_role("group").first
        before = group.screenshot()
        group.get_by_role("radio").nth(1).check()
        focused = group.screenshot()
        page.keyboard.press("Tab")
        chosen = group.screenshot()
        assert len({before, focused, chosen}) == 3
        for name in ("gad7", OPEN, "consent", "check"):
            go(name)
            browsing.keep_picture(page, f"forced-{name}")


def tab_to(page: Page, words: str) -> None:
    """Press Tab until what has the focus says these words, or has them for its id."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if words in page.evaluate(
            "document.activeElement.textContent || document.activeElement.id"
        ):
            return
    pytest.fail(f"{words!r} cannot be reached with Tab on {page.url}")


def enter(page: Page) -> None:
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_from_the_link_to_the_receipt_with_the_keyboard_alone(
    narrow: Page, live: str, dev: Respondent
) -> None:
    narrow.goto(f"{live}/link/{dev.trial.token()}")
    tab_to(narrow, "Start or continue")
    enter(narrow)
    tab_to(narrow, "consent_survey")
    narrow.keyboard.press("Space")
    enter(narrow)
    for _ in range(6):
        tab_to(narrow, "Save and continue")
        enter(narrow)
    tab_to(narrow, "Submit my answers")
    enter(narrow)
    expect(narrow.get_by_text(re.compile(r"Your receipt: \w{4}-\w{4}"))).to_be_visible()


def test_the_first_page_is_light_on_the_wire(narrow: Page, live: str, dev: Respondent) -> None:
    arrived: list[float] = []
    network = narrow.context.new_cdp_session(narrow)
    network.send("Network.enable")
    network.on("Network.loadingFinished", lambda done: arrived.append(done["encodedDataLength"]))
    narrow.goto(f"{live}/link/{dev.trial.token()}", wait_until="networkidle")
    assert 3 <= len(arrived) <= 5
    assert sum(arrived) <= 50 * KIB
