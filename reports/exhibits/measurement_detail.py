"""Exhibit, as an appendix: the scales across arms and waves, over time, and between schools."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan
from typing import TYPE_CHECKING

from reports.exhibits.exhibit import Exhibit
from reports.exhibits.invariance import (
    GAP_NOTE,
    LEVEL_COLUMNS,
    LEVEL_TITLES,
    NOT_ORDINAL,
    first_reason,
    gap_rows,
    level_cells,
)
from reports.exhibits.measurement import arm_title, scale_title
from reports.formatting import listed, percentage, sentence
from reports.tables import (
    Cell,
    Column,
    Count,
    Interval,
    Number,
    Row,
    Table,
    Withheld,
)

if TYPE_CHECKING:
    from reports.evidence import Evidence
    from reports.scale_checks import ScaleInvariance, ScaleStability, SchoolShare


def measurement_detail(evidence: Evidence) -> Exhibit:
    """Give invariance level by level, stability, and how alike people of one school are."""
    title = "Appendix: the scales across arms, waves and schools"
    if not evidence.reliabilities:
        return Exhibit(
            id="scales-compared",
            title=title,
            sentences=("Nobody has submitted a questionnaire yet, so there is nothing to judge.",),
        )
    blocks = (
        *_invariance(evidence, over_time=False),
        *_invariance(evidence, over_time=True),
        *_with_gaps(evidence),
        *_stability(evidence),
        _schools(evidence),
    )
    return Exhibit(
        id="scales-compared",
        title=title,
        sentences=(
            "Factor models are fitted by robust maximum likelihood to the people who answered "
            "every item; CFI, TLI and RMSEA are the robust ones.",
        ),
        blocks=blocks,
    )


def _invariance(evidence: Evidence, *, over_time: bool) -> tuple[Table, ...]:
    chosen = [
        each
        for each in evidence.invariances
        if (each.wave is None) == over_time and each.result is not None and each.result.levels
    ]
    if not chosen:
        return ()
    note = (
        f"Over time the residuals of an item at different waves correlate freely. {NOT_ORDINAL}"
        if over_time
        else "Means are compared with the first arm shown."
    )
    return (
        Table(
            title="Invariance over time, in the same people"
            if over_time
            else "Invariance across arms, by wave",
            row_title="Held equal",
            columns=LEVEL_COLUMNS,
            rows=tuple(row for each in chosen for row in _level_rows(evidence, each)),
            notes=(
                f"Chi²: scaled. p: of the scaled difference (Satorra and Bentler). {note}",
                *_level_reasons(evidence, chosen),
            ),
        ),
    )


def _with_gaps(evidence: Evidence) -> tuple[Table, ...]:
    chosen = [
        (each, each.with_gaps)
        for each in evidence.invariances
        if each.with_gaps is not None and each.with_gaps.levels
    ]
    if not chosen:
        return ()
    return (
        Table(
            title="Invariance over time, in everybody who answered at any wave",
            row_title="Held equal",
            columns=LEVEL_COLUMNS,
            rows=tuple(
                row
                for each, found in chosen
                for row in gap_rows(found, scale_title(evidence, each.scale))
            ),
            notes=(
                GAP_NOTE,
                *(
                    f"{scale_title(evidence, each.scale)}: {sentence(reason)}"
                    for each, found in chosen
                    for level in found.levels
                    if (reason := first_reason(level.findings))
                ),
            ),
        ),
    )


def _level_rows(evidence: Evidence, each: ScaleInvariance) -> Iterator[Row]:
    result = each.result
    if result is None:
        return
    steps = {step.level: step for step in result.steps}
    n = result.n[0] if each.wave is None else sum(result.n)
    for level in result.levels:
        yield Row(
            LEVEL_TITLES[level.level],
            (Count(n), *level_cells(level, steps.get(level.level))),
            scale_title(evidence, each.scale, each.wave),
        )


def _level_reasons(evidence: Evidence, chosen: list[ScaleInvariance]) -> Iterator[str]:
    for each in chosen:
        for level in each.result.levels if each.result is not None else ():
            reason = first_reason(level.findings)
            if reason:
                yield f"{scale_title(evidence, each.scale, each.wave)}: {sentence(reason)}"


def _stability(evidence: Evidence) -> tuple[Table, ...]:
    if not evidence.stabilities:
        return ()
    confidence = percentage(evidence.snapshot.plan.confidence)
    return (
        Table(
            title="Agreement of each score with itself at the next wave (test–retest)",
            row_title="Waves and arm",
            columns=(
                Column("People"),
                Column("ICC", group="Absolute agreement"),
                Column(f"{confidence} interval", group="Absolute agreement"),
                Column("ICC", group="Consistency"),
                Column(f"{confidence} interval", group="Consistency"),
            ),
            rows=tuple(
                Row(
                    arm_title(evidence, each.arm),
                    _stability_cells(each),
                    _stability_title(evidence, each),
                )
                for each in evidence.stabilities
            ),
            notes=(
                "Absolute agreement: ICC(A,1), in which a shift of everybody counts against the "
                "score; consistency: ICC(C,1), in which it does not. It is a test–retest "
                "reliability only of people in whom nothing should have changed.",
                *_stability_reasons(evidence),
            ),
        ),
    )


def _stability_title(evidence: Evidence, each: ScaleStability) -> str:
    before, after = (evidence.snapshot.study.wave_title(wave) for wave in each.waves)
    return f"{scale_title(evidence, each.scale)}, {before} to {after}"


def _stability_cells(each: ScaleStability) -> tuple[Cell, ...]:
    if each.is_hidden:
        return (Withheld(),) * 5
    found = each.result
    return (
        Count(found.n),
        Number(found.absolute.value, 2),
        Interval(found.absolute.low, found.absolute.high, 2),
        Number(found.consistency.value, 2),
        Interval(found.consistency.low, found.consistency.high, 2),
    )


def _stability_reasons(evidence: Evidence) -> Iterator[str]:
    others = dict[str, list[str]]()
    for each in evidence.stabilities:
        if not each.is_hidden:
            for finding in each.result.findings:
                where = f"{_stability_title(evidence, each)}, {arm_title(evidence, each.arm)}"
                others.setdefault(finding.message, []).append(where)
    for reason, places in others.items():
        yield f"{listed(places)}: {sentence(reason)}"


def _schools(evidence: Evidence) -> Table:
    confidence = percentage(evidence.snapshot.plan.confidence)
    study = evidence.snapshot.study
    return Table(
        title="How alike people of one school are: ICC(1) of each score, by wave",
        row_title="Wave",
        columns=tuple(
            Column(title)
            for title in ("People", "Schools", "n₀", "ICC(1)", f"{confidence} interval")
        ),
        rows=tuple(
            Row(
                study.wave_title(each.wave),
                _school_cells(each),
                scale_title(evidence, each.scale),
            )
            for each in evidence.school_shares
        ),
        notes=(
            "All arms together, from the analysis of variance between and within schools; n₀ is "
            "the school size that the unequal ones amount to. It is below 0 where people of one "
            "school are less alike than people of two. Once the arms differ, so do schools of "
            "different arms, which counts here; the ICC of an outcome within its model stands "
            "with the estimates.",
        ),
    )


def _school_cells(each: SchoolShare) -> tuple[Cell, ...]:
    if each.is_hidden:
        return (Withheld(),) * 5
    found = each.result
    return (
        Count(each.n),
        Count(each.n_schools),
        Number(found.n0 if found else nan, 2),
        Number(found.icc if found else nan, 3),
        Interval(found.low if found else nan, found.high if found else nan, 3),
    )
