"""Insert-or-leave and insert-or-update in one statement, the same on both databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from survey_app.database.base import Base


def insert_rows(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of one shape that nothing else in the session looks at, without their ids."""
    if rows:
        _run(session, _plain_insert(model), _one_or_many(rows))


def insert_unless_there(
    session: Session, model: type[Base], values: Mapping[str, Any], *, key: Sequence[str]
) -> bool:
    """Insert a row unless one with the same key is there; give whether it was inserted.

    Two at once leave one row, and one of them is told so.
    """
    return bool(insert_new(session, model, [values], key=key))


def insert_new(
    session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]], *, key: Sequence[str]
) -> list[int]:
    """Insert those rows whose key is not there yet, and give their ids."""
    if not rows:
        return []
    statement = _insert_or_leave(_dialect(session), model, tuple(key))
    # The count of rows would be -1 on PostgreSQL.
    return list(_run(session, statement, _one_or_many(rows)).scalars())


def insert_or_update(
    session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]], *, key: Sequence[str]
) -> None:
    """Insert rows, or replace the other columns of those whose key is there."""
    if not rows:
        return
    statement = _insert_or_update(_dialect(session), model, tuple(key), tuple(rows[0]))
    _run(session, statement, _one_or_many(rows))


def _run(session: Session, statement: Any, values: Any) -> Any:
    session.flush()
    return session.connection().execute(statement, values)


def _one_or_many(rows: Sequence[Mapping[str, Any]]) -> Any:
    # One row alone goes the shorter way.
    return list(rows) if len(rows) > 1 else rows[0]


# Made once each, since to make a statement takes longer than to run it; so does a statement that
# holds all its rows, which is another one for each number of them.
@cache
def _plain_insert(model: type[Base]) -> Any:
    return _table(model).insert()


@cache
def _insert_or_leave(dialect: str, model: type[Base], key: tuple[str, ...]) -> Any:
    statement = _insert(dialect, model).on_conflict_do_nothing(index_elements=list(key))
    return statement.returning(_table(model).c.id)


@cache
def _insert_or_update(
    dialect: str, model: type[Base], key: tuple[str, ...], columns: tuple[str, ...]
) -> Any:
    statement = _insert(dialect, model)
    changed = {name: statement.excluded[name] for name in columns if name not in key}
    return statement.on_conflict_do_update(index_elements=list(key), set_=changed)


def _insert(dialect: str, model: type[Base]) -> Any:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(_table(model))


def _table(model: type[Base]) -> Any:
    return model.__table__


def _dialect(session: Session) -> str:
    return session.get_bind().dialect.name
