"""The database gone, locked or full in the middle of a request: told so, and nothing half done."""

from __future__ import annotations

import logging
import re
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from databases import SERVER
from flask import Flask
from letterboxes import outbox
from looking import everything, only
from respondents import Respondent
from sqlalchemy import event, make_url, text
from werkzeug.test import TestResponse

from survey_app.database import session as sessions
from survey_app.database.models import Submission
from survey_app.database.session import Database

from .conftest import VALUES, WORDS

MORE = {f"pss10_{n}": "1" for n in range(1, 11)}
SAVED = {**{name: int(value) for name, value in VALUES.items()}, **WORDS}
ONLY_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"])
ONLY_POSTGRESQL = pytest.mark.parametrize(
    "database_kind", [pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
SUBMITTING = ["SELECT submission", "UPDATE submission", "INSERT INTO letter", "commit"]


@pytest.fixture
def record(app: Flask) -> Database:
    """The record as the server holds it, with connections of its own."""
    database: Database = app.extensions["survey"].database
    return database


def was_told_of_it(answer: TestResponse) -> bool:
    says_saved = re.search(r"(answers|page) (are|were|was|is) (saved|submitted)\b", answer.text)
    return answer.status_code == 500 and not says_saved


def at_point(record: Database, point: str, act) -> None:
    """Do something once, when the server comes to a statement, or to its commit."""
    done = []

    def when_there(statement: str) -> None:
        if statement.startswith(point) and not done:
            done.append(statement)
            act()

    event.listen(
        record.engine, "before_cursor_execute", lambda _c, _u, statement, *_: when_there(statement)
    )
    event.listen(record.engine, "commit", lambda _connection: when_there("commit"))


def end_connections(dev: Respondent) -> None:
    """What a restart of the server does to everybody connected, waited for: all are gone after."""
    name = make_url(str(dev.trial.database.engine.url)).database
    plain = make_url(SERVER).set(drivername="postgresql", database="postgres")
    address = plain.render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s",
            (name,),
        ).fetchall()
    assert all(gone for (gone,) in ended)


def submits_now(dev: Respondent) -> bool:
    """Whether the same press of the button now gives a receipt, and everything is there once."""
    assert dev.submit().location.endswith("/receipt")
    receipt = only(dev.trial.database, Submission).receipt
    n_thanks = sum(letter.kind == "thanks" for letter in outbox(dev.trial.database))
    return receipt in dev.get("receipt").text and n_thanks == 1 and dev.saved == SAVED


@ONLY_POSTGRESQL
@pytest.mark.parametrize("point", SUBMITTING)
def test_a_server_restarted_in_mid_submit_loses_nothing(record, dev, point):
    before = everything(dev.trial.database)
    at_point(record, point, lambda: end_connections(dev))
    assert was_told_of_it(dev.submit())
    assert everything(dev.trial.database) == before
    assert submits_now(dev)


@ONLY_POSTGRESQL
def test_a_restart_between_two_pages_is_not_even_noticed(dev):
    end_connections(dev)
    assert dev.get("gad7").status_code == 200
    end_connections(dev)
    assert dev.save("pss10", MORE, shown="").status_code == 303
    assert {name: dev.saved[name] for name in MORE} == dict.fromkeys(MORE, 1)


@ONLY_POSTGRESQL
@pytest.mark.parametrize("table", ["submission", "letter", "audit_event"])
def test_a_full_disk_of_the_server_saves_nothing_and_says_so(record, dev, table):
    with record.engine.begin() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                "RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$"
            )
        )
        connection.execute(
            text(
                f"CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION full_disk()"
            )
        )
    before = everything(dev.trial.database)
    assert was_told_of_it(dev.submit())
    assert everything(dev.trial.database) == before
    with record.engine.begin() as connection:
        connection.execute(text(f"DROP TRIGGER full_disk ON {table}"))
    assert submits_now(dev)


def set_most_pages(record: Database, pages: int) -> None:
    """Let the file grow no further: SQLite says of it what it says of a disk that is full."""
    record.engine.dispose()
    event.listen(
        record.engine,
        "connect",
        lambda each, _entry: each.execute(f"PRAGMA max_page_count={pages}"),
    )


@ONLY_SQLITE
def test_a_full_disk_saves_nothing_and_says_so(record, dev):
    with record.engine.connect() as connection:
        set_most_pages(record, connection.scalar(text("PRAGMA page_count")))
    # There is some room left in the pages of the file, so it takes a few.
    before, answer = {}, dev.get("gad7")
    for word in "abcdefghijklmnopqrst":
        before = everything(dev.trial.database)
        answer = dev.save("in-your-own-words", {**WORDS, "would_help": word * 4000}, shown="")
        if answer.status_code != 303:
            break
    assert was_told_of_it(answer)
    assert everything(dev.trial.database) == before
    set_most_pages(record, 1_000_000)
    assert dev.save("in-your-own-words", WORDS, shown="").status_code == 303
    assert submits_now(dev)


@contextmanager
def no_room() -> Iterator[None]:
    """Let this process write no byte of any file past its first page, as if the disk were full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@ONLY_SQLITE
@pytest.mark.parametrize("point", ["answering", "submitting"])
def test_writes_that_the_system_refuses_save_nothing_and_say_so(dev, monkeypatch, point):
    # What the service logs of it may find no room either.
    monkeypatch.setattr(logging, "raiseExceptions", False)
    before = everything(dev.trial.database)
    with no_room():
        answer = dev.submit() if point == "submitting" else dev.save("pss10", MORE, shown="")
    assert was_told_of_it(answer)
    assert everything(dev.trial.database) == before
    assert dev.save("pss10", MORE, shown="").status_code == 303
    assert dev.submit().location.endswith("/receipt")
    assert dev.saved == SAVED | dict.fromkeys(MORE, 1)


@ONLY_SQLITE
@pytest.mark.parametrize("point", ["answering", "submitting"])
def test_a_file_locked_for_too_long_saves_nothing_and_says_so(
    app, settings, clock, dev, monkeypatch, point
):
    monkeypatch.setattr(sessions, "_BUSY_SECONDS", 0.2)
    impatient = Database(settings.database_url, keys=settings.encryption_keys)
    monkeypatch.setattr(app.extensions["survey"].database, "engine", impatient.engine)
    before = everything(dev.trial.database)
    other = sqlite3.connect(settings.database_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answer = dev.submit() if point == "submitting" else dev.save("pss10", MORE, shown="")
    assert was_told_of_it(answer)
    assert dev.get("check").status_code == 200
    other.execute("ROLLBACK")
    other.close()
    assert everything(dev.trial.database) == before
    assert submits_now(dev)
    impatient.dispose()
