"""Tables of how scales compare across groups, over time and between schools, for the page."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan
from typing import TYPE_CHECKING

from reports.exhibits.invariance import (
    LEVEL_COLUMNS,
    LEVEL_TITLES,
    RULE,
    in_words,
    level_cells,
)
from reports.formatting import number
from reports.tables import Column, Count, Interval, Number, Row, Table

if TYPE_CHECKING:
    from reports.psychometrics import Psychometrics
    from scoring.comparisons import Comparison, Retest
    from scoring.retest import Icc


def comparison_tables(found: Psychometrics) -> Iterator[Table]:
    """Give the tables there is something for: invariance, test-retest, schools."""
    compared = {
        scale.name: scale.comparison for scale in found.scales if scale.comparison is not None
    }
    if compared:
        yield _levels(found, compared)
    if any(comparison.retests for comparison in compared.values()):
        yield _retests(found, compared)
    if found.school_column is not None:
        yield _schools(found)


def _levels(found: Psychometrics, compared: dict[str, Comparison]) -> Table:
    across = "waves" if found.person_column is not None else "groups"
    return Table(
        title=f"Invariance of one factor across the {across}",
        row_title="Held equal",
        columns=LEVEL_COLUMNS,
        rows=tuple(
            row for name, comparison in compared.items() for row in _level_rows(name, comparison)
        ),
        notes=(
            *(f"{name}: {in_words(each.invariance)}" for name, each in compared.items()),
            "Robust maximum likelihood: chi² is scaled, CFI and RMSEA are robust; p is of the "
            f"scaled difference (Satorra and Bentler). {RULE}",
        ),
    )


def _level_rows(name: str, comparison: Comparison) -> Iterator[Row]:
    result = comparison.invariance
    steps = {step.level: step for step in result.steps}
    people = result.n[0] if comparison.are_waves else sum(result.n)
    for level in result.levels:
        cells = (Count(people), *level_cells(level, steps.get(level.level)))
        yield Row(LEVEL_TITLES[level.level], cells, name)


def _retests(found: Psychometrics, compared: dict[str, Comparison]) -> Table:
    interval = f"{number(100 * found.confidence, 0)}% interval"
    return Table(
        title="Test–retest agreement of the sum of the items",
        row_title="Waves",
        columns=(
            Column("n"),
            *(
                Column(title, group=group)
                for group in ("Absolute agreement", "Consistency")
                for title in ("ICC", interval)
            ),
        ),
        rows=tuple(
            Row(f"{each.before} and {each.after}", _retest_cells(each), name)
            for name, comparison in compared.items()
            for each in comparison.retests
        ),
        notes=(
            "Absolute agreement: ICC(A,1), in which a shift of everybody counts; consistency: "
            "ICC(C,1), in which it does not. n: people with every item at both waves.",
        ),
    )


def _retest_cells(each: Retest) -> tuple[Count | Number | Interval, ...]:
    return (
        Count(each.result.n),
        *_icc_cells(each.result.absolute),
        *_icc_cells(each.result.consistency),
    )


def _icc_cells(icc: Icc) -> tuple[Number, Interval]:
    return Number(icc.value, 3), Interval(icc.low, icc.high, 3)


def _schools(found: Psychometrics) -> Table:
    level = number(100 * found.confidence, 0)
    rows = []
    for scale in found.scales:
        for group in scale.groups:
            icc = group.schools
            cells = (
                Count(icc.n if icc else 0),
                Count(icc.n_clusters if icc else 0),
                Number(icc.n0 if icc else nan),
                Number(icc.icc if icc else nan, 3),
                Interval(icc.low if icc else nan, icc.high if icc else nan, 3),
            )
            rows.append(Row(group.label, cells, scale.name))
    return Table(
        title=f"How alike the people of one {found.school_column} are",
        row_title=found.group_column or "Rows",
        columns=tuple(
            Column(title) for title in ("n", "Schools", "n₀", "ICC(1)", f"{level}% interval")
        ),
        rows=tuple(rows),
        notes=(
            "Of the sum of the items, in people with every item, from the analysis of variance "
            "between and within; n₀ is the size that unequal ones amount to. Without two schools, "
            "one of them with two people, there is none.",
        ),
    )
