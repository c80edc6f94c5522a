"""`backup`: the whole record is copied, checked and put back."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from survey_app.cli.door import parts
from survey_app.database import schema
from survey_app.database.backups import (
    BackupError,
    Manifest,
    check_backup,
    fingerprints,
    make_backup,
    read_manifest,
    restore_backup,
)

group = AppGroup("backup", help="Back up the record, and put it back.")

BACKUP = click.argument("backup", type=click.Path(path_type=Path, file_okay=False))


@group.command("make")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), required=False)
def make(directory: Path | None) -> None:
    """Copy the whole record into a new folder of DIRECTORY, or of SURVEY_BACKUP_DIR."""
    settings = parts().settings
    where = directory or settings.backup_directory
    if where is None:
        raise click.ClickException("Give a directory, or set SURVEY_BACKUP_DIR.")
    try:
        made = make_backup(
            settings.database_url, where, keys=settings.keys_by_name, at=parts().clock()
        )
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{made}: {_in_words(read_manifest(made))}")
    click.echo("The keys of your settings are not in it: keep them elsewhere.")


@group.command("check")
@BACKUP
def check(backup: Path) -> None:
    """Read a backup whole and compare it with its manifest."""
    try:
        manifest = check_backup(backup)
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{backup} is as it was made: {_in_words(manifest)}")


@group.command("restore")
@BACKUP
@click.option("--over", is_flag=True, help="Replace what the database holds.")
def restore(backup: Path, over: bool) -> None:
    """Put a backup into the database of the settings, and verify every table."""
    settings = parts().settings
    try:
        manifest = read_manifest(backup)
        if manifest.revision not in schema.known_revisions():
            raise BackupError(
                f"The backup is of a later version ({manifest.program}); restore it with that one."
            )
        restore_backup(settings.database_url, backup, over=over)
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Restored and verified: {_in_words(manifest)}")
    now = fingerprints(settings.keys_by_name)
    for purpose, then in manifest.keys.items():
        if not set(then.split(",")) <= set(now.get(purpose, "").split(",")):
            click.echo(
                f"{purpose} is not what it was when the backup was made: what was made or "
                "encrypted with it cannot be used until it is set as it was.",
                err=True,
            )
    if not schema.is_current(parts().database.engine):
        click.echo("It is of an earlier version. Run: flask --app wsgi database upgrade")


def _in_words(manifest: Manifest) -> str:
    return (
        f"{len(manifest.tables)} tables, {manifest.n_rows:,} rows, "
        f"{manifest.size / 1024 / 1024:.1f} MB, of {manifest.made:%d %B %Y %H:%M} UTC"
    )
