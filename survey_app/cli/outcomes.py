"""`outcomes`: counts that authorities hold of schools come from a file."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from survey_app.cli.door import BY, parts, read_file, the_study, told, writing
from survey_app.operations.authority_counts import import_counts
from survey_app.operations.studies import definition_of
from survey_app.trial.authority_file import read_counts
from survey_app.trial.authority_months import period_of

group = AppGroup("outcomes", help="Import the counts that authorities hold of schools.")


@group.command("import")
@click.argument("study")
@click.argument("file", type=click.Path(path_type=Path))
@told
def import_command(study: str, file: Path) -> None:
    """Import FILE, a CSV of schools and months, into STUDY. A later import counts, none is lost."""
    data = read_file(file)
    with writing() as session:
        row = the_study(session, study)
        found = read_counts(data, period=period_of(definition_of(row)))
        summary = import_counts(
            session, study=row, file=found, name=file.name, by=BY, at=parts().clock()
        )
    for note in found.notes:
        click.echo(f"Note: {note}")
    if summary.schools_left_out:
        click.echo(f"Note: {summary.schools_left_out} schools that can take part have no row.")
    click.echo(
        f"Months of schools: {summary.new} new, {summary.changed} that replace other counts, "
        f"{summary.unchanged} unchanged."
    )
