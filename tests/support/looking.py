"""Looking into the record in tests: whole tables, and the trail of changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy import func, select

from survey_app.database.base import Base
from survey_app.database.models import AuditEvent
from survey_app.database.session import Database

Row = TypeVar("Row", bound=Base)


def rows(database: Database, model: type[Row]) -> list[Row]:
    """Every row of a table, in the order of its key."""
    with database.reading() as session:
        return list(session.scalars(select(model).order_by(*model.__table__.primary_key)))


def only(database: Database, model: type[Row]) -> Row:
    (row,) = rows(database, model)
    return row


def events(database: Database, action: str) -> list[AuditEvent]:
    """Every event of one kind, oldest first."""
    return [event for event in rows(database, AuditEvent) if event.action == action]


def everything(database: Database) -> Mapping[str, list[tuple[Any, ...]]]:
    """The whole record, table by table: equal before and after means that nothing was written."""
    with database.reading() as session:
        return {
            table.name: [
                tuple(row) for row in session.execute(select(table).order_by(*table.primary_key))
            ]
            for table in Base.metadata.sorted_tables
        }


def counts(database: Database) -> Mapping[str, int]:
    """How many rows each table has."""
    with database.reading() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }
