"""Fresh databases for tests: each a copy of one that was migrated, and perhaps filled, once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import make_url
from trials import KEYS

from survey_app.database import schema
from survey_app.database.session import Database

SERVER = os.environ.get("TEST_POSTGRESQL_URL", "postgresql+psycopg://postgres@127.0.0.1:5432")


def missing(what: str) -> None:
    """Skip a test for want of a program; with STRICT=1 fail it instead."""
    if os.environ.get("STRICT") == "1":
        pytest.fail(f"{what} (STRICT=1 allows no skipping)", pytrace=False)
    pytest.skip(what)


Fill = Callable[[Database], object]


def migrate(database: Database) -> None:
    schema.upgrade(database.engine)


class SqliteSource:
    """Copies of SQLite files, each migrated and filled once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._templates: dict[Fill, Path] = {}

    @contextmanager
    def fresh(self, directory: Path, *, fill: Fill = migrate) -> Iterator[str]:
        copy = directory / f"{uuid4().hex}.sqlite"
        shutil.copyfile(self._template(fill), copy)
        yield f"sqlite:///{copy}"

    @contextmanager
    def empty(self, directory: Path) -> Iterator[str]:
        yield f"sqlite:///{directory / uuid4().hex}.sqlite"

    def _template(self, fill: Fill) -> Path:
        if fill not in self._templates:
            path = self._directory / f"{uuid4().hex}.sqlite"
            _fill(f"sqlite:///{path}", fill)
            self._templates[fill] = path
        return self._templates[fill]


class PostgresqlSource:
    """Copies of PostgreSQL databases, each migrated and filled once, and dropped in the end."""

    def __init__(self) -> None:
        self._name = f"survey_test_{os.getpid()}_{uuid4().hex[:8]}"
        self._templates: dict[Fill, str] = {}

    @staticmethod
    def reason_unavailable() -> str | None:
        try:
            psycopg.connect(_plain(SERVER), connect_timeout=3).close()
        except psycopg.OperationalError as error:
            return f"no PostgreSQL server answers at TEST_POSTGRESQL_URL: {error}".strip()
        return None

    @contextmanager
    def fresh(self, _directory: Path, *, fill: Fill = migrate) -> Iterator[str]:
        with self._made(f' TEMPLATE "{self._template(fill)}"') as url:
            yield url

    @contextmanager
    def empty(self, _directory: Path) -> Iterator[str]:
        with self._made("") as url:
            yield url

    @contextmanager
    def _made(self, how: str) -> Iterator[str]:
        name = f"{self._name}_{uuid4().hex[:8]}"
        self._run(f'CREATE DATABASE "{name}"{how}')
        try:
            yield self._url(name)
        finally:
            self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _template(self, fill: Fill) -> str:
        if fill not in self._templates:
            name = f"{self._name}_template_{len(self._templates)}"
            self._run(f'CREATE DATABASE "{name}"')
            self._templates[fill] = name
            _fill(self._url(name), fill)
        return self._templates[fill]

    def remove(self) -> None:
        for template in self._templates.values():
            self._run(f'DROP DATABASE "{template}" WITH (FORCE)')

    @staticmethod
    def _url(name: str) -> str:
        address = make_url(SERVER).set(database=name)
        # A test does not outlive a power cut, so no commit need wait for the disk.
        hasty = address.update_query_dict({"options": "-csynchronous_commit=off"})
        return hasty.render_as_string(hide_password=False)

    @staticmethod
    def _run(statement: str) -> None:
        with psycopg.connect(_plain(SERVER), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type]


def _fill(url: str, fill: Fill) -> None:
    database = Database(url, keys=KEYS)
    migrate(database)
    fill(database)
    database.dispose()


def _plain(url: str) -> str:
    address = make_url(url).set(drivername="postgresql")
    return address.set(database=address.database or "postgres").render_as_string(
        hide_password=False
    )
