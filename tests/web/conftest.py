"""The service as a browser meets it, without a browser: on SQLite unless a test says otherwise."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from trials import Clock, Trial

from survey_app.operations.staff import open_session


@pytest.fixture(params=["sqlite"])
def database_kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def sign_in_as(app: Flask, trial: Trial, clock: Clock) -> Callable[..., FlaskClient]:
    """Give a browser that the member of staff with this role has signed in with; also "eve"."""

    def sign_in(role: str) -> FlaskClient:
        token = f"session-of-{role}"
        with trial.database.writing() as session:
            open_session(session, staff=trial.staff_with(role), token=token, at=clock())
        browser = app.test_client()
        with browser.session_transaction() as cookie:
            cookie["staff_token"] = token
            cookie["seen_at"] = clock().isoformat()
        return browser

    return sign_in
