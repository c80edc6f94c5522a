"""`roster`: schools and DSLs come onto a study's roster."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from survey_app.cli.door import BY, parts, read_file, the_study, told, writing
from survey_app.operations.enrolment import import_roster
from survey_app.operations.studies import definition_of
from survey_app.trial.roster import read_roster

group = AppGroup("roster", help="Import schools and DSLs.")


@group.command("import")
@click.argument("study")
@click.argument("file", type=click.Path(path_type=Path))
@told
def import_command(study: str, file: Path) -> None:
    """Import FILE, a CSV of schools and their DSLs, into STUDY. Again updates, never doubles."""
    data = read_file(file)
    with writing() as session:
        row = the_study(session, study)
        roster = read_roster(data, phases=definition_of(row).study.phases)
        summary = import_roster(session, study=row, rows=roster.rows, by=BY, at=parts().clock())
    for note in roster.notes:
        click.echo(f"Note, line {note.line}: {note.message}")
    click.echo(
        f"Schools: {summary.schools_added} added, {summary.schools_updated} updated; "
        f"{summary.schools_not_eligible} on the roster cannot take part."
    )
    click.echo(
        f"People: {summary.people_added} added, {summary.people_updated} updated, "
        f"{summary.people_unchanged} unchanged."
    )
