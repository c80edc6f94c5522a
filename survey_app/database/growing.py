"""Tables that can only grow, and the few acts that may alter them all the same.

The guard is taken away and put back within the transaction of the act, so nobody else ever meets
the table without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, text

GROWING: Final = frozenset({"response_event"})
"""Those of them that hold something encrypted, or something that may have to be erased."""


@contextmanager
def unguarded(connection: Connection, table: str) -> Iterator[None]:
    """Let rows of a table that can only grow be altered for the length of the block."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {table}_grows"))
        yield
        connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER {table}_grows"))
        return
    guards = connection.execute(
        text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"),
        {"table": table},
    ).all()
    for name, _ in guards:
        connection.execute(text(f"DROP TRIGGER {name}"))
    yield
    for _, made_by in guards:
        connection.execute(text(made_by))
