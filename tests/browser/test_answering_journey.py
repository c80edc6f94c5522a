"""Dev answers the baseline from the letter's link to the receipt, with JavaScript off."""

from __future__ import annotations

import re
from collections.abc import Iterator

import browsing
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from trials import Trial

pytestmark = pytest.mark.chromium

WORDS = "Time to think 🙂\nand <b>somebody</b> to think with"


@pytest.fixture(autouse=True)
def with_forgery_checks(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = True


@pytest.fixture(params=[browsing.NARROW, browsing.DESK])
def page(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Page]:
    with browsing.opened_context(chromium, request.param) as context:
        yield context.new_page()


def look_at(page: Page, name: str) -> None:
    browsing.assert_accessible(page)
    browsing.keep_picture(page, f"answering-{name}")


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def heading(page: Page) -> str:
    return page.locator("h1").inner_text()


def test_from_the_link_to_the_receipt(page: Page, live: str, trial: Trial) -> None:
    page.goto(f"{live}/link/{trial.token()}")
    look_at(page, "link")
    press(page, "Start or continue")
    assert trial.token() not in page.url

    look_at(page, "consent")
    press(page, "Continue")
    look_at(page, "consent-refused")
    page.get_by_role("link", name="Tick this box").click()
    page.keyboard.press("Space")
    press(page, "Continue")

    while "Check" not in heading(page):
        look_at(page, heading(page).replace(" ", "-").lower())
        answer_page(page)
        press(page, "Save and continue")

    look_at(page, "check")
    assert "Several days" in page.locator("dl").nth(3).inner_text()
    expect(page.get_by_text("and <b>somebody</b> to think with").first).to_be_visible()
    press(page, "Submit my answers")

    look_at(page, "receipt")
    expect(page.get_by_text(re.compile(r"Your receipt: \w{4}-\w{4}"))).to_be_visible()
    press(page, "Finish and leave this computer")
    look_at(page, "left")
    page.go_back()
    page.reload()
    assert heading(page) == "Open your link again"


def answer_page(page: Page) -> None:
    for group in page.get_by_role("group").all():
        group.get_by_role("radio").nth(1).check()
    for box in page.get_by_role("textbox").all():
        box.fill(WORDS)


def test_a_page_can_be_answered_with_the_keyboard_alone(
    chromium: Browser, live: str, trial: Trial
) -> None:
    with browsing.opened_context(chromium, browsing.NARROW) as context:
        page = context.new_page()
        begin(page, live, trial)
        page.goto(f"{live}/answer/{trial.reference()}/gad7")
        page.keyboard.press("Tab")
        assert page.locator(":focus").inner_text() == "Skip to main content"
        page.keyboard.press("Enter")
        for _ in range(7):
            page.keyboard.press("Tab")
            page.keyboard.press("ArrowDown")
        chosen = page.locator("input:checked")
        assert [box.get_attribute("value") for box in chosen.all()] == ["1"] * 7
        page.keyboard.press("Tab")
        assert page.locator(":focus").inner_text() == "Save and continue"
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/pss10(#main)?$"))


def test_an_answer_too_long_comes_back_and_can_be_shortened(
    chromium: Browser, live: str, trial: Trial
) -> None:
    with browsing.opened_context(chromium, browsing.PHONE) as context:
        page = context.new_page()
        begin(page, live, trial)
        page.goto(f"{live}/answer/{trial.reference()}/in-your-own-words")
        box = page.get_by_role("textbox").first
        box.fill("x" * 100_000)
        press(page, "Save and continue")
        look_at(page, "too-long")
        assert page.title().startswith("Error: ")
        assert box.input_value() == "x" * 100_000
        box.fill(WORDS)
        press(page, "Save and continue")
        assert heading(page) == "Check your answers"


def test_a_page_typed_while_the_visit_was_lost_is_saved_after_the_link_is_opened_again(
    chromium: Browser, live: str, trial: Trial
) -> None:
    with browsing.opened_context(chromium, browsing.PHONE) as context:
        page = context.new_page()
        begin(page, live, trial)
        page.goto(f"{live}/answer/{trial.reference()}/in-your-own-words")
        page.get_by_role("textbox").first.fill(WORDS)
        context.clear_cookies()
        press(page, "Save and continue")
        look_at(page, "lost")
        other = context.new_page()
        other.goto(f"{live}/link/{trial.token()}")
        press(other, "Start or continue")
        press(page, "Save and continue")
        assert heading(page) == "Check your answers"
        expect(page.get_by_text("to think with")).to_be_visible()


def begin(page: Page, live: str, trial: Trial) -> None:
    page.goto(f"{live}/link/{trial.token()}")
    press(page, "Start or continue")
    page.get_by_label("I have read the information above").check()
    press(page, "Continue")
