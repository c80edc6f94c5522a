"""`demo`: the demonstration trial."""

from __future__ import annotations

import shutil
import time

import click
from flask.cli import AppGroup

from survey_app.cli.database import bring_up_to_date
from survey_app.cli.door import parts, reading, refuse_later_record, told
from survey_app.database import schema
from survey_app.database.queries.studies import all_studies

group = AppGroup("demo", help="Load the demonstration trial.")


@group.command("load")
@click.option("--afresh", is_flag=True, help="Throw the demonstration's data away first.")
@told
def load(afresh: bool) -> None:
    """Load the demonstration trial, unless something is on record already."""
    if not parts().settings.is_demonstration:
        raise click.ClickException(
            "This is not a demonstration: SURVEY_MODE is production, and nothing was loaded."
        )
    if afresh:
        refuse_later_record()
        _throw_away()
    bring_up_to_date()
    with reading() as session:
        studies = [study.slug for study in all_studies(session)]
    if studies:
        click.echo(f"Already on record: {', '.join(studies)}. The data are kept.")
        return
    # Imported late: simulating loads what takes seconds, and is seldom needed.
    from survey_app.demonstration.story import tell_story

    started = time.monotonic()
    click.echo("Making the demonstration trial …")
    tell_story(parts().settings, parts().database, now=parts().clock(), say=click.echo)
    click.echo(f"Ready after {time.monotonic() - started:.0f} seconds.")


def _throw_away() -> None:
    # Emptied in place: a service that is running goes on with the same database.
    schema.downgrade(parts().database.engine, "base")
    shutil.rmtree(parts().settings.mailbox_directory, ignore_errors=True)
