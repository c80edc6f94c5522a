"""The page of psychometric checks, looked at by axe, at the widths of a phone and of a desk."""

from __future__ import annotations

from pathlib import Path

import browsing
import numpy as np
import pytest
from playwright.sync_api import Browser

from reports.psychometrics import GroupChecks, Psychometrics, ScaleChecks
from reports.psychometrics_page import render_page
from scoring.checks import check
from scoring.keyed import KeyedAnswers

pytestmark = pytest.mark.chromium


def checks(n: int) -> Psychometrics:
    rng = np.random.default_rng(2)
    values = rng.standard_normal((n, 1)) + rng.standard_normal((n, 7))
    items = tuple(f"a_long_item_name_{number}" for number in range(7))
    values = np.clip(np.round(values + 1.5), 0, 3)
    keyed = KeyedAnswers(items, values, np.zeros(7), np.full(7, 3.0), "Anxiety", items[:1])
    half = keyed.rows(np.arange(n) % 2 == 0)
    groups = tuple(
        GroupChecks(group, check(part, seed=1, replications=20))
        for group, part in ((None, keyed), ("North", half))
    )
    scale = ScaleChecks("Anxiety", 0, 3, True, groups)
    made_by = (("File", "answers.csv"), ("SHA-256 of the file", "0" * 64))
    return Psychometrics("answers.csv", n, "region", 0, 0.95, 1, 20, (scale,), made_by)


@pytest.mark.parametrize("people", [300, 30, 0])
def test_the_page_is_accessible_and_never_scrolls_sideways(
    chromium: Browser, people: int, tmp_path: Path
) -> None:
    file = tmp_path / "checks.html"
    file.write_text(render_page(checks(people)), encoding="utf-8")
    with browsing.opened_context(chromium) as context:
        page = context.new_page()
        page.goto(file.as_uri())
        browsing.look_at(page, f"psychometrics-{people}")
