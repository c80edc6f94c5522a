"""Tables of how scales compare across groups, over time and between schools, for the page."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan
from typing import TYPE_CHECKING, Final

from reports.exhibits.invariance import (
    GAP_NOTE,
    LEVEL_COLUMNS,
    LEVEL_TITLES,
    NOT_ORDINAL,
    RULE,
    gap_rows,
    in_words,
    level_cells,
)
from reports.formatting import number
from reports.tables import (
    Column,
    Count,
    Interval,
    NotAvailable,
    Number,
    Probability,
    Row,
    Table,
    Words,
)

if TYPE_CHECKING:
    from reports.psychometrics import Psychometrics
    from scoring.comparisons import Comparison, Retest
    from scoring.ordinal.invariance import OrdinalInvariance, OrdinalStep
    from scoring.retest import Icc


_ORDINAL_TITLES: Final = {
    "configural": "Same items",
    "thresholds": "Thresholds equal",
    "loadings": "and loadings",
    "intercepts": "and intercepts",
}


def comparison_tables(found: Psychometrics) -> Iterator[Table]:
    """Give the tables there is something for: invariance, test-retest, schools."""
    compared = {
        scale.name: scale.comparison for scale in found.scales if scale.comparison is not None
    }
    if compared:
        yield _levels(found, compared)
    if any(comparison.ordinal for comparison in compared.values()):
        yield _ordinal_levels(compared)
    if any(comparison.with_gaps for comparison in compared.values()):
        yield _gap_levels(compared)
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
            *((NOT_ORDINAL,) if found.person_column is not None else ()),
        ),
    )


def _level_rows(name: str, comparison: Comparison) -> Iterator[Row]:
    result = comparison.invariance
    steps = {step.level: step for step in result.steps}
    people = result.n[0] if comparison.are_waves else sum(result.n)
    for level in result.levels:
        cells = (Count(people), *level_cells(level, steps.get(level.level)))
        yield Row(LEVEL_TITLES[level.level], cells, name)


def _ordinal_levels(compared: dict[str, Comparison]) -> Table:
    return Table(
        title="Invariance of one factor of ordered answers across the groups",
        row_title="Held equal",
        columns=LEVEL_COLUMNS,
        rows=tuple(
            row
            for name, comparison in compared.items()
            if comparison.ordinal is not None
            for row in _ordinal_rows(name, comparison.ordinal)
        ),
        notes=(
            "Weighted least squares (WLSMV), identified as by Wu and Estabrook: chi² is scaled and "
            "shifted, CFI and RMSEA are scaled; p is of Satorra’s difference. With three answers "
            "an item thresholds cannot be tested.",
        ),
    )


def _ordinal_rows(name: str, found: OrdinalInvariance) -> Iterator[Row]:
    steps = {step.level: step for step in found.steps}
    for level in found.levels:
        indices, step = level.indices, steps.get(level.level)
        cells = (
            Count(sum(found.n)),
            Number(indices.scaled_chi2 if indices else nan, 1),
            Count(indices.df) if indices else NotAvailable(),
            Number(indices.scaled_cfi if indices else nan, 3),
            Number(indices.scaled_rmsea.value if indices else nan, 3),
            Number(indices.srmr if indices else nan, 3),
            *_change_cells(step),
        )
        yield Row(_ORDINAL_TITLES[level.level], cells, name)


def _change_cells(step: OrdinalStep | None) -> tuple[Number | Probability | Words, ...]:
    if step is None:
        return (Words("–"),) * 3
    return (Number(step.cfi_change, 3), Number(step.rmsea_change, 3), Probability(step.p))


def _gap_levels(compared: dict[str, Comparison]) -> Table:
    return Table(
        title="Invariance of one factor across the waves, people with gaps too",
        row_title="Held equal",
        columns=LEVEL_COLUMNS,
        rows=tuple(
            row
            for name, comparison in compared.items()
            if comparison.with_gaps is not None
            for row in gap_rows(comparison.with_gaps, name)
        ),
        notes=(GAP_NOTE,),
    )


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
