"""`audit`: the trail of changes is checked, and written to a file."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from survey_app.cli.door import parts, reading, told
from survey_app.database.queries.trail import all_staff_names, whole_trail
from survey_app.operations.audit_seals import check_trail
from survey_app.web.data_manager.presenters import whole_trail_csv

group = AppGroup("audit", help="Check the trail of changes, and write it to a file.")


@group.command("verify")
@click.option("--head", default="", help="A hash this command printed before, noted elsewhere.")
@told
def verify(head: str) -> None:
    """Compute every seal of the trail again; exit code 1 where anything was altered."""
    with reading() as session:
        found = check_trail(session, at=parts().clock(), expected_head=head.strip().lower())
    if found.faults:
        raise click.ClickException("\n".join(["The trail was altered:", *found.faults]))
    click.echo(f"{found.n_sealed:,} events under {found.n_seals:,} seals are as they were sealed.")
    click.echo(f"{found.n_unsealed:,} newer events wait for the worker's next seal.")
    click.echo(f"Newest seal: {found.head}")
    click.echo("Note it elsewhere; --head with it shows later whether seals were cut off.")


@group.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@told
def export(file: Path) -> None:
    """Write the trail of every study, sign-ins included, to FILE as a CSV; times are UTC."""
    with reading() as session:
        lines = whole_trail_csv(whole_trail(session), all_staff_names(session))
        try:
            with file.open("x", encoding="utf-8", newline="") as written:
                n_lines = sum(1 for line in lines if written.write(line))
        except FileExistsError as error:
            raise click.ClickException(f"{file} is there already, and is left as it is.") from error
        except OSError as error:
            raise click.ClickException(f"{file} cannot be written: {error.strerror}") from error
    click.echo(f"{n_lines - 1:,} events written to {file}.")
