"""`database`: the record's shape."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from survey_app.cli.door import BY, parts, refuse_later_record, told
from survey_app.database import schema
from survey_app.operations.versions import freeze_what_is_used

group = AppGroup("database", help="Set up the database.")


@group.command("upgrade")
@told
def upgrade() -> None:
    """Bring the database up to this version; safe to repeat."""
    bring_up_to_date()
    click.echo("The database is up to date.")


def bring_up_to_date() -> None:
    """Give the record its newest shape, and freeze what an earlier version asked unfrozen."""
    refuse_later_record()
    schema.upgrade(parts().database.engine)
    with parts().database.writing() as session:
        frozen = freeze_what_is_used(session, by=BY, at=parts().clock())
    if frozen:
        click.echo(f"Questionnaires in use that were frozen as they are now: {frozen}.")
