"""`psychometrics`: the checks of scales in a CSV from any platform."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from survey_app.cli.door import read_file

if TYPE_CHECKING:
    from reports.psychometrics import Psychometrics

_RANGE = re.compile(r"(?:(?P<name>.+)=)?(?P<low>-?\d+):(?P<high>-?\d+)\Z")


class Scale(NamedTuple):
    """A scale as it was asked for: its name, and its items with a minus before reversed ones."""

    name: str
    items: tuple[str, ...]


class Range(NamedTuple):
    """The lowest and the highest answer; of one scale, or of every scale ("")."""

    name: str
    low: int
    high: int


class Columns(NamedTuple):
    """Columns that say something of a row other than an answer."""

    group: str | None
    person: str | None
    school: str | None


class Draws(NamedTuple):
    """What random draws begin from, and how many there are."""

    seed: int
    replications: int


class ScaleType(click.ParamType[Scale]):
    """NAME=item1,item2,-item3."""

    name = "NAME=ITEMS"

    def convert(
        self, value: str | Scale, param: click.Parameter | None, ctx: click.Context | None
    ) -> Scale:
        if isinstance(value, Scale):
            return value
        name, equals, items = value.partition("=")
        found = tuple(item.strip() for item in items.split(","))
        if not (equals and name.strip() and all(found)):
            self.fail(f"found {value!r}; expected NAME=item1,item2,-item3", param, ctx)
        return Scale(name.strip(), found)


class RangeType(click.ParamType[Range]):
    """LOW:HIGH or NAME=LOW:HIGH."""

    name = "[NAME=]LOW:HIGH"

    def convert(
        self, value: str | Range, param: click.Parameter | None, ctx: click.Context | None
    ) -> Range:
        if isinstance(value, Range):
            return value
        found = _RANGE.match(value)
        if found is None or int(found["low"]) >= int(found["high"]):
            self.fail(f"found {value!r}; expected LOW:HIGH, as in 0:3", param, ctx)
        return Range((found["name"] or "").strip(), int(found["low"]), int(found["high"]))


@click.command("psychometrics")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--scale",
    "scales",
    type=ScaleType(),
    multiple=True,
    required=True,
    help="A scale and its columns; a minus marks a reversed item. Give it once a scale.",
)
@click.option("--group", "group_column", help="A column to repeat every check by, and compare.")
@click.option(
    "--person",
    "person_column",
    help="A column that names the person: the groups are then waves of the same people.",
)
@click.option("--school", "school_column", help="A column that names the school, for its ICC(1).")
@click.option(
    "--range",
    "ranges",
    type=RangeType(),
    multiple=True,
    help="The lowest and highest answer of every scale, or of one; else those found.",
)
@click.option("--seed", type=int, default=20190916, show_default=True, help="Of random draws.")
@click.option(
    "--replications",
    type=click.IntRange(min=20),
    default=500,
    show_default=True,
    help="Random data sets of the parallel analysis.",
)
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path, dir_okay=False), help="JSON to write."
)
@click.option(
    "--html", "html_path", type=click.Path(path_type=Path, dir_okay=False), help="Page to write."
)
def command(
    file: Path,
    scales: tuple[Scale, ...],
    group_column: str | None,
    person_column: str | None,
    school_column: str | None,
    ranges: tuple[Range, ...],
    seed: int,
    replications: int,
    json_path: Path | None,
    html_path: Path | None,
) -> None:
    """Check the scales of FILE, a CSV with one row a person and whole numbers as answers."""
    _expect_names(scales, ranges)
    if person_column is not None and group_column is None:
        raise click.UsageError("--person needs --group, the column that names the wave.")
    # Imported late: what analyses takes seconds to load, and no other command needs it.
    from reports.psychometrics_json import as_json
    from reports.psychometrics_page import render_page
    from survey_app.cli.answer_checks import check_answers

    data = read_file(file)
    found = check_answers(
        data,
        file.name,
        scales,
        Columns(group_column, person_column, school_column),
        ranges,
        Draws(seed, replications),
    )
    if json_path is not None:
        text = json.dumps(as_json(found), indent=2, ensure_ascii=False, allow_nan=False)
        _write(json_path, text + "\n")
    if html_path is not None:
        _write(html_path, render_page(found))
    for line in _summary(found):
        click.echo(line)


def _expect_names(scales: Sequence[Scale], ranges: Sequence[Range]) -> None:
    names = [scale.name for scale in scales]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise click.UsageError(f"--scale gives {', '.join(twice)} more than once.")
    unknown = [each.name for each in ranges if each.name and each.name not in names]
    if unknown:
        raise click.UsageError(
            f"--range names {', '.join(unknown)}; the scales are {', '.join(names)}."
        )


def _summary(found: Psychometrics) -> list[str]:
    from reports.formatting import interval, number
    from reports.psychometrics import findings_of

    lines = []
    for scale in found.scales:
        if not scale.is_range_given and scale.groups[0].checks.keyed.reversed:
            lines.append(
                f"{scale.name}: items are reversed within {scale.low}:{scale.high}, the lowest and "
                "highest answer found. Give --range if the scale reaches further."
            )
        for group in scale.groups:
            checks = group.checks
            alpha = checks.reliability
            components = checks.parallel.n_components
            lines.append(
                f"{scale.name}, {group.label}: n {alpha.n}, alpha {number(alpha.alpha, 3)} "
                f"({interval(alpha.low, alpha.high, 3)}), omega "
                f"{number(checks.omega.model_implied, 3)}, components "
                f"{'n/a' if components is None else components}"
            )
            lines += [
                f"  {finding.severity}, {finding.subject}: {finding.message}"
                for finding in findings_of(checks)
                if finding.severity != "note"
            ]
    return lines


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from error
    click.echo(f"Written: {path}")
