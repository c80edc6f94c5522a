"""The scores of an instrument in words: how each is made, and what it is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from instruments.dictionary import made_in_words, missing_rule_in_words
from instruments.model import Band, CutPoint, Instrument, Score

_KINDS = {"alpha": "Cronbach’s alpha", "test_retest": "Test–retest"}
_CHANGES = {"reliable": "Reliable change", "important": "Important change"}
Cells = Sequence[str]


@dataclass(frozen=True, slots=True)
class ScoreFacts:
    """One score: its rules, its bands and its thresholds."""

    id: str
    title: str
    rules: list[dict[str, str]]
    bands: list[Cells]
    bands_source: str
    cut_points: list[Cells]


def scores_of(instrument: Instrument) -> list[ScoreFacts]:
    """Give every score of an instrument."""
    return [
        ScoreFacts(
            id=score.id,
            title=score.title,
            rules=_rules(score),
            bands=[(band.label, _band_range(band)) for band in score.bands],
            bands_source=_bands_source(score),
            cut_points=[
                (_cut_in_words(cut), cut.label, read_in(cut.source, verified=cut.verified))
                for cut in score.cut_points
            ],
        )
        for score in instrument.scores
    ]


def read_in(source: str, *, verified: bool) -> str:
    """Give where something was read, and say so where that is not enough to rely on."""
    return source if verified else f"{source} (not verified)"


def norm_rows(instrument: Instrument) -> list[Cells]:
    """Give a row a norm: score, population, mean, SD, n, source."""
    return [
        (
            instrument.score(norm.score).title,
            norm.population,
            f"{norm.mean:g}",
            "" if norm.sd is None else f"{norm.sd:g}",
            "" if norm.n is None else f"{norm.n:,}",
            read_in(norm.source, verified=norm.verified),
        )
        for norm in instrument.norms
    ]


def percentile_rows(instrument: Instrument) -> list[Cells]:
    """Give a row a percentile: score, population, percentile, value, source."""
    return [
        (
            instrument.score(entry.score).title,
            entry.population,
            f"{entry.percentile:g}",
            f"{entry.value:g}",
            read_in(entry.source, verified=entry.verified),
        )
        for entry in instrument.percentiles
    ]


def reliability_rows(instrument: Instrument) -> list[Cells]:
    """Give a row a published reliability: score, population, kind, value, source."""
    return [
        (
            instrument.score(entry.score).title,
            entry.population,
            _KINDS[entry.kind],
            f"{entry.value:g}",
            read_in(entry.source, verified=entry.verified),
        )
        for entry in instrument.reliabilities
    ]


def _rules(score: Score) -> list[dict[str, str]]:
    ours = " The rule is ours." if score.missing_rule_is_ours else ""
    needed = missing_rule_in_words(score)
    facts = {
        "Variable": score.id + (" (exploratory)" if score.exploratory else ""),
        "How it is made": made_in_words(score),
        "Missing items": f"There is a score {needed}. {score.missing_rule_source}{ours}",
        "Range": f"{score.minimum:g} to {score.maximum:g}",
        "Direction": f"{score.direction.replace('_', ' ').capitalize()}",
        "LOINC": score.loinc,
    }
    if score.reliable_change is not None:
        change = score.reliable_change
        facts[_CHANGES[change.kind]] = (
            f"{change.points:g} points or more. {read_in(change.source, verified=change.verified)}"
        )
    return [{"key": key, "value": value} for key, value in facts.items()]


def _band_range(band: Band) -> str:
    start = f"above {band.low:g}" if band.above_low else f"{band.low:g}"
    return start if band.low == band.high else f"{start} to {band.high:g}"


def _bands_source(score: Score) -> str:
    if score.bands_are is None:
        return ""
    kind = {"published": "Published bands.", "convention": "Bands by convention."}[score.bands_are]
    return f"{kind} {read_in(score.bands_source, verified=score.bands_verified)}"


def _cut_in_words(cut: CutPoint) -> str:
    side = {"at_or_over": "At or over", "at_or_under": "At or under"}[cut.case_when]
    return f"{side} {cut.value:g}"
