"""`study`: definitions come onto the record."""

from __future__ import annotations

import tomllib
from pathlib import Path

import click
from flask.cli import AppGroup

from instruments.errors import DefinitionError
from survey_app.cli.door import BY, parts, read_file, reading, told, writing
from survey_app.database.queries.studies import all_studies
from survey_app.operations.studies import definition_of, register_study
from survey_app.operations.versions import changed_files, read_study_again, versions_in_use
from survey_app.trial.design import read_study, ready_made_sources

group = AppGroup("study", help="Load and list studies.")


@group.command("load")
@click.argument("file")
@click.option("--because", default="", help="Why a study in use is amended.")
@told
def load(file: str, because: str) -> None:
    """Load a study from FILE, a TOML file, or by the name of a ready-made study.

    A study in use may be amended: people may be asked more. It needs a reason, and what was asked,
    agreed to or allocated stays as it was.
    """
    ready_made = ready_made_sources()
    if file in ready_made:
        text, file = ready_made[file], f"{file}.toml"
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
    with writing() as session:
        definition = read_study_again(session, text, file, slug=_slug_of(text))
        study = register_study(
            session, definition=definition, by=BY, at=parts().clock(), because=because
        )
        click.echo(f"Study {study.slug} is on record: {definition.title}")
        for version in versions_in_use(session, study):
            click.echo(
                f"  {version.wave}: questionnaire version {version.number} "
                f"({version.sha256[:12]}), from {version.frozen_at:%Y-%m-%d}"
            )
        for changed in changed_files(study):
            click.echo(f"Warning: {changed}", err=True)


def _slug_of(text: str) -> str:
    """The slug that a study file says; empty where it cannot be read, which has its own fault."""
    try:
        return str(tomllib.loads(text)["study"]["slug"])
    except (tomllib.TOMLDecodeError, KeyError, TypeError):
        return ""


def _ready_made_in_words(slug: str, text: str) -> str:
    try:
        return f"ready-made  {read_study(text, f'{slug}.toml').title}"
    except DefinitionError as error:
        # It cannot be loaded here, as where an instrument was taken away; the others can.
        return f"ready-made, and cannot be used here: {error.faults[0]}"


@group.command("list")
def list_studies() -> None:
    """List the studies on record and the ready-made ones."""
    with reading() as session:
        studies = all_studies(session)
        on_record = {s.slug: definition_of(s).title for s in studies}
        changed = [(study.slug, each) for study in studies for each in changed_files(study)]
    for slug, title in on_record.items():
        click.echo(f"{slug}  on record   {title}")
    for slug, text in ready_made_sources().items():
        if slug not in on_record:
            click.echo(f"{slug}  {_ready_made_in_words(slug, text)}")
    for slug, each in changed:
        click.echo(f"Warning: {slug}: {each}", err=True)
