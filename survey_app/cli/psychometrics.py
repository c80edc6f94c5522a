"""`psychometrics`: the checks of scales in a CSV from any platform."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from survey_app.cli.answer_table import read_answer_table
from survey_app.cli.door import read_file
from survey_app.version import VERSION

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from reports.psychometrics import Psychometrics, ScaleChecks

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
@click.option("--group", "group_column", help="A column to repeat every check by.")
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
    ranges: tuple[Range, ...],
    seed: int,
    replications: int,
    json_path: Path | None,
    html_path: Path | None,
) -> None:
    """Check the scales of FILE, a CSV with one row a person and whole numbers as answers."""
    _expect_names(scales, ranges)
    # Imported late: what analyses takes seconds to load, and no other command needs it.
    from reports.psychometrics_json import as_json
    from reports.psychometrics_page import render_page

    data = read_file(file)
    found = _checked(data, file.name, scales, group_column, ranges, seed, replications)
    if json_path is not None:
        text = json.dumps(as_json(found), indent=2, ensure_ascii=False, allow_nan=False)
        _write(json_path, text + "\n")
    if html_path is not None:
        _write(html_path, render_page(found))
    for line in _summary(found):
        click.echo(line)


def _checked(
    data: bytes,
    source: str,
    scales: Sequence[Scale],
    group_column: str | None,
    ranges: Sequence[Range],
    seed: int,
    replications: int,
) -> Psychometrics:
    from reports.psychometrics import Psychometrics
    from scoring.foreign_answers import NO_ANSWER

    table = read_answer_table(data, source)
    table = table.mask(table.isin(NO_ANSWER), "")
    if group_column is not None and group_column not in table.columns:
        raise click.ClickException(f"{source} has no column {group_column} to group by.")
    groups = None if group_column is None else table[group_column].str.strip()
    return Psychometrics(
        source=source,
        n_rows=len(table),
        group_column=group_column,
        n_without_group=0 if groups is None else int((groups == "").sum()),
        confidence=0.95,
        seed=seed,
        replications=replications,
        scales=tuple(
            _check_scale(table, source, scale, groups, ranges, seed, replications)
            for scale in scales
        ),
        provenance=(
            ("File", source),
            ("SHA-256 of the file", hashlib.sha256(data).hexdigest()),
            ("Version", VERSION),
        ),
    )


def _check_scale(
    table: pd.DataFrame,
    source: str,
    scale: Scale,
    groups: pd.Series[str] | None,
    ranges: Sequence[Range],
    seed: int,
    replications: int,
) -> ScaleChecks:
    from reports.psychometrics import GroupChecks, ScaleChecks
    from scoring.checks import check
    from scoring.errors import AnswersError
    from scoring.keyed import keyed_columns

    given = next((each for each in ranges if each.name == scale.name), None) or next(
        (each for each in ranges if not each.name), None
    )
    try:
        low, high = (given.low, given.high) if given else _limits_found(table, scale)
        keyed = keyed_columns(table, scale.items, (low, high), title=scale.name)
    except AnswersError as error:
        hint = _hint(table, scale, given)
        raise click.ClickException(f"{source}, scale {scale.name}: {error}.{hint}") from error
    chosen = [GroupChecks(None, check(keyed, seed=seed, replications=replications))]
    if groups is not None:
        for value in sorted(set(groups) - {""}):
            part = keyed.rows((groups == value).to_numpy(dtype=bool))
            chosen.append(GroupChecks(value, check(part, seed=seed, replications=replications)))
    return ScaleChecks(scale.name, low, high, given is not None, tuple(chosen))


def _limits_found(table: pd.DataFrame, scale: Scale) -> tuple[int, int]:
    import numpy as np

    numbers = _numbers(table, scale)
    known = numbers[np.isfinite(numbers)]
    if not len(known):
        return 0, 1
    low = int(np.floor(known.min()))
    return low, max(int(np.ceil(known.max())), low + 1)


def _numbers(table: pd.DataFrame, scale: Scale) -> npt.NDArray[np.float64]:
    import numpy as np
    import pandas as pd

    from scoring.keyed import item_name

    names = [item_name(table, item) for item in scale.items]
    once = [name for name in names if list(table.columns).count(name) == 1]
    columns = [pd.to_numeric(table[name], errors="coerce") for name in once]
    return np.concatenate(columns) if columns else np.empty(0)


def _hint(table: pd.DataFrame, scale: Scale, given: Range | None) -> str:
    """Where every answer would do one lower or one higher, the codes start elsewhere."""
    from scoring.quality import shifted_by

    if given is None:
        return ""
    shift = shifted_by(_numbers(table, scale), given.low, given.high)
    if not shift:
        return ""
    return (
        f" All answers would fit {given.low + shift}:{given.high + shift}: the codes may be "
        "shifted by one."
    )


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
