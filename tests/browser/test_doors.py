"""The ways in besides the link itself: a code, and asking for a new link; faults too."""

from __future__ import annotations

import browsing
import pytest
from playwright.sync_api import Browser
from trials import KEY, Trial

from survey_app.signed_letters import sign_letter


@pytest.mark.chromium
@pytest.mark.parametrize("width", browsing.WIDTHS)
def test_the_pages_of_codes_and_new_links_are_accessible(
    chromium: Browser, live: str, width: int
) -> None:
    with browsing.opened_context(chromium, width) as context:
        page = context.new_page()
        for path, field, wrong, title in (
            ("code", "#code", "AB12-CD34-EF56", "Error: Enter the code"),
            ("new-link", "#email", "nobody", "Error: Ask for a new link"),
        ):
            page.goto(f"{live}/{path}")
            browsing.keep_picture(page, path)
            browsing.assert_accessible(page)
            page.fill(field, wrong)
            page.press(field, "Enter")
            page.wait_for_url(f"{live}/{path}")
            assert page.title().startswith(title)
            browsing.assert_accessible(page)
        page.goto(f"{live}/new-link")
        page.fill("#email", "dev@school.example")
        page.press("#email", "Enter")
        page.wait_for_url(f"{live}/new-link/asked-for")
        browsing.assert_accessible(page)


@pytest.mark.chromium
def test_whoever_was_not_meant_can_say_so_with_the_keyboard(
    chromium: Browser, live: str, trial: Trial
) -> None:
    with browsing.opened_context(chromium, browsing.PHONE) as context:
        page = context.new_page()
        page.goto(f"{live}/link/{trial.token(1)}")
        page.click("main button")
        page.focus("summary:has-text('This is not me')")
        page.keyboard.press("Enter")
        browsing.assert_accessible(page)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**/not-me")
        assert page.title().startswith("Thank you for telling us")
        browsing.assert_accessible(page)


@pytest.mark.chromium
@pytest.mark.parametrize("width", browsing.WIDTHS)
def test_the_pages_that_stop_reminders_are_accessible(
    chromium: Browser, live: str, width: int
) -> None:
    with browsing.opened_context(chromium, width) as context:
        page = context.new_page()
        for token, title in (
            (sign_letter(1, "stop", key=KEY), "You will get no more reminders"),
            ("1-aaaaaaaaaaaaaaaa", "We could not tell who you are"),
        ):
            page.goto(f"{live}/stop-reminders/{token}")
            browsing.keep_picture(page, "stop-reminders")
            browsing.assert_accessible(page)
            page.get_by_role("button", name="Send me no more reminders").click()
            assert page.title().startswith(title)
            browsing.keep_picture(page, title.lower().replace(" ", "-"))
            browsing.assert_accessible(page)
