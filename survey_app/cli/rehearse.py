"""`study rehearse`: a study lived through before its first letter goes, down to its report."""

from __future__ import annotations

import secrets
from pathlib import Path

import click
from flask.cli import with_appcontext

from survey_app.cli.door import read_file, reading, told, write_file
from survey_app.database.queries.studies import study_by_slug
from survey_app.operations.studies import definition_of
from survey_app.trial.design import StudyDefinition, read_study, ready_made_sources
from survey_app.trial.roster import RosterRow, read_roster

_SEED_BYTES = 8


@click.command("rehearse")
@click.argument("study")
@click.option("--seed", help="The same seed tells the same story; without one it is drawn.")
@click.option(
    "--roster",
    "roster_file",
    type=click.Path(path_type=Path),
    help="A CSV of schools; people's names and addresses in it are replaced by invented ones.",
)
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
def command(study: str, seed: str | None, roster_file: Path | None, directory: Path) -> None:
    """Simulate the whole of STUDY and write its report, marked as a rehearsal.

    STUDY is on record, a ready-made study, or a TOML file. The schools are those of --roster, else
    those on record, else invented; the people are always invented. Response, drop-out, mail
    scanners and letters that come back are simulated through the service's own operations, in a
    database of its own that is thrown away. The record is only read, and no letter is sent.
    """
    # Imported late: simulating loads what takes seconds, and no other command needs it.
    from survey_app.rehearsal.course import rehearse
    from survey_app.rehearsal.roster import invented_rows, with_invented_people

    seed = seed or secrets.token_hex(_SEED_BYTES)
    definition, rows = _found(study)
    if roster_file is not None:
        read = read_roster(read_file(roster_file), phases=definition.study.phases)
        rows = with_invented_people(read.rows)
    elif not rows:
        rows = invented_rows(definition, seed=seed)
    click.echo(f"Rehearsing {definition.slug} with the seed {seed}. Nothing of it is real.")
    done = rehearse(definition, rows, seed=seed, say=click.echo)
    for wave in done.waves:
        click.echo(
            f"  {wave.title}: {wave.invited} invited, {wave.started} started, "
            f"{wave.submitted} submitted"
        )
    click.echo(
        f"  {done.letters} letters taken, {done.bounced} bounced; mail scanners opened "
        f"{done.scanned} links and pressed {done.pressed} buttons"
    )
    name = directory / f"REHEARSAL-{definition.slug}-report"
    write_file(name.with_suffix(".html"), done.document.html)
    if done.document.pdf is None:
        raise click.ClickException(done.document.pdf_missing_because)
    write_file(name.with_suffix(".pdf"), done.document.pdf)


def _found(study: str) -> tuple[StudyDefinition, tuple[RosterRow, ...]]:
    """The study on record with its schools, or one that is not on record yet."""
    from survey_app.rehearsal.roster import rows_on_record

    with reading() as session:
        row = study_by_slug(session, study)
        if row is not None:
            return definition_of(row), rows_on_record(session, row)
    ready_made = ready_made_sources()
    if study in ready_made:
        return read_study(ready_made[study], f"{study}.toml"), ()
    if not Path(study).exists():
        raise click.ClickException(
            f"There is no study {study}: none on record, no file, and none of "
            f"{', '.join(ready_made)}."
        )
    try:
        text = read_file(Path(study)).decode("utf-8")
    except UnicodeDecodeError as error:
        raise click.ClickException(
            f"{study} is not text in UTF-8 (byte {error.start}); expected a TOML file."
        ) from error
    return read_study(text, study), ()
