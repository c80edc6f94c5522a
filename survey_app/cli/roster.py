"""`roster`: schools and DSLs come onto a study's roster."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from survey_app.cli.door import BY, parts, read_file, reading, the_study, told, writing
from survey_app.database.queries.people import history_of_study
from survey_app.mail.spreadsheets import as_csv
from survey_app.operations.enrolment import import_roster
from survey_app.operations.studies import definition_of
from survey_app.trial.roster import read_roster

group = AppGroup("roster", help="Import schools and DSLs, and say who was where.")
HISTORY_COLUMNS = (
    *("urn", "school", "code", "name", "role", "since", "until", "left_because", "takes_part_here"),
)


@group.command("history")
@click.argument("study")
@told
def history(study: str) -> None:
    """Write who was at which school of STUDY from when until when, as CSV."""
    with reading() as session:
        places = history_of_study(session, the_study(session, study))
        click.echo(
            as_csv(
                HISTORY_COLUMNS,
                (
                    (
                        *(place.school.urn, place.school.name, place.participant.code),
                        place.participant.contact.name if place.participant.contact else "",
                        *(place.role, place.since_on.isoformat()),
                        place.until_on.isoformat() if place.until_on else "",
                        place.participant.left_because or "",
                        "yes" if place.school_id == place.participant.school_id else "no",
                    )
                    for place in places
                ),
            ),
            nl=False,
        )


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
        summary = import_roster(
            session,
            study=row,
            rows=roster.rows,
            key=parts().settings.secret_key,
            by=BY,
            at=parts().clock(),
        )
    for note in (*summary.notes, *roster.notes):
        place = f", line {note.line}" if note.line else ""
        click.echo(f"Note{place}: {note.message}")
    click.echo(
        f"Schools: {summary.schools_added} added, {summary.schools_updated} updated; "
        f"{summary.schools_not_eligible} on the roster cannot take part."
    )
    click.echo(
        f"People: {summary.people_added} added, {summary.people_updated} updated, "
        f"{summary.people_moved} moved, {summary.people_unchanged} unchanged."
    )
