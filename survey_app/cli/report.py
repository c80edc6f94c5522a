"""`report`: the report by arm, as files."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext

from survey_app.cli.door import parts, reading, the_study, told, write_file


@click.command("report")
@click.argument("study")
@click.option(
    "-o",
    "--output",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="The folder to write to; here, unless given.",
)
@with_appcontext
@told
def command(study: str, directory: Path) -> None:
    """Write the report of STUDY by arm, as HTML and PDF; masked until the arms are released."""
    # Imported late: what analyses takes seconds to load, and no other command needs it.
    from survey_app.operations.reporting import make_document

    at = parts().clock()
    with reading() as session:
        document = make_document(session, study=the_study(session, study), at=at)
    write_file(directory / f"{study}-report.html", document.html)
    if document.pdf is None:
        raise click.ClickException(document.pdf_missing_because)
    write_file(directory / f"{study}-report.pdf", document.pdf)
