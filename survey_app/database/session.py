"""Connections to the record: one way to read, one way to write.

A reading connection cannot write: the database itself refuses. On SQLite a writing transaction
takes the write lock at once, so that two writers queue instead of failing half-way.
"""

from __future__ import annotations

import select
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session

from survey_app.database.encryption import Keyring, Purpose, use_keyring
from survey_app.database.stores import KEYS_OF, SEARCH_PATH, Part, take_role

_BUSY_SECONDS = 20
_CONNECT_SECONDS = 10
# As many as a web server's process has threads, so that none is made anew for each request.
_SQLITE_CONNECTIONS = 16
_POSTGRESQL_CONNECTIONS = 8


class Database:
    """One database and the two kinds of session it gives."""

    def __init__(
        self,
        url: str,
        *,
        keys: Mapping[Purpose, Sequence[str]] | None = None,
        part: Part | None = None,
    ) -> None:
        self._url, self._keys = url, keys or {}
        self._parts: dict[Part, Database] = {}
        self.engine = _make_engine(url, part=part)
        self._reader = _make_engine(url, part=part, reads_only=True)
        keyring = Keyring(self._keys)
        for engine in (self.engine, self._reader):
            use_keyring(engine, keyring)

    def of_part(self, part: Part) -> Database:
        """Give the database as one part of the service sees it: with its keys, and in its role.

        What sends letters can read no answer, what analyses no contact.
        """
        if part not in self._parts:
            its = {name: self._keys[name] for name in KEYS_OF[part] if name in self._keys}
            self._parts[part] = Database(self._url, keys=its, part=part)
        return self._parts[part]

    def open_reader(self) -> Session:
        """Give a session whose transactions the database refuses to let write."""
        return Session(self._reader, expire_on_commit=False)

    def open_writer(self) -> Session:
        """Give a session that may write; whoever opens it commits, or nothing was done."""
        return Session(self.engine, expire_on_commit=False)

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
        self._reader.dispose()
        for part in self._parts.values():
            part.dispose()


def _make_engine(url: str, *, part: Part | None, reads_only: bool = False) -> Engine:
    if make_url(url).get_backend_name() == "sqlite":
        return _sqlite_engine(url, reads_only=reads_only)
    return _postgresql_engine(url, part=part, reads_only=reads_only)


def _sqlite_engine(url: str, *, reads_only: bool) -> Engine:
    file = make_url(url).database
    if file and file != ":memory:":
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    # Hidden, because what a failing statement carries may be an answer or an address.
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=_SQLITE_CONNECTIONS,
        connect_args={"timeout": _BUSY_SECONDS},
    )

    def prepare(connection: Any, _entry: Any) -> None:
        # The driver must not open transactions of its own: `begin` chooses their kind.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")
        if reads_only:
            connection.execute("PRAGMA query_only=ON")

    def begin(connection: Connection) -> None:
        driver = connection.connection.dbapi_connection
        assert driver is not None  # noqa: S101  # a transaction begins on an open connection
        driver.execute("BEGIN" if reads_only else "BEGIN IMMEDIATE")

    event.listen(engine, "connect", prepare)
    if not reads_only:
        _let_writers_queue(engine)
    event.listen(engine, "begin", begin)
    return engine


def _let_writers_queue(engine: Engine) -> None:
    """Let the threads of one process write one after the other.

    SQLite itself tries again after a while, and whoever comes at the right moment is first. Other
    processes still meet there, and so does whoever has waited here for too long.
    """
    turn = threading.Lock()

    def take(connection: Connection) -> None:
        connection.info["has_turn"] = turn.acquire(timeout=_BUSY_SECONDS)

    def give_back(_connection: Any, entry: Any) -> None:
        if entry.info.pop("has_turn", False):
            turn.release()

    event.listen(engine, "begin", take)
    event.listen(engine, "checkin", give_back)


def _postgresql_engine(url: str, *, part: Part | None, reads_only: bool) -> Engine:
    about: dict[str, Any] = {}
    if reads_only:
        # Each statement is a transaction of its own, which spares two trips to the server. At this
        # level of isolation, a longer one would not have read anything more consistent.
        about["isolation_level"] = "AUTOCOMMIT"
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=_POSTGRESQL_CONNECTIONS,
        max_overflow=16,
        pool_use_lifo=True,
        connect_args={"connect_timeout": _CONNECT_SECONDS},
        **about,
    )

    def prepare(connection: Any, _entry: Any) -> None:
        connection.execute(f"SET search_path TO {SEARCH_PATH}")
        if part is not None:
            take_role(connection, part)
        if reads_only:
            connection.execute("SET default_transaction_read_only TO on")
        # Else the first rollback would take it all back.
        connection.commit()

    event.listen(engine, "connect", prepare)
    event.listen(engine, "checkout", _refuse_dead)
    return engine


def _refuse_dead(connection: Any, _entry: Any, _proxy: Any) -> None:
    """Have the pool give another connection where the server has closed this one.

    A server says nothing to an idle connection until it ends it, so looking is enough, and asking,
    which costs a trip to the server, is not needed.
    """
    if connection.closed:
        raise DisconnectionError("this connection is closed")
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if waiting.poll(0):
        raise DisconnectionError("the server has ended this connection")
