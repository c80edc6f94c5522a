"""A real browser for tests: start it, serve an app to it, check a page with axe, keep a picture.

Pages are opened with JavaScript off unless a test says otherwise, as the service promises to work
without it. axe can still be run in such a page from outside, but timers stand still there: it is
given a timer of its own, which waits for nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final
from wsgiref.types import WSGIApplication

import pytest
from databases import missing
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

AXE_FILE: Final = Path(__file__).parents[1] / "vendor" / "axe-core" / "axe.min.js"
NARROW: Final = 320
PHONE: Final = 375
DESK: Final = 1280
WIDTHS: Final = (NARROW, PHONE, DESK)

_HEIGHTS: Final = {NARROW: 640, PHONE: 812, DESK: 900}
# Only violations are read, so nothing else need be described.
_AXE_OPTIONS: Final = "{ resultTypes: ['violations'] }"
_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
]


class _QuietHandler(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: a test's output is for what failed."""


@contextmanager
def launched_chromium() -> Iterator[Browser]:
    """A Chromium for the length of the block; skips where there is none."""
    program = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if program is None:
        missing(f"no Chromium: none of {', '.join(_BROWSERS)} is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def served(app: WSGIApplication) -> Iterator[str]:
    """The app on a free port of loopback; gives its address without a slash at the end."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_QuietHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def opened_context(
    browser: Browser, width: int = PHONE, *, javascript: bool = False
) -> Iterator[BrowserContext]:
    """A fresh browser profile (no cookies) whose window is so many pixels wide."""
    context = browser.new_context(
        viewport={"width": width, "height": _HEIGHTS.get(width, 900)},
        java_script_enabled=javascript,
        locale="en-GB",
        reduced_motion="reduce",
    )
    context.set_default_timeout(15_000)
    yield context
    context.close()


def carry_visit(client: FlaskClient, context: BrowserContext, address: str) -> None:
    """Let a browser go on with the questionnaire that a test client has opened."""
    cookie = client.get_cookie("visit")
    assert cookie is not None
    context.add_cookies([{"name": "visit", "value": cookie.value, "url": address}])


def assert_accessible(page: Page) -> None:
    """Fail with a readable list where axe finds anything, or the page scrolls sideways."""
    _evaluate(page, f"typeof axe === 'object' || {_axe()}")
    violations = _evaluate(page, f"axe.run({_AXE_OPTIONS}).then(result => result.violations)")
    root = "document.documentElement"
    overflow = _evaluate(page, f"{root}.scrollWidth - {root}.clientWidth")
    complaints = [line for violation in violations for line in _describe(violation)]
    if overflow > 0:
        complaints.append(f"- the page is {overflow} px wider than its window")
    if complaints:
        width = (page.viewport_size or {}).get("width")
        pytest.fail(f"{page.url} at {width} px:\n" + "\n".join(complaints), pytrace=False)


def _set_width(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": _HEIGHTS.get(width, 900)})


@cache
def _axe() -> str:
    source = AXE_FILE.read_text(encoding="utf-8")
    soon = "work => { Promise.resolve().then(work); return 0; }"
    return f"(function (setTimeout) {{ {source}\n }})({soon})"


def _evaluate(page: Page, expression: str) -> Any:
    session = page.context.new_cdp_session(page)
    answer = session.send(
        "Runtime.evaluate",
        {"expression": expression, "awaitPromise": True, "returnByValue": True},
    )
    session.detach()
    if "exceptionDetails" in answer:
        raise RuntimeError(json.dumps(answer["exceptionDetails"])[:2000])
    return answer["result"].get("value")


def _describe(violation: Mapping[str, Any]) -> Iterator[str]:
    yield f"- {violation['id']} ({violation['impact']}): {violation['help']}"
    for node in violation["nodes"]:
        yield f"    {node['target']} {node['html'][:160]}"
        yield f"      {node['failureSummary']}"


def look_at(page: Page, name: str, *, widths: Sequence[int] = WIDTHS) -> None:
    """Check the page with axe at each width, and keep a picture of each."""
    for width in widths:
        _set_width(page, width)
        keep_picture(page, name)
        assert_accessible(page)


def keep_picture(page: Page, name: str) -> None:
    """Write a picture of the whole page into the folder SCREENSHOTS names, where it names one."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        width = (page.viewport_size or {}).get("width")
        page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
