"""Exhibit: the adjusted difference between arms on each outcome (CONSORT 2025, item 26)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reports.detectable import smallest_detectable_effect
from reports.exhibits.exhibit import Exhibit
from reports.exhibits.outcomes import DIRECTIONS, score_places
from reports.formatting import listed, percentage
from reports.plan import EFFECT_SIZE_SENTENCES
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
    Words,
)

if TYPE_CHECKING:
    from reports.estimates.adjusted_difference import AdjustedDifference
    from reports.estimates.effect_size import EffectSize
    from reports.estimates.regression import Contrast
    from reports.evidence import Evidence, OutcomeAnalysis


@dataclass(frozen=True, slots=True)
class Comparison:
    """One arm against the reference on one outcome: one column of the table."""

    analysis: OutcomeAnalysis
    result: AdjustedDifference
    arm: str
    contrast: Contrast
    effect_size: EffectSize | None

    @property
    def places(self) -> int:
        """Decimals of a difference of this score: one more than its mean has."""
        return score_places(self.analysis.score) + 1


def effects(evidence: Evidence) -> Exhibit:
    """Give, by outcome, who was analysed, adjusted means, difference, effect size, clustering.

    An outcome without an estimate is left out of the table and its reason said in words.
    """
    found = comparisons(evidence)
    return Exhibit(
        id="adjusted-difference",
        title="Adjusted difference between arms",
        sentences=(*_method(evidence, found), *_reasons(evidence)),
        blocks=(_table(evidence, found),) if found else (),
    )


def comparisons(evidence: Evidence) -> tuple[Comparison, ...]:
    """Give every difference that was estimated, in the order of the plan and of the arms."""
    standardiser = evidence.snapshot.plan.effect_size
    return tuple(
        Comparison(
            analysis=analysis,
            result=analysis.result,
            arm=each.arm,
            contrast=each.contrast,
            effect_size=each.effect_sizes.named(standardiser) if each.effect_sizes else None,
        )
        for analysis in evidence.analyses
        if analysis.result is not None
        for each in analysis.result.differences
        if each.contrast is not None
    )


def detectable(analysis: OutcomeAnalysis, *, adjusted: bool) -> float:
    """Give the smallest effect this analysis would probably have found; NaN where unknown.

    Unadjusted the covariates explain nothing; adjusted they explain the square of the observed
    correlation with the baseline.
    """
    result = analysis.result
    r2 = analysis.r2 if adjusted else 0.0
    if result is None or not result.n_clusters or not math.isfinite(r2):
        return math.nan
    # With one person a school, the formula gives the same whatever the intraclass correlation is.
    if result.icc is None and result.n > result.n_clusters:
        return math.nan
    return smallest_detectable_effect(
        n_schools=result.n_clusters,
        people_per_school=result.n / result.n_clusters,
        icc=result.icc.icc if result.icc else 0.0,
        r2=r2,
    )


def _method(evidence: Evidence, found: tuple[Comparison, ...]) -> tuple[str, ...]:
    if not found:
        return ()
    snapshot = evidence.snapshot
    arms = listed(sorted({each.arm for each in found}, key=snapshot.study.arms.index))
    sentences = [
        f"Each difference is {arms} less {snapshot.study.reference_arm}, among people with every "
        "score the model needs, in the arm their school was allocated to.",
        f"Method: analysis of covariance (ANCOVA). {found[0].result.method}",
    ]
    if len(found) > 1:
        sentences.append("The p-values are not corrected for several comparisons being made.")
    return tuple(sentences)


def _reasons(evidence: Evidence) -> tuple[str, ...]:
    by_reason: dict[str, list[str]] = {}
    for analysis in evidence.analyses:
        for reason in analysis.reasons:
            by_reason.setdefault(reason, []).append(analysis.outcome.label)
    return tuple(
        f"No estimate for {listed(labels)}. {reason}" for reason, labels in by_reason.items()
    )


def _table(evidence: Evidence, found: tuple[Comparison, ...]) -> Table:
    rows = (
        *_people_rows(evidence, found),
        *_mean_rows(evidence, found),
        *_difference_rows(evidence, found),
        *_effect_size_rows(evidence, found),
        *_clustering_rows(found),
    )
    return Table(
        title=f"Adjusted difference between arms, by outcome{_at(evidence, found)}",
        row_title="Quantity",
        columns=tuple(Column(_heading(evidence, each)) for each in found),
        rows=rows,
        notes=(*_definition(evidence), *_findings(found)),
    )


def _waves(evidence: Evidence, found: tuple[Comparison, ...]) -> list[str]:
    return [evidence.snapshot.study.wave_title(each.analysis.outcome.wave) for each in found]


def _at(evidence: Evidence, found: tuple[Comparison, ...]) -> str:
    waves = set(_waves(evidence, found))
    return f" (wave: {waves.pop()})" if len(waves) == 1 else ""


def _heading(evidence: Evidence, each: Comparison) -> str:
    outcome = each.analysis.outcome
    arm = f", {each.arm}" if len(evidence.snapshot.study.arms) > 2 else ""
    rank = "primary" if outcome.primary else "secondary"
    return f"{outcome.label}{arm}, {rank}"


def _people_rows(evidence: Evidence, found: tuple[Comparison, ...]) -> list[Row]:
    group = "Analysed"
    waves = _waves(evidence, found)
    rows = []
    if len(set(waves)) > 1:
        rows.append(Row("Wave", tuple(Words(wave) for wave in waves), group))
    for arm in evidence.snapshot.study.arms:
        rows.append(Row(f"People, {arm}", tuple(_in_arm(each, arm, "n") for each in found), group))
        rows.append(
            Row(f"Schools, {arm}", tuple(_in_arm(each, arm, "n_clusters") for each in found), group)
        )
    rows.append(
        Row("Left out: no baseline score", tuple(_left_out(evidence, e) for e in found), group)
    )
    return rows


def _in_arm(each: Comparison, arm: str, what: str) -> Cell:
    counts = next((counts for counts in each.result.arms if counts.arm == arm), None)
    return Count(getattr(counts, what)) if counts is not None else NotAvailable()


def _left_out(evidence: Evidence, each: Comparison) -> Cell:
    n = sum(each.analysis.left_out)
    return Withheld() if 0 < n < evidence.limits.people else Count(n)


def _mean_rows(evidence: Evidence, found: tuple[Comparison, ...]) -> list[Row]:
    confidence = percentage(evidence.snapshot.plan.confidence)
    rows = []
    for arm in evidence.snapshot.study.arms:
        means = [
            next((m.contrast for m in each.result.adjusted_means if m.arm == arm), None)
            for each in found
        ]
        pairs = list(zip(found, means, strict=True))
        rows.append(
            Row(
                arm,
                tuple(Number(m.estimate, e.places) if m else NotAvailable() for e, m in pairs),
                "Adjusted mean",
            )
        )
        rows.append(
            Row(
                f"{arm}, {confidence} interval",
                tuple(Interval(m.low, m.high, e.places) if m else NotAvailable() for e, m in pairs),
                "Adjusted mean",
            )
        )
    return rows


def _difference_rows(evidence: Evidence, found: tuple[Comparison, ...]) -> list[Row]:
    confidence = percentage(evidence.snapshot.plan.confidence)
    group = "Adjusted difference, in points of the score"
    return [
        Row("Difference", tuple(Number(e.contrast.estimate, e.places) for e in found), group),
        Row(
            f"{confidence} interval",
            tuple(Interval(e.contrast.low, e.contrast.high, e.places) for e in found),
            group,
        ),
        Row("Standard error", tuple(Number(e.contrast.se, e.places) for e in found), group),
        Row("Degrees of freedom", tuple(Number(e.contrast.df, 1) for e in found), group),
        Row("p", tuple(Probability(e.contrast.p) for e in found), group),
        Row(
            "Direction of the score",
            tuple(Words(DIRECTIONS[e.analysis.score.direction]) for e in found),
            group,
        ),
    ]


def _effect_size_rows(evidence: Evidence, found: tuple[Comparison, ...]) -> list[Row]:
    confidence = percentage(evidence.snapshot.plan.confidence)
    group = "Effect size (Hedges), in standard deviations"
    sizes = [each.effect_size for each in found]
    return [
        Row(
            "Effect size",
            tuple(Number(s.estimate, 2) if s else NotAvailable() for s in sizes),
            group,
        ),
        Row(
            f"{confidence} interval",
            tuple(Interval(s.low, s.high, 2) if s else NotAvailable() for s in sizes),
            group,
        ),
        Row(
            "Smallest effect detectable",
            tuple(Number(detectable(each.analysis, adjusted=True), 2) for each in found),
            group,
        ),
    ]


def _clustering_rows(found: tuple[Comparison, ...]) -> list[Row]:
    group = "Clustering in schools"
    iccs = [each.result.icc for each in found]
    return [
        Row(
            "Intraclass correlation (ICC)",
            tuple(Number(i.icc, 3) if i else NotAvailable() for i in iccs),
            group,
        ),
        Row(
            "Design effect",
            tuple(Number(i.design_effect, 2) if i else NotAvailable() for i in iccs),
            group,
        ),
    ]


def _definition(evidence: Evidence) -> tuple[str, ...]:
    definition = EFFECT_SIZE_SENTENCES[evidence.snapshot.plan.effect_size]
    return (
        f"Effect size: the adjusted difference {definition}. ICC: of the outcome, without "
        "covariates, by restricted maximum likelihood. Smallest effect detectable: with 80% "
        "power, as explained in the exhibit on it.",
    )


def _findings(found: tuple[Comparison, ...]) -> tuple[str, ...]:
    labels: dict[str, list[str]] = {}
    for each in found:
        for finding in each.result.findings:
            named = labels.setdefault(finding.message, [])
            if each.analysis.outcome.label not in named:
                named.append(each.analysis.outcome.label)
    return tuple(f"{listed(names)}: {message}" for message, names in labels.items())
