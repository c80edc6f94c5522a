"""Exhibit: the smallest effect this trial could detect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.exhibits.effects import detectable
from reports.exhibits.exhibit import Exhibit
from reports.exhibits.outcomes import score_places
from reports.tables import Cell, Column, Count, NotAvailable, Number, Row, Table

if TYPE_CHECKING:
    from reports.evidence import Evidence, OutcomeAnalysis


def power(evidence: Evidence) -> Exhibit:
    """Give the smallest detectable effect of each outcome, with the numbers attained."""
    analysed = [each for each in evidence.analyses if each.result is not None]
    if not analysed:
        return Exhibit(
            id="smallest-effect",
            title="Smallest effect detectable",
            sentences=("This needs the people and schools of an estimate, and there is none yet.",),
        )
    return Exhibit(
        id="smallest-effect",
        title="Smallest effect detectable",
        sentences=(
            "How large a true effect would have to be for a trial with these people and schools "
            "to find it four times in five (80% power, two-sided test at the 5% level). A "
            "smaller effect would probably have been missed, so an interval that includes 0 is "
            "no evidence that supervision does nothing.",
        ),
        blocks=(
            Table(
                title="Smallest effect detectable, by outcome",
                row_title="Outcome",
                columns=(
                    Column("Schools"),
                    Column("People per school"),
                    Column("ICC"),
                    Column("Variance explained by baseline"),
                    Column("Unadjusted, SD"),
                    Column("Adjusted, SD"),
                    Column("Adjusted, points"),
                ),
                rows=tuple(Row(each.outcome.label, _cells(each)) for each in analysed),
                notes=(
                    "2.8 √((ICC + (1 − ICC)/n)(1 − r²)/(J/4)) with the J schools and n people "
                    "per school analysed, schools taken as half in each arm; r² is 0 "
                    "unadjusted, and adjusted the squared correlation with the baseline score.",
                    "With one person in every school the ICC is neither known nor needed.",
                ),
            ),
        ),
    )


def _cells(analysis: OutcomeAnalysis) -> tuple[Cell, ...]:
    result = analysis.result
    if result is None or not result.n_clusters:
        return (NotAvailable(),) * 7
    adjusted = detectable(analysis, adjusted=True)
    return (
        Count(result.n_clusters),
        Number(result.n / result.n_clusters, 2),
        Number(result.icc.icc, 3) if result.icc else NotAvailable(),
        Number(analysis.r2, 2),
        Number(detectable(analysis, adjusted=False), 2),
        Number(adjusted, 2),
        Number(adjusted * analysis.score_sd, score_places(analysis.score)),
    )
