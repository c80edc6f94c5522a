"""Connections to the record: one way to read, one way to write.

A reading transaction cannot write: the database itself refuses. On SQLite a writing transaction
takes the write lock at once, so that two writers queue instead of failing half-way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.orm import Session

from survey_app.database.encryption import Keyring, Purpose, use_keyring

_WRITES = "survey_writes"
_BUSY_MILLISECONDS = 20_000


class Database:
    """One database and the two kinds of session it gives."""

    def __init__(self, url: str, *, keys: Mapping[Purpose, Sequence[str]] | None = None) -> None:
        self.engine = _make_engine(url)
        use_keyring(self.engine, Keyring(keys or {}))
        self._reader = self.engine.execution_options(postgresql_readonly=True)
        self._writer = self.engine.execution_options(**{_WRITES: True})

    def open_reader(self) -> Session:
        """Give a session whose transactions the database refuses to let write."""
        return Session(self._reader, expire_on_commit=False)

    def open_writer(self) -> Session:
        """Give a session that may write; whoever opens it commits, or nothing was done."""
        return Session(self._writer, expire_on_commit=False)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a reading session for the length of the block."""
        with self.open_reader() as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session that commits when its block ends well and rolls back when it does not."""
        with self.open_writer() as session, session.begin():
            yield session

    def dispose(self) -> None:
        self.engine.dispose()


def _make_engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            url, hide_parameters=True, connect_args={"timeout": _BUSY_MILLISECONDS / 1000}
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    # Hidden, because what a failing statement carries may be an answer or an address.
    return create_engine(
        url, hide_parameters=True, pool_size=16, max_overflow=16, pool_pre_ping=True
    )


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not open transactions of its own: _begin_sqlite chooses their kind.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
