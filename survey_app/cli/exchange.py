"""`instruments export` and `instruments import`: definitions in other platforms' formats."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from instruments.exchange.definition_files import draft_as_toml, still_needed
from instruments.exchange.formats import FORMATS, export_instrument, import_draft
from instruments.exchange.losses import Loss
from survey_app.cli.door import read_file, told
from survey_app.cli.instruments import the_instrument

_WRITTEN = [kind for kind, handler in FORMATS.items() if handler.write is not None]


@click.command("export")
@click.argument("instrument")
@click.option("--format", "kind", type=click.Choice(_WRITTEN), required=True)
@click.option("-o", "--output", "path", type=click.Path(path_type=Path), required=True)
@told
def export_command(instrument: str, kind: str, path: Path) -> None:
    """Write INSTRUMENT, a name or a definition's file, in another format; list what is lost."""
    exported = export_instrument(the_instrument(instrument), kind)
    _write(path, exported.content, may_replace=True)
    _tell("Not in the file:", exported.losses)


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "kind", type=click.Choice(list(FORMATS)), required=True)
@click.option("-o", "--output", "path", type=click.Path(path_type=Path), required=True)
@told
def import_command(file: Path, kind: str, path: Path) -> None:
    """Write what FILE says of an instrument as a definition, and list what is still to be added."""
    imported = import_draft(read_file(file), kind, file=file.name)
    _write(path, draft_as_toml(imported.draft).encode(), may_replace=False)
    _tell("Not in the definition:", imported.losses)
    needed = ", ".join(fault.where for fault in still_needed(imported.draft))
    if needed:
        click.echo(f"Still to be added, as {file.name} does not say it: {needed}")


COMMANDS = (export_command, import_command)
"""They belong to the group `instruments`."""


def _write(path: Path, content: bytes, *, may_replace: bool) -> None:
    """A definition that somebody may have completed by hand is never written over."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb" if may_replace else "xb") as file:
            file.write(content)
    except FileExistsError as error:
        raise click.ClickException(f"{path} is there already; nothing was written.") from error
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from error
    click.echo(f"Written: {path}")


def _tell(heading: str, losses: Iterable[Loss]) -> None:
    lines = [f"  {loss}" for loss in losses]
    if lines:
        click.echo("\n".join([heading, *lines]))
