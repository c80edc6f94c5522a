"""One Chromium for all the tests that look at pages."""

from __future__ import annotations

from collections.abc import Iterator

import browsing
import pytest
from flask import Flask
from playwright.sync_api import Browser
from trials import Trial


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with browsing.launched_chromium() as browser:
        yield browser


@pytest.fixture(params=["sqlite"])
def database_kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def live(app: Flask, trial: Trial) -> Iterator[str]:
    """The service with the small trial, baseline open and invited, on a port of this machine."""
    trial.invite()
    with browsing.served(app) as address:
        yield address
