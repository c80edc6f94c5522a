"""`score`: an instrument's scores from a CSV of any platform."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from instruments.model import Instrument
from survey_app.cli.answer_table import read_answer_table
from survey_app.cli.door import read_file, told
from survey_app.cli.instruments import the_instrument
from survey_app.cli.score_change import changes, reliabilities_of
from survey_app.csv_cells import harmless

if TYPE_CHECKING:
    import pandas as pd

    from scoring.scales import Scores

_SHIFTED: Final = {
    0: "",
    1: ". Every answer would fit if it were 1 lower: the codes may be shifted by one.",
    -1: ". Every answer would fit if it were 1 higher: the codes may be shifted by one.",
}


@click.command("score")
@click.argument("instrument")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The CSV to write; printed, unless given.",
)
@click.option("--id", "id_column", help="A column that names the rows, copied to the output.")
@click.option(
    "--columns",
    help="The columns of the scored items in their order, where they are not named by item ids.",
)
@click.option(
    "--before",
    type=click.Path(path_type=Path),
    help="The answers of the same people at an earlier time, matched by --id, to give the change.",
)
@click.option(
    "--reliability",
    "reliabilities",
    multiple=True,
    help="With --before, what Jacobson and Truax's index of change rests on, such as "
    "gad7_total=alpha:0.89 or gad7_total=test_retest:0.83; once a score.",
)
@told
def command(
    instrument: str,
    file: Path,
    output: Path | None,
    id_column: str | None,
    columns: str | None,
    before: Path | None,
    reliabilities: tuple[str, ...],
) -> None:
    """Score INSTRUMENT, an id or a definition's file, from FILE, a CSV with one row a person.

    An empty cell is not answered; so is NA. The codes -9 (not answered), -8 (prefer not to say) and
    -7 (not asked) are known.
    """
    # Imported late: what analyses takes seconds to load, and no other command needs it.
    from scoring.scales import score

    definition = the_instrument(instrument)
    if before is not None and id_column is None:
        raise click.UsageError("--before needs --id, the column that names the people in both.")
    if reliabilities and before is None:
        raise click.UsageError("--reliability is of a change; it needs --before.")
    given = reliabilities_of(reliabilities, definition)
    answers, labels = _answers(file, definition, id_column, columns)
    scores = score(answers, definition)
    found = _as_columns(answers, scores, definition, labels)
    notes: tuple[str, ...] = ()
    if before is not None and labels is not None:
        earlier, people = _answers(before, definition, id_column, columns)
        assert people is not None  # noqa: S101  there is an id column
        changed = changes(
            _by_person(score(earlier, definition).values, people, before),
            _by_person(scores.values, labels, file),
            definition,
            given,
        )
        found |= changed.columns
        notes = changed.notes
    _write(_as_csv(found), output)
    for note in notes:
        click.echo(note, err=True)


def _answers(
    file: Path, definition: Instrument, id_column: str | None, columns: str | None
) -> tuple[pd.DataFrame, pd.Series[str] | None]:
    """Read what the items' columns hold and what names the rows; every value is checked."""
    from scoring.errors import AnswersError, OutOfRangeError
    from scoring.foreign_answers import read_answers, shift_of

    table = read_answer_table(read_file(file), file.name)
    if columns is not None:
        table = _renamed(table, definition, [name.strip() for name in columns.split(",")])
    if id_column is not None and id_column not in table.columns:
        raise click.ClickException(f"{file.name} has no column {id_column} to name the rows.")
    try:
        read = read_answers(table, definition)
    except AnswersError as error:
        raise click.ClickException(f"{file.name}: {error}") from error
    if read.faults:
        are_numbers = not any(isinstance(each.value, str) for each in read.faults)
        hint = _SHIFTED[shift_of(read.answers, definition) if are_numbers else 0]
        raise click.ClickException(f"{file.name}: {OutOfRangeError(read.faults)}{hint}")
    return read.answers, None if id_column is None else table[id_column]


def _by_person(values: pd.DataFrame, labels: pd.Series[str], file: Path) -> pd.DataFrame:
    """Name the rows by the people, who must be there once each."""
    twice = sorted({str(label) for label in labels[labels.duplicated()]})
    if twice:
        raise click.ClickException(
            f"{file.name}: {labels.name} names {', '.join(twice[:20])} more than once; a change "
            "needs everybody once."
        )
    return values.set_index(labels.to_numpy())


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}") from error
    click.echo(f"Written: {output}")


def _renamed(table: pd.DataFrame, definition: Instrument, names: list[str]) -> pd.DataFrame:
    items = definition.scored_items
    if len(names) != len(items):
        raise click.UsageError(
            f"--columns names {len(names)} columns; {definition.id} has {len(items)} scored items: "
            f"{', '.join(items)}."
        )
    absent = [name for name in names if name not in table.columns]
    if absent:
        raise click.ClickException(f"The answers have no column {', '.join(absent)}.")
    # Copied, not renamed: a column may stand for an item and name the rows as well.
    return table.assign(**{item: table[name] for item, name in zip(items, names, strict=True)})


def _as_columns(
    answers: pd.DataFrame,
    scores: Scores,
    definition: Instrument,
    labels: pd.Series[str] | None,
) -> dict[str, list[object]]:
    """Four columns a score: its value, unrounded; items answered; band; why there is no value."""
    from scoring.scales import bands

    columns: dict[str, list[object]] = {}
    if labels is None:
        columns["row"] = list(answers.index)
    else:
        columns[harmless(str(labels.name))] = [harmless(label) for label in labels]
    for rule in definition.scores:
        values = scores.values[rule.id]
        columns[rule.id] = ["" if value != value else f"{value:.17g}" for value in values]
        columns[f"{rule.id}_answered"] = scores.n_answered[rule.id].tolist()
        if rule.bands:
            labelled = bands(values, rule).astype("object")
            columns[f"{rule.id}_band"] = labelled.where(values.notna(), "").tolist()
        columns[f"{rule.id}_reason"] = scores.reason[rule.id].tolist()
    return columns


def _as_csv(columns: Mapping[str, list[object]]) -> str:
    written = StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return written.getvalue()
