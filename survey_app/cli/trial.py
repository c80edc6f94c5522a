"""`trial`: schools are randomised, and anyone can check how."""

from __future__ import annotations

from collections import Counter

import click
from flask.cli import AppGroup

from survey_app.cli.door import BY, parts, reading, the_study, told, writing
from survey_app.database.queries.studies import randomisation_of
from survey_app.operations.randomisation import (
    allocate_clusters,
    new_seed,
    sealed_record,
    verify_allocation,
)

group = AppGroup("trial", help="Randomise schools and verify the allocation.")


@group.command("allocate")
@click.argument("study")
@click.option("--seed", help="The seed; without one it is drawn, and recorded.")
@told
def allocate(study: str, seed: str | None) -> None:
    """Randomise the eligible schools of STUDY, once."""
    with writing() as session:
        randomisation = allocate_clusters(
            session,
            study=the_study(session, study),
            seed=seed or new_seed(parts().rng),
            by=BY,
            at=parts().clock(),
        )
        click.echo(f"Randomised. Seal: {randomisation.allocation_sha256}")


@group.command("verify")
@click.argument("study")
@click.option("--record", is_flag=True, help="Print the sealed record, for a third party.")
@told
def verify(study: str, record: bool) -> None:
    """Draw the allocation of STUDY again from its seed and roster, and compare."""
    with reading() as session:
        row = the_study(session, study)
        differences = verify_allocation(session, study=row)
        sealed = sealed_record(session, study=row)
        randomisation = randomisation_of(session, row)
    assert randomisation is not None  # noqa: S101  # verify_allocation has refused otherwise
    if record:
        click.echo(sealed.sealed_text, nl=False)
    if differences:
        raise click.ClickException(
            "The record is not what the seed gives:\n" + "\n".join(differences)
        )
    sizes = Counter(row.arm for row in sealed.rows)
    click.echo(f"Seed:    {randomisation.seed}", err=record)
    click.echo(f"Roster:  SHA-256 {randomisation.roster_sha256}", err=record)
    click.echo(f"Seal:    SHA-256 {randomisation.allocation_sha256}", err=record)
    click.echo(
        "Schools: " + ", ".join(f"{number} {arm}" for arm, number in sorted(sizes.items())),
        err=record,
    )
    click.echo("Verified: drawing again gives the same arm for every school.", err=record)
