"""Keys are changed: what the record keeps encrypted is encrypted anew, under the newest.

In short steps, each whole in itself, so that the service works on beside it and an interruption
loses nothing. A row under the newest key already is left as it is.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, String, Table, Text, select, tuple_, type_coerce, update
from sqlalchemy.orm import Session

from survey_app.database.base import Base
from survey_app.database.encryption import (
    Encrypted,
    EncryptedFields,
    LookUpHash,
    Purpose,
    keyring_of,
)
from survey_app.database.growing import GROWING, unguarded
from survey_app.operations.audit import record_event

ROWS_A_STEP: Final = 500


def tables_of(purpose: Purpose) -> list[str]:
    """Give the tables that hold something under the keys of a purpose."""
    return [table.name for table in Base.metadata.sorted_tables if _encrypted(table, purpose)]


def rotate_step(
    session: Session, *, table: str, purpose: Purpose, after: tuple[Any, ...] | None
) -> tuple[tuple[Any, ...] | None, int]:
    """Encrypt the next rows of a table anew.

    Gives the key of the last row looked at, None at the end, and how many rows were changed.
    Rows are locked while they are looked at, so that nothing written meanwhile is lost.
    """
    chosen = Base.metadata.tables[table]
    keyring = keyring_of(session.get_bind().dialect)
    columns = _encrypted(chosen, purpose)
    hashes = [each for each in chosen.columns if _is_of(each, LookUpHash, purpose)]
    key = list(chosen.primary_key.columns)
    statement = (
        select(*key, *(type_coerce(each, Text) for each in columns))
        .order_by(*key)
        .limit(ROWS_A_STEP)
        .with_for_update()
    )
    if after is not None:
        statement = statement.where(tuple_(*key) > tuple_(*after))
    rows = session.execute(statement).all()
    changed = 0
    for row in rows:
        kept = dict(zip(columns, row[len(key) :], strict=True))
        if all(not each or keyring.is_newest(purpose, each) for each in kept.values()):
            continue
        plain = {c: keyring.decrypt(purpose, each) for c, each in kept.items() if each}
        values: dict[str, Any] = {
            c.name: type_coerce(keyring.encrypt(purpose, words), Text) for c, words in plain.items()
        }
        for each in hashes:
            words = plain.get(chosen.c[each.type.of])  # type: ignore[attr-defined]  # chosen as such
            if words:
                values[each.name] = type_coerce(keyring.hashes(purpose, words)[0], String)
        same = [column == value for column, value in zip(key, row[: len(key)], strict=True)]
        statement_for_row = update(chosen).where(*same).values(values)
        if table in GROWING:
            with unguarded(session.connection(), table):
                session.execute(statement_for_row)
        else:
            session.execute(statement_for_row)
        changed += 1
    last = tuple(rows[-1][: len(key)]) if len(rows) == ROWS_A_STEP else None
    return last, changed


def note_rotation(session: Session, *, purpose: Purpose, rows: int, by: str, at: datetime) -> None:
    """Put on the trail that everything of a purpose is under its newest key."""
    record_event(
        session, "keys_rotated", by=by, at=at, subject="service", purpose=purpose, rows=rows
    )


def _encrypted(table: Table, purpose: Purpose) -> list[Column[Any]]:
    kinds = (Encrypted, EncryptedFields)
    return [each for each in table.columns if any(_is_of(each, kind, purpose) for kind in kinds)]


def _is_of(column: Column[Any], kind: type, purpose: Purpose) -> bool:
    return isinstance(column.type, kind) and column.type.purpose == purpose  # type: ignore[attr-defined]  # each kind has one
