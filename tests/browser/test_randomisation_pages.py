"""The schools are randomised, the arms released by name, and a late school added, in a browser."""

from __future__ import annotations

from pathlib import Path

import browsing
import pytest
from allocations import comes_late
from playwright.sync_api import Browser, Page
from test_staff_journey import sign_in
from trials import SLUG, Trial


def look(page: Page, name: str) -> None:
    browsing.keep_picture(page, f"randomisation-{name}")
    browsing.assert_accessible(page)


@pytest.mark.chromium
@pytest.mark.parametrize("width", [browsing.PHONE, browsing.DESK])
def test_schools_are_randomised_released_by_name_and_added_to(
    chromium: Browser, live: str, trial: Trial, width: int
) -> None:
    study = f"{live}/studies/{SLUG}"
    with browsing.opened_context(chromium, width) as context:
        page = context.new_page()
        sign_in(page, live, "coordinator")
        page.goto(f"{study}/sessions")
        look(page, "sessions-withheld")
        page.goto(f"{study}/randomisation")
        page.click("main button[type=submit]")
        look(page, "refused")
        page.fill("#cut_off_because", "The board decided not to wait.")
        page.check("#confirmed")
        page.click("main button[type=submit]")
        look(page, "concealed")
        assert "which are not released to you" in page.inner_text("main")
    with browsing.opened_context(chromium, width) as context:
        page = context.new_page()
        sign_in(page, live, "data-manager")
        page.goto(f"{study}/unmasking")
        look(page, "before-release")
        page.click("text=Tell them the arms")
        look(page, "release-refused")
        page.check("#person")
        page.fill("#told_because", "Offers the supervision.")
        page.click("text=Tell them the arms")
        look(page, "released")
    comes_late(trial)
    with browsing.opened_context(chromium, width) as context:
        page = context.new_page()
        sign_in(page, live, "coordinator")
        page.goto(f"{study}/randomisation")
        look(page, "with-a-late-school")
        page.fill("#cut_off_because", "It joined late.")
        page.check("#confirmed")
        page.click("text=Give the late schools their arms")
        look(page, "with-late-schools")
        with page.expect_download() as download:
            page.click("text=Download the certificate")
        assert "part|1|" in Path(download.value.path()).read_text()


@pytest.mark.chromium
@pytest.mark.parametrize("width", [browsing.PHONE, browsing.DESK])
def test_the_faults_of_an_allocation_made_elsewhere_are_shown(
    chromium: Browser, live: str, tmp_path: Path, width: int
) -> None:
    file = tmp_path / "allocation.csv"
    file.write_text("urn,arm\n100001,supervision\n100001,both\n12,supervision\n")
    with browsing.opened_context(chromium, width) as context:
        page = context.new_page()
        sign_in(page, live, "coordinator")
        page.goto(f"{live}/studies/{SLUG}/randomisation/import")
        page.set_input_files("#allocation", file)
        page.fill("#source", "The trials unit, by lot")
        page.fill("#cut_off_because", "The board decided not to wait.")
        page.check("#confirmed")
        page.click("main button[type=submit]")
        look(page, "import-refused")
        assert "The allocation has 4 faults" in page.inner_text("main")
