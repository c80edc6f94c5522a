"""The checks behind `psychometrics`, and what they say of a table they cannot use.

Imported by the command where it runs: what analyses takes seconds to load.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import click
import numpy as np
import pandas as pd

from reports.errors import ReportsError
from reports.estimates.mixed import AnovaIntraclassCorrelation, icc_anova
from reports.psychometrics import GroupChecks, Psychometrics, ScaleChecks
from scoring.checks import check
from scoring.comparisons import Comparison, compare_groups, compare_waves
from scoring.errors import AnswersError
from scoring.foreign_answers import NO_ANSWER
from scoring.keyed import Booleans, KeyedAnswers, item_name, keyed_columns
from scoring.quality import shifted_by
from scoring.rules import Floats
from survey_app.cli.answer_table import read_answer_table
from survey_app.cli.psychometrics import Columns, Draws, Range, Scale
from survey_app.version import VERSION


class Labels(NamedTuple):
    """What those columns say, row by row; "" where a cell is empty."""

    group: pd.Series[str] | None
    person: pd.Series[str] | None
    school: pd.Series[str] | None


def check_answers(
    data: bytes,
    source: str,
    scales: Sequence[Scale],
    columns: Columns,
    ranges: Sequence[Range],
    draws: Draws,
) -> Psychometrics:
    """Give every check of every scale, or say why the table is not what was asked for."""
    table = read_answer_table(data, source)
    table = table.mask(table.isin(NO_ANSWER), "")
    labels = Labels(*(_labels(table, source, column) for column in columns))
    _expect_each_person_once_a_wave(labels, source)
    return Psychometrics(
        source=source,
        n_rows=len(table),
        group_column=columns.group,
        n_without_group=0 if labels.group is None else int((labels.group == "").sum()),
        person_column=columns.person,
        school_column=columns.school,
        confidence=0.95,
        seed=draws.seed,
        replications=draws.replications,
        scales=tuple(_check_scale(table, source, scale, labels, ranges, draws) for scale in scales),
        provenance=(
            ("File", source),
            ("SHA-256 of the file", hashlib.sha256(data).hexdigest()),
            ("Version", VERSION),
        ),
    )


def _labels(table: pd.DataFrame, source: str, column: str | None) -> pd.Series[str] | None:
    if column is None:
        return None
    times = list(table.columns).count(column)
    if times != 1:
        found = "no column" if times == 0 else "more than one column"
        raise click.ClickException(f"{source} has {found} {column} to group by.")
    return table[column].str.strip()


def _expect_each_person_once_a_wave(labels: Labels, source: str) -> None:
    if labels.group is None or labels.person is None:
        return
    seen: dict[tuple[str, str], object] = {}
    for row, person, wave in zip(labels.group.index, labels.person, labels.group, strict=True):
        if person and wave and (person, wave) in seen:
            raise click.ClickException(
                f"{source} has person {person} twice at wave {wave}: rows {seen[person, wave]} "
                f"and {row}."
            )
        seen[person, wave] = row


def _check_scale(
    table: pd.DataFrame,
    source: str,
    scale: Scale,
    labels: Labels,
    ranges: Sequence[Range],
    draws: Draws,
) -> ScaleChecks:
    given = next((each for each in ranges if each.name == scale.name), None) or next(
        (each for each in ranges if not each.name), None
    )
    try:
        low, high = (given.low, given.high) if given else _limits_found(table, scale)
        keyed = keyed_columns(table, scale.items, (low, high), title=scale.name)
    except AnswersError as error:
        hint = _hint(table, scale, given)
        raise click.ClickException(f"{source}, scale {scale.name}: {error}.{hint}") from error
    every = np.ones(len(table), dtype=np.bool_)
    chosen: dict[str | None, Booleans] = {None: every}
    if labels.group is not None:
        for value in _in_order(labels.group, are_waves=labels.person is not None):
            chosen[value] = (labels.group == value).to_numpy(dtype=np.bool_)
    groups = tuple(_check_group(keyed, name, rows, labels, draws) for name, rows in chosen.items())
    comparison = _compared(keyed, chosen, labels)
    return ScaleChecks(scale.name, low, high, given is not None, groups, comparison)


def _in_order(group: pd.Series[str], *, are_waves: bool) -> list[str]:
    """Numbers by size; words by the alphabet, but waves as the file has them."""
    values = [value for value in dict.fromkeys(group) if value]
    try:
        return sorted(values, key=float)
    except ValueError:
        return values if are_waves else sorted(values)


def _check_group(
    keyed: KeyedAnswers, name: str | None, rows: Booleans, labels: Labels, draws: Draws
) -> GroupChecks:
    part = keyed.rows(rows)
    checks = check(part, seed=draws.seed, replications=draws.replications)
    return GroupChecks(name, checks, _alike_in_schools(part, rows, labels))


def _alike_in_schools(
    part: KeyedAnswers, rows: Booleans, labels: Labels
) -> AnovaIntraclassCorrelation | None:
    """ICC(1) of the sum of the items; None where it is not asked for or cannot be computed."""
    if labels.school is None:
        return None
    schools = labels.school[rows].to_numpy()
    known = part.is_answered.all(axis=1) & (schools != "")
    try:
        return icc_anova(part.values[known].sum(axis=1), schools[known])
    except ReportsError:
        return None


def _compared(
    keyed: KeyedAnswers, chosen: Mapping[str | None, Booleans], labels: Labels
) -> Comparison | None:
    groups = {name: rows for name, rows in chosen.items() if name is not None}
    if len(groups) < 2:
        return None
    if labels.person is None:
        return compare_groups({name: keyed.rows(rows) for name, rows in groups.items()})
    named = {name: rows & (labels.person != "").to_numpy() for name, rows in groups.items()}
    return compare_waves(
        {name: keyed.rows(rows) for name, rows in named.items()},
        {name: pd.Index(labels.person[rows]) for name, rows in named.items()},
    )


def _limits_found(table: pd.DataFrame, scale: Scale) -> tuple[int, int]:
    numbers = _numbers(table, scale)
    known = numbers[np.isfinite(numbers)]
    if not len(known):
        return 0, 1
    low = int(np.floor(known.min()))
    return low, max(int(np.ceil(known.max())), low + 1)


def _numbers(table: pd.DataFrame, scale: Scale) -> Floats:
    names = [item_name(table, item) for item in scale.items]
    once = [name for name in names if list(table.columns).count(name) == 1]
    columns = [pd.to_numeric(table[name], errors="coerce") for name in once]
    return np.concatenate(columns) if columns else np.empty(0)


def _hint(table: pd.DataFrame, scale: Scale, given: Range | None) -> str:
    """Where every answer would do one lower or one higher, the codes start elsewhere."""
    if given is None:
        return ""
    shift = shifted_by(_numbers(table, scale), given.low, given.high)
    if not shift:
        return ""
    return (
        f" All answers would fit {given.low + shift}:{given.high + shift}: the codes may be "
        "shifted by one."
    )
