"""`instruments`: the catalogue, and the check of a definition of one's own."""

from __future__ import annotations

from collections.abc import Sized
from pathlib import Path

import click
from flask.cli import AppGroup

from instruments.catalogue import catalogue_of, load_catalogue
from instruments.checks import faults_between
from instruments.dictionary import WORDING_IN_WORDS, asked_in_words, data_dictionary, dictionary_csv
from instruments.errors import DefinitionError
from instruments.model import USES, Instrument
from survey_app.cli.door import read_file, told

group = AppGroup("instruments", help="Browse the instruments, and check one's own definitions.")


@group.command("list", with_appcontext=False)
@told
def list_instruments() -> None:
    """List every instrument: tier, version, items, how its words were checked."""
    for each in load_catalogue().values():
        click.echo(
            f"{each.id:22} {each.licence.tier}  {each.version:6} {len(each.items):3} items  "
            f"{WORDING_IN_WORDS[each.wording.tag]:20}  {each.short_title}"
        )


@group.command("show", with_appcontext=False)
@click.argument("name")
@told
def show(name: str) -> None:
    """Show instrument NAME as it is asked, with its scores, licence and sources."""
    click.echo("\n".join(_described(the_instrument(name))))


@group.command("dictionary", with_appcontext=False)
@click.argument("name")
@told
def dictionary(name: str) -> None:
    """Print the data dictionary of instrument NAME, a CSV with one row a variable."""
    click.echo(dictionary_csv(the_instrument(name)), nl=False)


@group.command("check", with_appcontext=False)
@click.argument("file", type=click.Path(path_type=Path))
@told
def check(file: Path) -> None:
    """Check FILE, a definition of one's own, and say everything that is wrong with it."""
    found = _read_definition(file)
    others = {f"{each.id}.toml": each for each in load_catalogue().values() if each.id != found.id}
    if faults := faults_between({**others, file.name: found}):
        raise DefinitionError(faults)
    n_items, n_scores = _counted(found.items, "item"), _counted(found.scores, "score")
    click.echo(
        f"{file}: sound. {found.short_title}, version {found.version}, {n_items}, {n_scores}."
    )


def the_instrument(name: str) -> Instrument:
    """Give the instrument of this id, or of this definition's file."""
    catalogue = load_catalogue()
    if name in catalogue:
        return catalogue[name]
    if name.endswith(".toml"):
        return _read_definition(Path(name))
    raise click.ClickException(f"There is no instrument {name}. There are {', '.join(catalogue)}.")


def _counted(things: Sized, name: str) -> str:
    return f"{len(things)} {name}" if len(things) == 1 else f"{len(things)} {name}s"


def _read_definition(path: Path) -> Instrument:
    data = read_file(path)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise click.ClickException(
            f"{path} is not text in UTF-8 (byte {error.start}); expected a TOML file."
        ) from error
    (found,) = catalogue_of({path.name: text}).values()
    return found


def _described(instrument: Instrument) -> list[str]:
    licence = instrument.licence
    lines = [
        f"{instrument.title} ({instrument.short_title}), version {instrument.version}",
        instrument.citation,
        *([instrument.notice] if instrument.notice else []),
        "",
        *([instrument.stem] if instrument.stem else []),
    ]
    for number, item in enumerate(instrument.items, start=1):
        mark = " [shows risk]" if item.risk else "" if item.scored else " [not scored]"
        when = f" [{asked_in_words(item.asked_when)}]" if item.asked_when is not None else ""
        lines.append(f"  {number}. {item.text}{mark}{when}")
    for response_set in instrument.response_sets:
        choices = "; ".join(f"{option.value} {option.label}" for option in response_set.options)
        lines.append(f"  {response_set.id}: {choices}")
    lines.append("")
    for row in data_dictionary(instrument):
        if row.kind == "score":
            lines += [f"{row.variable}: {row.label}, {row.values}", f"  {row.rule}"]
    permitted = [use for use in USES if licence.permits(use)]
    lines += [
        "",
        f"Licence (tier {licence.tier}): {licence.text}",
        f"Permits {', '.join(permitted) or 'no'} use; "
        f"{'may' if licence.permits_modification else 'may not'} be changed.",
        f"Wording: {WORDING_IN_WORDS[instrument.wording.tag]}. {instrument.wording.source}",
    ]
    return lines
