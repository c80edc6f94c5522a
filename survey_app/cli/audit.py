"""`audit`: the trail of changes is checked."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from survey_app.cli.door import parts, reading, told
from survey_app.operations.audit_seals import check_trail

group = AppGroup("audit", help="Check the trail of changes.")


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
