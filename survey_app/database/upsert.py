"""Insert-or-leave and insert-or-update in one statement, the same on both databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from survey_app.database.base import Base


def insert_unless_there(
    session: Session, model: type[Base], values: Mapping[str, Any], *, key: Sequence[str]
) -> bool:
    """Insert a row unless one with the same key is there; give whether it was inserted.

    Two at once leave one row, and one of them is told so.
    """
    statement = _insert(session, model).values(**values)
    statement = statement.on_conflict_do_nothing(index_elements=list(key))
    # The count of rows would be -1 on PostgreSQL.
    return session.execute(statement.returning(literal(1))).first() is not None


def insert_or_update(
    session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]], *, key: Sequence[str]
) -> None:
    """Insert rows, or replace the other columns of those whose key is there."""
    if not rows:
        return
    statement = _insert(session, model).values(list(rows))
    changed = {name: statement.excluded[name] for name in rows[0] if name not in key}
    session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=changed))


def _insert(session: Session, model: type[Base]) -> Any:
    dialect = session.get_bind().dialect.name
    return (postgresql.insert if dialect == "postgresql" else sqlite.insert)(model)
