"""A PostgreSQL server that is really restarted, in order or killed, while somebody answers."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from databases import migrate
from flask import Flask
from looking import everything
from private_server import How, PrivateServer, private_server
from respondents import Respondent
from trials import KEYS, load_trial

from survey_app.database.session import Database

from .test_database_fails import MORE, at_point, submits_now, was_told_of_it

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.parametrize("how", ["fast", "immediate"]),
]


@pytest.fixture(scope="module")
def server() -> Iterator[PrivateServer]:
    with private_server() as running:
        yield running


@pytest.fixture
def database_url(server: PrivateServer) -> str:
    url = server.url(f"survey_{uuid4().hex[:8]}")
    database = Database(url, keys=KEYS)
    migrate(database)
    load_trial(database)
    database.dispose()
    return url


@pytest.fixture
def record(app: Flask) -> Database:
    """The record as the service holds it, with connections of its own."""
    database: Database = app.extensions["survey"].database
    return database


@pytest.mark.parametrize("point", ["UPDATE submission", "INSERT INTO audit_event", "commit"])
def test_submitting_is_undone_said_so_and_can_be_done_again(
    server: PrivateServer, record: Database, dev: Respondent, point: str, how: How
) -> None:
    before = everything(dev.trial.database)
    at_point(record, point, lambda: server.restart(how))
    assert was_told_of_it(dev.submit())
    assert everything(dev.trial.database) == before
    assert submits_now(dev)


def test_what_was_acknowledged_is_there_and_answering_goes_on(
    server: PrivateServer, dev: Respondent, how: How
) -> None:
    assert dev.save("pss10", MORE, shown="").status_code == 303
    acknowledged = everything(dev.trial.database)
    server.restart(how)
    assert everything(dev.trial.database) == acknowledged
    assert dev.get("check").status_code == 200
    server.restart(how)
    assert dev.submit().location.endswith("/receipt")
