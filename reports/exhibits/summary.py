"""The plain-English headline of each primary outcome, which claims no more than its interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reports.estimates.adjusted_difference import MINIMUM_DF
from reports.exhibits.effects import comparisons
from reports.exhibits.outcomes import DIRECTIONS
from reports.formatting import MINUS, counted, number, percentage, sentence

if TYPE_CHECKING:
    from reports.evidence import Evidence, OutcomeAnalysis
    from reports.exhibits.effects import Comparison


@dataclass(frozen=True, slots=True)
class Headline:
    """What a reader should take away of one outcome: a line, and sentences below it."""

    line: str
    sentences: tuple[str, ...]


def headlines(evidence: Evidence) -> tuple[Headline, ...]:
    """Give one headline a primary outcome and arm; of every outcome where none is primary."""
    chosen = evidence.snapshot.plan.primary_outcomes or evidence.snapshot.plan.outcomes
    ids = {outcome.id for outcome in chosen}
    found = comparisons(evidence)
    lines: list[Headline] = []
    for analysis in evidence.analyses:
        if analysis.outcome.id not in ids:
            continue
        mine = [each for each in found if each.analysis.outcome.id == analysis.outcome.id]
        lines += [_of_comparison(evidence, each) for each in mine]
        if not mine:
            lines.append(_of_nothing(evidence, analysis))
    return tuple(lines)


def _of_nothing(evidence: Evidence, analysis: OutcomeAnalysis) -> Headline:
    return Headline(f"{_subject(evidence, analysis)}: no estimate yet", analysis.reasons)


def _subject(evidence: Evidence, analysis: OutcomeAnalysis) -> str:
    wave = evidence.snapshot.study.wave_title(analysis.outcome.wave).lower()
    return f"{analysis.outcome.label}, {wave}"


def _of_comparison(evidence: Evidence, each: Comparison) -> Headline:
    subject = _subject(evidence, each.analysis)
    if each.contrast.df < MINIMUM_DF:
        return Headline(
            f"{subject}: too few schools to judge",
            (_estimate(evidence, each), "No conclusion should be drawn from so few schools."),
        )
    if each.contrast.low <= 0 <= each.contrast.high:
        return Headline(
            f"{subject}: the data do not tell the arms apart",
            (_estimate(evidence, each), _what_is_possible(each)),
        )
    way = "higher" if each.contrast.estimate > 0 else "lower"
    return Headline(
        f"{subject}: {way} in {each.arm} than in {each.result.differences[0].reference}",
        (_estimate(evidence, each), _how_much(each)),
    )


def _estimate(evidence: Evidence, each: Comparison) -> str:
    confidence = percentage(evidence.snapshot.plan.confidence)
    amount = number(abs(each.contrast.estimate), each.places)
    way = "higher" if each.contrast.estimate > 0 else "lower"
    return sentence(
        f"On average {each.arm} scored {amount} points {way} than "
        f"{each.result.differences[0].reference}, adjusted as planned ({confidence} interval "
        f"{_ends(each)}; {DIRECTIONS[each.analysis.score.direction]}; "
        f"{counted(each.result.n, 'person', 'people')} in "
        f"{counted(each.result.n_clusters, 'school')})"
    )


def _ends(each: Comparison) -> str:
    return f"{number(each.contrast.low, each.places)} to {number(each.contrast.high, each.places)}"


def _what_is_possible(each: Comparison) -> str:
    return (
        f"Any true difference from {_amount(each, each.contrast.low)} to "
        f"{_amount(each, each.contrast.high)} fits these data, and so does none. This does not "
        "show that there is no effect."
    )


def _how_much(each: Comparison) -> str:
    ends = sorted((abs(each.contrast.low), abs(each.contrast.high)))
    return (
        f"The interval leaves out no difference: the true difference may be as small as "
        f"{number(ends[0], each.places)} or as large as {number(ends[1], each.places)} points. "
        "Whether that matters in practice is not for a p-value to say."
    )


def _amount(each: Comparison, value: float) -> str:
    text = number(value, each.places)
    way = "lower" if text.startswith(MINUS) else "higher"
    return f"{text.removeprefix(MINUS)} points {way}"
