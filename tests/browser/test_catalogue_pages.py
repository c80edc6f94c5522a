"""The catalogue of instruments in a real browser, at the widths of a phone and of a desk."""

from __future__ import annotations

import browsing
import pytest
from playwright.sync_api import Browser
from trials import PASSWORD

PAGES = {
    "instruments": "/instruments",
    "instruments-tier-c": "/instruments?tier=C",
    "instrument-hse": "/instruments/hse_msit",
    "instrument-swemwbs": "/instruments/swemwbs",
    "preview-dsl": "/instruments/dsl_confidence/preview/2",
    "preview-withheld": "/instruments/hads/preview",
    "studies": "/studies",
}


@pytest.mark.chromium
def test_the_catalogue_is_accessible_and_a_preview_takes_answers(
    chromium: Browser, live: str
) -> None:
    with browsing.opened_context(chromium) as context:
        page = context.new_page()
        page.goto(f"{live}/account/sign-in")
        page.fill("input[name=email]", "researcher@trial.example")
        page.fill("input[name=password]", PASSWORD)
        page.click("main button[type=submit]")
        for name, path in PAGES.items():
            page.goto(f"{live}{path}")
            assert page.locator("h1").count() == 1
            browsing.look_at(page, name)
        page.goto(f"{live}/instruments/gad7/preview")
        second = page.locator("input[name=gad7_1]").nth(1)
        second.check()
        second.press("Enter")
        assert second.is_checked()
        assert page.url == f"{live}/instruments/gad7/preview"
