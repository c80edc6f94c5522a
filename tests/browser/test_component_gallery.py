"""Every component, looked at by axe in a real browser, at the widths of a phone and of a desk."""

from __future__ import annotations

from collections.abc import Iterator

import browsing
import gallery
import pytest
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.chromium

AT_EVERY_WIDTH = (
    "survey/items/refused",
    "survey/fields/refused",
    "survey/check",
    "survey/start",
    "staff/tables",
    "staff/controls/refused",
)
ON_A_PHONE = (
    "survey/items",
    "survey/fields",
    "survey/thanks",
    "survey/fault/404",
    "staff/controls",
    "staff/fault/403",
)
LOOKED_AT = [
    *((name, browsing.WIDTHS) for name in AT_EVERY_WIDTH),
    *((name, (browsing.PHONE,)) for name in ON_A_PHONE),
]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with browsing.served(gallery.make_gallery()) as address:
        yield address


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    with browsing.opened_context(chromium, browsing.PHONE) as context:
        yield context.new_page()


@pytest.mark.parametrize(("name", "widths"), LOOKED_AT)
def test_axe_finds_nothing_and_no_page_scrolls_sideways(
    page: Page, address: str, name: str, widths: tuple[int, ...]
) -> None:
    page.goto(f"{address}/{name}")
    browsing.look_at(page, name.replace("/", "-"), widths=widths)


def test_axe_finds_a_field_without_a_label(page: Page) -> None:
    page.route("**/*", lambda route: route.fulfill(body=BARE_FIELD, content_type="text/html"))
    page.goto("http://bare.example/")
    with pytest.raises(pytest.fail.Exception, match="label"):
        browsing.assert_accessible(page)


def test_a_page_wider_than_its_window_is_found(page: Page) -> None:
    page.route("**/*", lambda route: route.fulfill(body=TOO_WIDE, content_type="text/html"))
    page.goto("http://wide.example/")
    with pytest.raises(pytest.fail.Exception, match="wider than its window"):
        browsing.assert_accessible(page)


def test_cards_are_full_width_and_tall_enough_on_a_phone(chromium: Browser, address: str) -> None:
    with browsing.opened_context(chromium, browsing.PHONE) as context:
        page = context.new_page()
        page.goto(f"{address}/survey/items")
        first, second = _boxes(page)
    assert first["height"] >= 48
    assert first["width"] >= browsing.PHONE - 40
    assert second["y"] > first["y"]


def test_cards_stand_in_a_row_on_a_desk(chromium: Browser, address: str) -> None:
    with browsing.opened_context(chromium, browsing.DESK) as context:
        page = context.new_page()
        page.goto(f"{address}/survey/items")
        first, second = _boxes(page)
    assert second["y"] == first["y"]
    assert second["x"] > first["x"]


def test_the_error_summary_leads_to_the_first_choice_of_its_question(
    chromium: Browser, address: str
) -> None:
    with browsing.opened_context(chromium, browsing.PHONE) as context:
        page = context.new_page()
        page.goto(f"{address}/survey/items/refused")
        page.get_by_role("link", name="Worrying too much").click()
        assert page.locator(":focus").get_attribute("id") == "gad7_3"


def test_a_participants_page_weighs_less_than_20_kb_of_style(
    chromium: Browser, address: str
) -> None:
    sizes: list[int] = []
    with browsing.opened_context(chromium, browsing.PHONE) as context:
        page = context.new_page()
        page.on(
            "requestfinished",
            lambda request: sizes.append(request.sizes()["responseBodySize"]),
        )
        page.goto(f"{address}/survey/thanks", wait_until="networkidle")
    assert 2 <= len(sizes) <= 4
    assert sum(sizes) <= 20_000


def test_nothing_is_asked_of_any_other_server(chromium: Browser, address: str) -> None:
    asked: list[str] = []
    with browsing.opened_context(chromium, browsing.DESK, javascript=True) as context:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{address}/staff/tables", wait_until="networkidle")
    assert asked
    assert all(url.startswith(address) for url in asked)


def _boxes(page: Page) -> tuple[dict[str, float], dict[str, float]]:
    cards = page.locator("fieldset").first.locator("label")
    return cards.nth(0).bounding_box(), cards.nth(1).bounding_box()


BARE_FIELD = "<!doctype html><html lang=en><title>Bare</title><main><h1>Bare</h1><input></main>"
TOO_WIDE = (
    "<!doctype html><html lang=en><title>Wide</title><main><h1>Wide</h1>"
    "<p style='width: 5000px'>far</p></main>"
)
