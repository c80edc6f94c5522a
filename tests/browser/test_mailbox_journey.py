"""From the demonstration's start page to an open questionnaire, by its mailbox."""

from __future__ import annotations

from pathlib import Path

import browsing
import pytest
from playwright.sync_api import Browser
from trials import Trial

from survey_app.jobs.delivery import deliver_letters
from survey_app.settings import Settings


@pytest.mark.chromium
@pytest.mark.parametrize("width", browsing.WIDTHS)
def test_a_newcomer_finds_a_letter_and_follows_its_link(
    chromium: Browser, live: str, trial: Trial, settings: Settings, width: int, tmp_path: Path
) -> None:
    deliver_letters(settings, trial.database, clock=trial.clock)
    with browsing.opened_context(chromium, width) as context:
        page = context.new_page()
        page.goto(live)
        browsing.assert_accessible(page)
        page.click("main a.govuk-button")
        browsing.assert_accessible(page)
        assert page.locator(".mailbox a").count() == 10
        page.click(".mailbox a >> nth=0")
        browsing.keep_picture(page, "mailbox-letter")
        browsing.assert_accessible(page)
        page.click("main a.govuk-button")
        assert page.url.startswith(f"{live}/link/")
        browsing.assert_accessible(page)
