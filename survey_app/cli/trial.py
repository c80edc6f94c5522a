"""`trial`: schools are randomised, who needs it is told the arms, and anyone can check how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from survey_app.cli.door import BY, parts, read_file, reading, the_study, told, writing
from survey_app.database.queries.staff import staff_by_email
from survey_app.operations.randomisation import (
    allocate_clusters,
    allocate_late_schools,
    certificate_of,
    import_allocation,
    new_seed,
    verify_allocation,
)
from survey_app.operations.releases import release_arms_to
from survey_app.trial.certificate import Certificate, read_certificate

group = AppGroup("trial", help="Randomise schools and verify the allocation.")


def _cut_off(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--cut-off-because",
        default="",
        help="Why people who have not answered the baseline yet are not waited for.",
    )(command)


@group.command("allocate")
@click.argument("study")
@click.option("--seed", help="A seed agreed beforehand; without one it is drawn, and recorded.")
@_cut_off
@told
def allocate(study: str, seed: str | None, cut_off_because: str) -> None:
    """Randomise the eligible schools of STUDY, once."""
    with writing() as session:
        randomisation = allocate_clusters(
            session,
            study=the_study(session, study),
            seed=seed or new_seed(parts().rng),
            by=BY,
            at=parts().clock(),
            cut_off_because=cut_off_because,
        )
        click.echo(f"Randomised. Seal: {randomisation.allocation_sha256}")


@group.command("allocate-late")
@click.argument("study")
@_cut_off
@told
def allocate_late(study: str, cut_off_because: str) -> None:
    """Give schools that came to STUDY after its randomisation the next places of the sequence."""
    with writing() as session:
        act = allocate_late_schools(
            session,
            study=the_study(session, study),
            by=BY,
            at=parts().clock(),
            cut_off_because=cut_off_because,
        )
        click.echo(f"Late schools have their arms. Seal: {act.allocation_sha256}")


@group.command("import")
@click.argument("study")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--source", required=True, help="Who made the allocation, and how.")
@_cut_off
@told
def import_command(study: str, file: Path, source: str, cut_off_because: str) -> None:
    """Take over an allocation of STUDY made elsewhere: a CSV with the columns urn and arm."""
    data = read_file(file)
    with writing() as session:
        act = import_allocation(
            session,
            study=the_study(session, study),
            data=data,
            source=source,
            seed=new_seed(parts().rng),
            by=BY,
            at=parts().clock(),
            cut_off_because=cut_off_because,
        )
        click.echo(f"Imported, and marked so. Seal: {act.allocation_sha256}")


@group.command("release")
@click.argument("study")
@click.argument("email")
@click.option("--because", required=True, help="Why this person is told the arms.")
@told
def release(study: str, email: str, because: str) -> None:
    """Let the person with this EMAIL see the arms of STUDY."""
    with writing() as session:
        staff = staff_by_email(session, email)
        if staff is None:
            raise click.ClickException(f"Nobody on staff has the address {email}.")
        row = the_study(session, study)
        release_arms_to(session, study=row, staff=staff, because=because, by=BY, at=parts().clock())
        click.echo(f"{staff.name} now sees the arms of {study}.")


@group.command("certificate")
@click.argument("study")
@told
def certificate(study: str) -> None:
    """Print the certificate of STUDY's randomisation, which tells the arms of all schools."""
    with reading() as session:
        text = certificate_of(session, study=the_study(session, study)).text
    click.echo(text, nl=False)


@group.command("verify")
@click.argument("study", required=False)
@click.option(
    "--certificate",
    "file",
    type=click.Path(path_type=Path),
    help="A certificate's file; without STUDY it is checked by itself, with no database.",
)
@told
def verify(study: str | None, file: Path | None) -> None:
    """Draw an allocation again and compare: that on record for STUDY, or a certificate's."""
    if study is None and file is None:
        raise click.ClickException("Name a study, or give --certificate a file.")
    given = None if file is None else read_certificate(_text_of(file))
    if given is not None:
        _refuse("The certificate is not what its seed gives:", given.differences())
    if study is None:
        assert given is not None  # noqa: S101  # one of the two is there
        _say(given)
        return
    with reading() as session:
        row = the_study(session, study)
        _refuse("The record is not what the seed gives:", verify_allocation(session, study=row))
        on_record = certificate_of(session, study=row)
    if given is not None and not on_record.text.startswith(given.text):
        raise click.ClickException(
            f"The certificate is sound, and it is not that of {study} on record."
        )
    _say(on_record)


def _text_of(file: Path) -> str:
    try:
        return read_file(file).decode("utf-8")
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file} is no text in UTF-8: {error}") from error


def _refuse(opening: str, differences: tuple[str, ...]) -> None:
    if differences:
        raise click.ClickException("\n".join((opening, *differences)))


def _say(found: Certificate) -> None:
    sizes = Counter(row.arm for row in found.rows)
    click.echo(f"Rule:    {found.first.method.rule}")
    click.echo(f"Seed:    {found.first.seed}")
    click.echo(f"Roster:  SHA-256 {found.first.roster_sha256}")
    for number, seal in enumerate(found.seals):
        click.echo(f"Seal:    SHA-256 {seal}{f' (late schools, act {number})' if number else ''}")
    click.echo(
        "Schools: " + ", ".join(f"{number} {arm}" for arm, number in sorted(sizes.items())),
    )
    if found.first.method.can_be_repeated:
        click.echo("Verified: drawing again gives the same arm for every school.")
    else:
        click.echo("Verified: as imported. It was made elsewhere, so there is no draw to repeat.")
