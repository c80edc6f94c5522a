"""`study`: definitions come onto the record."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from survey_app.cli.door import BY, parts, read_file, reading, told, writing
from survey_app.database.queries.studies import all_studies
from survey_app.operations.studies import definition_of, register_study
from survey_app.trial.design import load_ready_made, read_study

group = AppGroup("study", help="Load and list studies.")


@group.command("load")
@click.argument("file")
@told
def load(file: str) -> None:
    """Load a study from FILE, a TOML file, or by the name of a ready-made study."""
    ready_made = load_ready_made()
    if file in ready_made:
        definition = ready_made[file]
    else:
        if not Path(file).exists():
            raise click.ClickException(
                f"There is no file {file}; expected a TOML file, or one of {', '.join(ready_made)}"
            )
        source = read_file(Path(file))
        try:
            text = source.decode("utf-8")
        except UnicodeDecodeError as error:
            raise click.ClickException(
                f"{file} is not text in UTF-8 (byte {error.start}); expected a TOML file, "
                f"or one of {', '.join(ready_made)}"
            ) from error
        definition = read_study(text, file=file)
    with writing() as session:
        study = register_study(session, definition=definition, by=BY, at=parts().clock())
        click.echo(f"Study {study.slug} is on record: {definition.title}")


@group.command("list")
def list_studies() -> None:
    """List the studies on record and the ready-made ones."""
    with reading() as session:
        on_record = {s.slug: definition_of(s).title for s in all_studies(session)}
    for slug, title in on_record.items():
        click.echo(f"{slug}  on record   {title}")
    for slug, definition in load_ready_made().items():
        if slug not in on_record:
            click.echo(f"{slug}  ready-made  {definition.title}")
