"""Exhibit: the same differences by other methods, to see whether the method matters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.estimates.randomisation_test import RandomisationTest
from reports.exhibits.exhibit import Exhibit
from reports.exhibits.outcomes import score_places
from reports.formatting import count, listed, number, percentage
from reports.plan import SENSITIVITY_SENTENCES
from reports.tables import Cell, Column, Interval, NotAvailable, Number, Probability, Row, Table

if TYPE_CHECKING:
    from reports.estimates.regression import Contrast
    from reports.evidence import Evidence, OutcomeAnalysis
    from reports.plan import Sensitivity
    from reports.sensitivity import EstimateBeside

TITLE = "The same differences by other methods"
ID = "other-methods"
PRIMARY = "As planned: ANCOVA, errors by school (CR2)"
METHODS: dict[Sensitivity, str] = {
    "mixed_model": "Mixed model (Kenward–Roger)",
    "school_means": "School means, t test",
    "randomisation_test": "Randomisation test",
}


def sensitivity(evidence: Evidence) -> Exhibit:
    """Give each difference by the primary method and by each of the plan's other methods."""
    analyses = [each for each in evidence.analyses if each.beside]
    if not analyses:
        planned = bool(evidence.snapshot.plan.sensitivity)
        why = "there is no estimate yet" if planned else "the plan names none"
        return Exhibit(id=ID, title=TITLE, sentences=(f"Other methods are not shown: {why}.",))
    return Exhibit(
        id=ID,
        title=TITLE,
        sentences=(
            "The planned analysis is the result. The other lines show whether it hangs on the "
            "method: where they agree with it, it does not.",
        ),
        blocks=(_table(evidence, analyses),),
    )


def _table(evidence: Evidence, analyses: list[OutcomeAnalysis]) -> Table:
    confidence = percentage(evidence.snapshot.plan.confidence)
    return Table(
        title="Each difference by several methods",
        row_title="Outcome and method",
        columns=(
            Column("Difference"),
            Column(f"{confidence} interval"),
            Column("Standard error"),
            Column("df"),
            Column("p"),
        ),
        rows=tuple(row for each in analyses for row in _rows(evidence, each)),
        notes=(*_what_they_are(evidence), *_remarks(analyses)),
    )


def _rows(evidence: Evidence, analysis: OutcomeAnalysis) -> list[Row]:
    places = score_places(analysis.score) + 1
    several = len(evidence.snapshot.study.arms) > 2
    rows = []
    for difference in analysis.differences:
        label = analysis.outcome.label
        group = f"{label}, {difference.arm}" if several else label
        if difference.contrast is not None:
            rows.append(Row(PRIMARY, _contrast_cells(difference.contrast, places), group))
        rows.extend(
            Row(METHODS[each.method], _cells(each, places), group)
            for each in analysis.beside
            if each.arm == difference.arm
        )
    return rows


def _cells(each: EstimateBeside, places: int) -> tuple[Cell, ...]:
    if each.result is None:
        return (NotAvailable(),) * 5
    if isinstance(each.result, RandomisationTest):
        missing = NotAvailable()
        return (
            Number(each.result.coefficient, places),
            missing,
            missing,
            missing,
            Probability(each.result.p),
        )
    return _contrast_cells(each.result, places)


def _contrast_cells(contrast: Contrast, places: int) -> tuple[Cell, ...]:
    return (
        Number(contrast.estimate, places),
        Interval(contrast.low, contrast.high, places),
        Number(contrast.se, places),
        Number(contrast.df, 1),
        Probability(contrast.p),
    )


def _what_they_are(evidence: Evidence) -> tuple[str, ...]:
    return tuple(
        f"{METHODS[each]}: {SENSITIVITY_SENTENCES[each]}."
        for each in evidence.snapshot.plan.sensitivity
    )


def _remarks(analyses: list[OutcomeAnalysis]) -> tuple[str, ...]:
    labels: dict[str, list[str]] = {}
    for analysis in analyses:
        for each in analysis.beside:
            remark = each.note or _how_counted(each)
            named = labels.setdefault(remark, []) if remark else []
            if analysis.outcome.label not in named:
                named.append(analysis.outcome.label)
    return tuple(f"{listed(names)}: {remark}" for remark, names in labels.items())


def _how_counted(each: EstimateBeside) -> str:
    result = each.result
    if not isinstance(result, RandomisationTest):
        return ""
    if result.is_exact:
        return f"Exact over all {count(result.n_allocations)} allocations that the design allowed."
    return (
        f"{count(result.n_compared)} allocations were drawn at random from the plan's seed; the "
        f"exact p lies between {number(result.low, 3)} and {number(result.high, 3)} with 95% "
        "confidence."
    )
