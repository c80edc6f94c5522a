"""The whole service as it runs: every endpoint of it, asked as anybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from trials import Clock, Trial

from survey_app import create_app
from survey_app.operations.staff import open_session
from survey_app.settings import MailServer, Settings


@pytest.fixture(params=["sqlite"])
def database_kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def production(settings: Settings) -> Iterator[Flask]:
    made = create_app(
        replace(
            settings,
            mode="production",
            base_url="https://survey.example.org",
            mail_server=MailServer("127.0.0.1", 1, "none", "", ""),
        )
    )
    yield made
    made.extensions["survey"].database.dispose()


@pytest.fixture
def browser_of(app: Flask, trial: Trial, clock: Clock) -> Callable[[str], FlaskClient]:
    """Give a browser signed in as the member of staff with this role; "eve" has none."""
    browsers: dict[str, FlaskClient] = {}

    def sign_in(role: str) -> FlaskClient:
        if role not in browsers:
            token = f"session-of-{role}"
            with trial.database.writing() as session:
                open_session(session, staff=trial.staff_with(role), token=token, at=clock())
            browsers[role] = app.test_client()
            with browsers[role].session_transaction() as cookie:
                cookie["staff_token"] = token
                cookie["seen_at"] = clock().isoformat()
        return browsers[role]

    return sign_in
