"""`database`: the record's shape."""

from __future__ import annotations

import click
from flask.cli import AppGroup
from sqlalchemy.exc import ProgrammingError

from survey_app.cli.door import BY, expect_current_record, parts, refuse_later_record, told
from survey_app.database import schema
from survey_app.database.stores import make_roles
from survey_app.operations.versions import freeze_what_is_used

group = AppGroup("database", help="Set up the database.")


@group.command("upgrade")
@told
def upgrade() -> None:
    """Bring the database up to this version; safe to repeat."""
    bring_up_to_date()
    click.echo("The database is up to date.")


@group.command("roles")
@told
def roles() -> None:
    """Make the roles that keep contacts from analysis and answers from letters (PostgreSQL only).

    The worker uses them from its next start. Safe to repeat; an upgrade renews their grants.
    """
    if parts().settings.is_sqlite:
        raise click.ClickException(
            "SQLite has no roles. Contacts and comments are kept apart by their keys alone there."
        )
    expect_current_record()
    try:
        made = make_roles(parts().database.engine)
    except ProgrammingError as error:
        raise click.ClickException(f"The roles could not be made: {error.orig}") from error
    click.echo(f"{' and '.join(made)} see what is theirs. Start the worker again.")


def bring_up_to_date() -> None:
    """Give the record its newest shape, and freeze what an earlier version asked unfrozen."""
    refuse_later_record()
    schema.upgrade(parts().database.engine)
    with parts().database.writing() as session:
        frozen = freeze_what_is_used(session, by=BY, at=parts().clock())
    if frozen:
        click.echo(f"Questionnaires in use that were frozen as they are now: {frozen}.")
