"""`sessions`: what became of sessions comes from a file."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from survey_app.cli.door import BY, parts, read_file, the_study, told, writing
from survey_app.operations.studies import definition_of
from survey_app.operations.supervision import import_sessions
from survey_app.trial.sessions_file import read_sessions
from survey_app.trial.working_days import ENGLAND

group = AppGroup("sessions", help="Import the sessions of the intervention.")


@group.command("import")
@click.argument("study")
@click.argument("file", type=click.Path(path_type=Path))
@told
def import_command(study: str, file: Path) -> None:
    """Import FILE, a CSV of schools and sessions, into STUDY. Again updates, never doubles."""
    data = read_file(file)
    at = parts().clock()
    with writing() as session:
        row = the_study(session, study)
        rows = read_sessions(
            data, definition=definition_of(row), today=at.astimezone(ENGLAND).date()
        )
        summary = import_sessions(session, study=row, rows=rows, by=BY, at=at)
    for note in summary.notes:
        click.echo(f"Note: {note}")
    click.echo(
        f"Sessions: {summary.added} added, {summary.updated} updated, "
        f"{summary.unchanged} unchanged."
    )
