"""`keys`: the keys of encrypted columns are made and changed."""

from __future__ import annotations

import click
from cryptography.fernet import Fernet
from flask.cli import AppGroup

from survey_app.cli.door import BY, parts, told, writing
from survey_app.database.encryption import PURPOSES, KeyMissingError, Purpose
from survey_app.operations.key_rotation import note_rotation, rotate_step, tables_of

group = AppGroup("keys", help="Make and change the keys that the record is encrypted with.")


@group.command("make")
def make() -> None:
    """Print a new key, to be put first in one of the settings for keys."""
    click.echo(Fernet.generate_key().decode())


@group.command("rotate")
@click.argument("purposes", metavar="[PURPOSE...]", type=click.Choice(PURPOSES), nargs=-1)
@told
def rotate(purposes: tuple[Purpose, ...]) -> None:
    """Encrypt everything anew under the newest key: of each PURPOSE, or of all.

    Safe to interrupt and to repeat. Afterwards the older keys can be taken from the settings, once
    no backup that needs them is kept.
    """
    for purpose in purposes or PURPOSES:
        try:
            changed = sum(_rotate(table, purpose) for table in tables_of(purpose))
        except KeyMissingError as error:
            raise click.ClickException(f"{error} Nothing more was changed.") from error
        if changed:
            with writing() as session:
                note_rotation(session, purpose=purpose, rows=changed, by=BY, at=parts().clock())
        click.echo(f"{purpose}: {changed:,} rows encrypted anew; all are under the newest key.")


def _rotate(table: str, purpose: Purpose) -> int:
    changed, after = 0, None
    while True:
        with writing() as session:
            after, n = rotate_step(session, table=table, purpose=purpose, after=after)
        changed += n
        if after is None:
            return changed
