"""A coordinator's week in a real browser: sessions recorded together, corrected and imported."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import browsing
import pytest
from playwright.sync_api import Browser
from test_staff_journey import sign_in
from trials import SLUG, Trial


@pytest.mark.chromium
@pytest.mark.parametrize("width", [browsing.PHONE, browsing.DESK])
def test_a_weeks_sessions_are_recorded(
    chromium: Browser, live: str, trial: Trial, width: int, tmp_path: Path
) -> None:
    trial.randomise()
    trial.clock.noon_on(date(2020, 4, 6))
    with browsing.opened_context(chromium, width) as context:
        page = context.new_page()
        sign_in(page, live, "coordinator")

        def look(name: str) -> None:
            browsing.keep_picture(page, f"sessions-{name}")
            browsing.assert_accessible(page)

        page.goto(f"{live}/studies/{SLUG}/sessions/mark?number=1")
        look("to-mark")
        page.locator(".mark").first.get_by_label("Not attended").check()
        page.get_by_label("All others on this page").select_option("attended")
        page.get_by_role("button", name="Save these sessions").click()
        look("marked")
        page.goto(f"{live}/studies/{SLUG}/sessions")
        look("by-school")
        page.locator("tbody a").first.click()
        page.locator("tbody a").nth(1).click()
        page.get_by_label("It was cancelled").check()
        page.get_by_role("button", name="Save the session").click()
        look("refused")
        page.get_by_label("Why was it cancelled").fill("Snow")
        page.get_by_role("button", name="Save the session").click()
        look("of-a-school")
        assert page.get_by_text("It was cancelled: Snow").count() == 1
        file = tmp_path / "sessions.csv"
        file.write_text("urn,session,outcome\n12,1,attended\n100001,9,perhaps\n", encoding="utf-8")
        page.goto(f"{live}/studies/{SLUG}/sessions/import")
        page.set_input_files("input[type=file]", file)
        page.get_by_role("button", name="Import the sessions").click()
        look("faults")
        assert page.locator("#faults-caption + thead + tbody tr").count() == 3


@pytest.mark.chromium
@pytest.mark.parametrize("width", [browsing.PHONE, browsing.DESK])
def test_counts_of_an_authority_are_imported_and_their_gaps_seen(
    chromium: Browser, live: str, width: int, tmp_path: Path
) -> None:
    with browsing.opened_context(chromium, width) as context:
        page = context.new_page()
        sign_in(page, live, "data-manager")
        for number, (name, text) in enumerate(
            {
                "refused": "urn,month,contacts,nfa\n999,2019-10,2,3\n100001,2010-01,1,\n",
                "imported": "urn,month,contacts,nfa\n100001,2019-10,2,1\n100001,2019-12,0,0\n",
            }.items()
        ):
            file = tmp_path / f"counts-{number}.csv"
            file.write_text(text, encoding="utf-8")
            page.goto(f"{live}/studies/{SLUG}/authority-outcomes/import")
            page.set_input_files("input[type=file]", file)
            page.get_by_role("button", name="Import the counts").click()
            browsing.keep_picture(page, f"counts-{name}")
            browsing.assert_accessible(page)
        assert page.locator("#imports-caption + thead + tbody tr").count() == 1
