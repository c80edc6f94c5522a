"""`database`: the record's shape."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from survey_app.cli.door import parts, told
from survey_app.database import schema

group = AppGroup("database", help="Set up the database.")


@group.command("upgrade")
@told
def upgrade() -> None:
    """Bring the database up to this version; safe to repeat."""
    schema.upgrade(parts().database.engine)
    click.echo("The database is up to date.")
