"""Exhibit: what the questionnaires measured, and how reliably."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.exhibits.exhibit import Exhibit
from reports.exhibits.outcomes import range_in_words, score_places
from reports.formatting import number, percentage, sentence
from reports.populations import delivered_instruments
from reports.tables import Cell, Column, Count, Interval, Number, Row, Table, Withheld, Words

if TYPE_CHECKING:
    from instruments.model import Instrument, Score
    from reports.evidence import Evidence, ScaleReliability

# COSMIN 2018: at least .70, and only of a scale shown to measure one thing.
ACCEPTABLE_ALPHA = 0.70
WORDING_TAGS = {
    "verified": "wording verified at its source",
    "secondary_copy": "wording read in a copy only",
    "unverified": "wording not verified",
    "own": "our own wording",
    "withheld": "wording not supplied",
}
NOT_VALIDATED = "new, not validated"


def measures(evidence: Evidence) -> Table:
    """Give one row an instrument: items, range and direction, missing-item rule, wording."""
    return Table(
        title="What was measured",
        row_title="Instrument",
        columns=tuple(
            Column(title, "words")
            for title in ("Items", "Score, range and direction", "Unanswered items", "Standing")
        ),
        rows=tuple(
            Row(
                f"{instrument.title} (version {instrument.version})",
                _measure_cells(instrument),
            )
            for instrument in delivered_instruments(evidence.snapshot)
        ),
        notes=tuple(
            f"{instrument.short_title}: {sentence(instrument.notice)}"
            for instrument in delivered_instruments(evidence.snapshot)
            if instrument.notice
        ),
    )


def measurement(evidence: Evidence) -> Exhibit:
    """Give the reliability of each scale at each wave, and what its checks found, in words."""
    if not evidence.reliabilities:
        return Exhibit(
            id="reliability",
            title="Reliability of each scale",
            sentences=("Nobody has submitted a questionnaire yet, so there is nothing to judge.",),
        )
    return Exhibit(
        id="reliability",
        title="Reliability of each scale",
        sentences=(
            "Over all arms, at each wave, from the people who answered every item of the scale. "
            "Alpha says how consistently the items go together; it does not show that they "
            "measure one thing.",
        ),
        blocks=(_table(evidence),),
    )


def standing(instrument: Instrument) -> str:
    """Say how far an instrument can be relied on: "new, not validated" for our own scales."""
    if instrument.wording.tag == "own":
        return NOT_VALIDATED
    return WORDING_TAGS[instrument.wording.tag]


def _measure_cells(instrument: Instrument) -> tuple[Cell, ...]:
    total = instrument.scores[0]
    turned = f", {len(total.reversed)} of them reversed" if total.reversed else ""
    kind = {"sum": "Sum", "mean": "Mean"}[total.rule]
    ours = "our rule" if total.missing_rule_is_ours else "published rule"
    return (
        Words(f"{len(total.items)}{turned}"),
        Words(f"{kind}, {range_in_words(total)}"),
        Words(_missing_rule(total, ours)),
        Words(sentence(standing(instrument))),
    )


def _missing_rule(score: Score, whose: str) -> str:
    if score.minimum_answered == len(score.items):
        return f"No score unless every item is answered ({whose})"
    return (
        f"At least {score.minimum_answered} of {len(score.items)} answered; their mean stands "
        f"for the others ({whose})"
    )


def _table(evidence: Evidence) -> Table:
    confidence = percentage(evidence.snapshot.plan.confidence)
    return Table(
        title="Reliability of each scale, by wave",
        row_title="Wave",
        columns=(
            Column("People"),
            Column("Items"),
            Column("Alpha"),
            Column(f"{confidence} interval"),
            Column("SEM"),
            Column("MDC"),
        ),
        rows=tuple(_row(evidence, each) for each in evidence.reliabilities),
        notes=(
            "Alpha: Cronbach’s, with Feldt’s interval. SEM: standard error of measurement, in "
            "points of the score. MDC: the smallest change of one person that is more than "
            "measurement error (95%).",
            *_findings(evidence),
        ),
    )


def _row(evidence: Evidence, each: ScaleReliability) -> Row:
    group = scale_in_words(each.instrument, each.score)
    title = evidence.snapshot.study.wave_title(each.wave)
    if each.is_hidden:
        return Row(title, (Withheld(), Count(each.result.k), *(Withheld(),) * 4), group)
    places = score_places(each.score)
    return Row(
        title,
        (
            Count(each.result.n),
            Count(each.result.k),
            Number(each.result.alpha, 2),
            Interval(each.result.low, each.result.high, 2),
            Number(each.result.sem, places),
            Number(each.result.mdc, places),
        ),
        group,
    )


def scale_in_words(instrument: Instrument, score: Score) -> str:
    """Give a scale's name; one of ours is never named without saying that it is not validated."""
    label = f" – {NOT_VALIDATED}" if instrument.wording.tag == "own" else ""
    return f"{instrument.short_title}: {score.title}{label}"


def item_in_words(instrument: Instrument, subject: str) -> str:
    """Give "item 3 of GAD-7: " before what is said of an item, and nothing before the rest."""
    places = {item.id: place for place, item in enumerate(instrument.items, start=1)}
    return f"item {places[subject]} of {instrument.short_title}: " if subject in places else ""


def _findings(evidence: Evidence) -> tuple[str, ...]:
    """Give what the checks found; notes on how many were used are in the table already."""
    sentences: dict[str, None] = {}
    low: list[str] = []
    for each in evidence.reliabilities:
        if each.is_hidden:
            continue
        where = f"{each.score.title}, {evidence.snapshot.study.wave_title(each.wave)}"
        for finding in each.result.findings:
            if finding.severity != "note":
                about = item_in_words(each.instrument, finding.subject)
                sentences[f"{where}: {about}{finding.message}"] = None
        if each.result.alpha < ACCEPTABLE_ALPHA:
            low.append(where)
    if low:
        usual = number(ACCEPTABLE_ALPHA, 2)
        sentences[
            f"Alpha is below {usual}, the usual least for comparing groups: {'; '.join(low)}."
        ] = None
    return tuple(sentences)
