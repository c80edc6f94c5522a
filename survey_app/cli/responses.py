"""`study responses`: a study's answers as a file of FHIR."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from flask.cli import with_appcontext

from instruments.exchange.fhir import as_json
from survey_app.cli.door import parts, reading, the_study, told

if TYPE_CHECKING:
    from instruments.exchange.fhir import Release

_RELEASES: Final[dict[str, Release]] = {"fhir-r4": "R4", "fhir-r5": "R5"}


@click.command("responses")
@click.argument("study")
@click.option("--format", "kind", type=click.Choice(list(_RELEASES)), required=True)
@click.option("-o", "--output", "path", type=click.Path(path_type=Path), required=True)
@with_appcontext
@told
def command(study: str, kind: str, path: Path) -> None:
    """Write the answers of STUDY to FILE: people as codes, no arms, no comments."""
    # Imported late: what analyses takes seconds to load, and no other command needs it.
    from survey_app.exports.fhir import responses_bundle
    from survey_app.operations.reporting import take_snapshot

    with reading() as session:
        row = the_study(session, study)
        snapshot = take_snapshot(session, study=row, at=parts().clock())
    bundle = responses_bundle(snapshot, release=_RELEASES[kind])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_json(bundle))
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from error
    click.echo(f"Written: {path}, {len(bundle['entry'])} responses.")
