"""The report by arm, looked at by axe in a real browser, at the widths of a phone and of a desk."""

from __future__ import annotations

from pathlib import Path

import browsing
import pytest
from invented_trial import make_snapshot, unmasked, without_allocation, without_submissions
from playwright.sync_api import Browser

from reports.document import build_report, render_html
from reports.snapshot import Snapshot

pytestmark = pytest.mark.chromium

STAGES = {
    "masked": make_snapshot,
    "unmasked": lambda: unmasked(make_snapshot()),
    "early": lambda: without_allocation(without_submissions(make_snapshot())),
}


def written(snapshot: Snapshot, folder: Path) -> str:
    file = folder / "report.html"
    file.write_text(render_html(build_report(snapshot)), encoding="utf-8")
    return file.as_uri()


@pytest.mark.parametrize("stage", STAGES)
def test_the_report_is_accessible_and_never_scrolls_sideways(
    chromium: Browser, stage: str, tmp_path: Path
) -> None:
    address = written(STAGES[stage](), tmp_path)
    with browsing.opened_context(chromium) as context:
        page = context.new_page()
        page.goto(address)
        browsing.look_at(page, f"report-{stage}")


def test_wide_tables_scroll_by_keyboard_in_their_own_box(chromium: Browser, tmp_path: Path) -> None:
    with browsing.opened_context(chromium, browsing.PHONE) as context:
        page = context.new_page()
        page.goto(written(make_snapshot(), tmp_path))
        box = page.get_by_role("region", name="Table 3. Response by arm and wave")
        box.focus()
        page.keyboard.press("End")
        page.keyboard.press("ArrowRight")
        page.wait_for_function("element => element.scrollLeft > 0", arg=box.element_handle())
