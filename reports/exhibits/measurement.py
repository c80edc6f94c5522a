"""Exhibit: what the questionnaires measured, how reliably, and whether alike in every arm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.exhibits.exhibit import Exhibit
from reports.exhibits.invariance import RULE, too_few_for_a_model, verdict
from reports.exhibits.outcomes import range_in_words, score_places
from reports.formatting import listed, number, percentage, sentence
from reports.populations import delivered_instruments
from reports.tables import Cell, Column, Count, Interval, Number, Row, Share, Table, Withheld, Words

if TYPE_CHECKING:
    from instruments.model import Instrument, Score
    from reports.evidence import Evidence
    from reports.scale_checks import EndShare, Scale, ScaleReliability

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
RELIABILITY = "reliability"


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
    """Give the reliability of each scale by wave, and whether it measures alike, in words.

    Reliability by arm is in `reports.exhibits.scale_figures`, the figures behind the words in
    `reports.exhibits.measurement_detail`.
    """
    title = "How well the scales measure"
    if not evidence.reliabilities:
        return Exhibit(
            id=RELIABILITY,
            title=title,
            sentences=("Nobody has submitted a questionnaire yet, so there is nothing to judge.",),
        )
    return Exhibit(
        id=RELIABILITY,
        title=title,
        sentences=(
            "From the people who answered every item of the scale. Alpha and omega say how "
            "consistently the items go together; neither shows that they measure one thing.",
            "Arms and waves are compared fairly only where a scale measures alike in each. The "
            "models behind the second table, and every figure of each scale by arm and item by "
            "item, are in the appendices.",
        ),
        blocks=(_table(evidence), *_alike(evidence)),
    )


def scale_title(evidence: Evidence, scale: Scale, wave: str | None = None) -> str:
    """Give the heading of one scale's rows, its wave with it where the rows are of one."""
    at = f", {evidence.snapshot.study.wave_title(wave)}" if wave is not None else ""
    return f"{scale_in_words(scale.instrument, scale.score)}{at}"


def arm_title(evidence: Evidence, arm: str | None) -> str:
    """Give the heading of one arm's row: all arms together where `arm` is None."""
    if arm is not None:
        return arm
    return "All arms" if len(evidence.populations.arms) > 1 else "Everybody"


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
        title=f"Reliability of each scale, by wave, {arm_title(evidence, None).lower()}",
        row_title="Wave",
        columns=tuple(
            Column(title)
            for title in (
                "People",
                "Alpha",
                f"{confidence} interval",
                "Omega",
                "SEM",
                "MDC",
                "At the floor",
                "At the ceiling",
            )
        ),
        rows=tuple(_row(evidence, each) for each in evidence.reliabilities if each.arm is None),
        notes=(
            "Alpha: Cronbach’s, with Feldt’s interval. Omega: total, of one factor by maximum "
            "likelihood, over the variance the model implies. SEM: standard error of "
            "measurement, in points of the score. MDC: the smallest change of one person that "
            "is more than measurement error (95%). Floor and ceiling: the lowest and the highest "
            "possible score.",
            *_findings(evidence),
        ),
    )


def _row(evidence: Evidence, each: ScaleReliability) -> Row:
    title = evidence.snapshot.study.wave_title(each.wave)
    group = scale_title(evidence, each.scale)
    if each.is_hidden:
        return Row(title, (Withheld(),) * 8, group)
    places, n = score_places(each.score), each.result.n
    return Row(
        title,
        (
            Count(n),
            Number(each.result.alpha, 2),
            Interval(each.result.low, each.result.high, 2),
            _omega(each),
            Number(each.result.sem, places),
            Number(each.result.mdc, places),
            _end(each.floor, n),
            _end(each.ceiling, n),
        ),
        group,
    )


def _omega(each: ScaleReliability) -> Cell:
    if not each.scale.has_factor:
        return Words("two items")
    if too_few_for_a_model(each.result.n, len(each.score.items)):
        return Words("too few")
    return Number(each.checks.omega.model_implied, 2)


def scale_in_words(instrument: Instrument, score: Score) -> str:
    """Give a scale's name; one of ours is never named without saying that it is not validated."""
    label = f" – {NOT_VALIDATED}" if instrument.wording.tag == "own" else ""
    return f"{instrument.short_title}: {score.title}{label}"


def _end(share: EndShare, n: int) -> Cell:
    return Withheld() if share.is_hidden else Share(share.n, n)


def two_item_scales(evidence: Evidence) -> tuple[str, ...]:
    """Say which scales have no factor model, for having two items; nothing where all have one."""
    titles = dict.fromkeys(
        each.score.title for each in evidence.reliabilities if not each.scale.has_factor
    )
    if not titles:
        return ()
    return (f"Two items do not determine a factor, so there is no model of {listed([*titles])}.",)


def _alike(evidence: Evidence) -> tuple[Table, ...]:
    if not evidence.invariances:
        return ()
    study = evidence.snapshot.study
    return (
        Table(
            title="Whether each scale measures alike across arms and waves",
            row_title="Compared",
            columns=(Column("What was found", "words"),),
            rows=tuple(
                Row(
                    "Over time" if each.wave is None else f"Arms, {study.wave_title(each.wave)}",
                    (Words(verdict(each, evidence.limits)),),
                    scale_title(evidence, each.scale),
                )
                for each in evidence.invariances
            ),
            notes=(RULE, *two_item_scales(evidence)),
        ),
    )


def item_in_words(instrument: Instrument, subject: str) -> str:
    """Give "item 3 of GAD-7: " before what is said of an item, and nothing before the rest."""
    places = {item.id: place for place, item in enumerate(instrument.items, start=1)}
    return f"item {places[subject]} of {instrument.short_title}: " if subject in places else ""


def _findings(evidence: Evidence) -> tuple[str, ...]:
    """Give what the checks found; notes on how many were used are in the table already."""
    sentences: dict[str, None] = {}
    low: list[str] = []
    for each in evidence.reliabilities:
        if each.is_hidden or each.arm is not None:
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
