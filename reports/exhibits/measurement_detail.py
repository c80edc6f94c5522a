"""Exhibit, as an appendix: the factor models, stability and items of each scale."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan
from typing import TYPE_CHECKING

from reports.exhibits.exhibit import Exhibit
from reports.exhibits.invariance import (
    LEVEL_COLUMNS,
    LEVEL_TITLES,
    first_reason,
    level_cells,
    too_few_for_a_model,
)
from reports.exhibits.measurement import arm_title, scale_title, two_item_scales
from reports.formatting import listed, percentage, sentence
from reports.tables import (
    Cell,
    Column,
    Count,
    Interval,
    NotAvailable,
    Number,
    Probability,
    Row,
    Table,
    Withheld,
)
from scoring.cfa.sample import FEWEST_PEOPLE, FEWEST_PEOPLE_PER_PARAMETER

if TYPE_CHECKING:
    from reports.evidence import Evidence
    from reports.scale_checks import ScaleInvariance, ScaleReliability, ScaleStability, SchoolShare


def measurement_detail(evidence: Evidence) -> Exhibit:
    """Give the fit of one factor, invariance level by level, stability, schools, and items."""
    title = "Appendix: the scales in detail"
    if not evidence.reliabilities:
        return Exhibit(
            id="scales-in-detail",
            title=title,
            sentences=("Nobody has submitted a questionnaire yet, so there is nothing to judge.",),
        )
    blocks = (
        _fit(evidence),
        *_invariance(evidence, over_time=False),
        *_invariance(evidence, over_time=True),
        *_stability(evidence),
        _schools(evidence),
        _items(evidence),
    )
    return Exhibit(
        id="scales-in-detail",
        title=title,
        sentences=(
            "Factor models are fitted by robust maximum likelihood to the people who answered "
            "every item; CFI, TLI and RMSEA are the robust ones.",
        ),
        blocks=blocks,
    )


def _fit(evidence: Evidence) -> Table:
    return Table(
        title="Fit of one factor to each scale, by wave and arm",
        row_title="Wave and arm",
        columns=tuple(
            Column(title)
            for title in (
                "People",
                "Chi²",
                "df",
                "p",
                "CFI",
                "TLI",
                "RMSEA",
                "90% interval",
                "SRMR",
            )
        ),
        rows=tuple(
            Row(
                arm_title(evidence, each.arm),
                _fit_cells(each),
                scale_title(evidence, each.scale, each.wave),
            )
            for each in evidence.reliabilities
            if each.scale.has_factor
        ),
        notes=(
            "Chi²: scaled (Yuan and Bentler). A model without degrees of freedom fits any "
            "answers and has no indices.",
            *two_item_scales(evidence),
            *_reasons_without_fit(evidence),
        ),
    )


def _fit_cells(each: ScaleReliability) -> tuple[Cell, ...]:
    if each.is_hidden:
        return (Withheld(),) * 9
    indices, robust = each.fit.indices, each.fit.robust
    if indices is None or robust is None or not indices.df:
        df: Cell = Count(0) if indices is not None else NotAvailable()
        nothing = NotAvailable()
        return (Count(each.fit.n), nothing, df, *(nothing,) * 6)
    return (
        Count(each.fit.n),
        Number(robust.chi2, 1),
        Count(indices.df),
        Probability(robust.p),
        Number(robust.cfi_robust, 3),
        Number(robust.tli_robust, 3),
        Number(robust.rmsea_robust, 3),
        Interval(robust.rmsea_robust_low, robust.rmsea_robust_high, 3),
        Number(indices.srmr, 3),
    )


def _reasons_without_fit(evidence: Evidence) -> Iterator[str]:
    """Say why models are missing: for being of too few in one sentence, other reasons in theirs."""
    few, others = False, dict[str, list[str]]()
    for each in evidence.reliabilities:
        if each.is_hidden or each.fit.indices is not None or not each.scale.has_factor:
            continue
        if too_few_for_a_model(each.fit.n, len(each.score.items)):
            few = True
            continue
        where = f"{each.score.title}, {evidence.snapshot.study.wave_title(each.wave)}"
        where += f", {each.arm}" if each.arm is not None else ""
        others.setdefault(first_reason(each.fit.findings), []).append(where)
    if few:
        yield (
            f"No model is fitted to fewer than {FEWEST_PEOPLE} people, or fewer than "
            f"{FEWEST_PEOPLE_PER_PARAMETER} for each number it estimates."
        )
    for reason, places in others.items():
        yield f"{listed(places)}: {sentence(reason)}"


def _invariance(evidence: Evidence, *, over_time: bool) -> tuple[Table, ...]:
    chosen = [
        each
        for each in evidence.invariances
        if (each.wave is None) == over_time and each.result is not None and each.result.levels
    ]
    if not chosen:
        return ()
    note = (
        "Over time the residuals of an item at different waves correlate freely."
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


def _items(evidence: Evidence) -> Table:
    return Table(
        title="The items of each scale, by wave, all arms",
        row_title="Item",
        columns=tuple(
            Column(title)
            for title in (
                "People",
                "Mean",
                "SD",
                "Skew",
                "Item–rest correlation",
                "Alpha without it",
            )
        ),
        rows=tuple(row for each in evidence.reliabilities for row in _item_rows(evidence, each)),
        notes=(
            "People who answered the item; the last two columns are of those who answered every "
            "item of the scale. Reversed items are shown turned.",
        ),
    )


def _item_rows(evidence: Evidence, each: ScaleReliability) -> Iterator[Row]:
    if each.arm is not None:
        return
    places = {item.id: place for place, item in enumerate(each.instrument.items, start=1)}
    for item in each.items:
        turned = " (reversed)" if item.is_reversed else ""
        yield Row(
            f"Item {places[item.item]}{turned}",
            (Withheld(),) * 6
            if each.is_hidden
            else (
                Count(item.n),
                Number(item.mean, 2),
                Number(item.sd, 2),
                Number(item.skew, 2),
                Number(item.item_rest, 2),
                Number(item.alpha_if_dropped, 2),
            ),
            scale_title(evidence, each.scale, each.wave),
        )
