"""Exhibit: the one figure, means with intervals by arm and wave, and its data."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from reports.exhibits.exhibit import Exhibit
from reports.exhibits.outcomes import DIRECTIONS, range_in_words, score_places
from reports.figures import (
    LINE_WORDS,
    MARKER_WORDS,
    ChartPanel,
    ChartPoint,
    ChartSeries,
    MeansChart,
)
from reports.formatting import listed, number, percentage
from reports.tables import Column, Interval, Number, Row, Table, Withheld

if TYPE_CHECKING:
    from reports.evidence import Evidence, ScoreSummary


def distribution(evidence: Evidence) -> Exhibit:
    """Give mean scores with intervals by arm and wave, as a figure and as its table."""
    shown = [each for each in evidence.summaries if each.n and not each.is_hidden]
    if not shown:
        return Exhibit(
            id="mean-scores",
            title="Mean scores, as a figure",
            sentences=("There is nothing to draw: no arm has enough answers to be shown.",),
        )
    confidence = percentage(evidence.snapshot.plan.confidence)
    return Exhibit(
        id="mean-scores",
        title="Mean scores, as a figure",
        sentences=(
            f"Observed means with {confidence} intervals that allow for people of one school "
            "being alike (CR2). Whether the arms differ is judged by the adjusted difference, "
            "not by whether these intervals overlap.",
        ),
        blocks=(_chart(evidence, confidence), _table(evidence, confidence)),
    )


def _by_score(evidence: Evidence) -> dict[str, list[ScoreSummary]]:
    groups: dict[str, list[ScoreSummary]] = {}
    for each in evidence.summaries:
        groups.setdefault(each.score.id, []).append(each)
    return groups


def _chart(evidence: Evidence, confidence: str) -> MeansChart:
    panels = tuple(_panel(evidence, summaries) for summaries in _by_score(evidence).values())
    return MeansChart(
        title=f"Mean scores with {confidence} intervals, by arm and wave",
        alt=_alt(evidence, panels),
        panels=panels,
        notes=(f"{_legend(evidence)} The scales of the panels differ and need not start at 0.",),
    )


def _legend(evidence: Evidence) -> str:
    parts = [
        f"{arm} {MARKER_WORDS[place % 4]}, {LINE_WORDS[place % 4]}"
        for place, arm in enumerate(evidence.populations.arms)
    ]
    return f"{'; '.join(parts)}."


def _panel(evidence: Evidence, summaries: list[ScoreSummary]) -> ChartPanel:
    first = summaries[0]
    return ChartPanel(
        title=first.label,
        minimum=first.score.minimum,
        maximum=first.score.maximum,
        direction=f"{number(first.score.minimum, 0)} to {number(first.score.maximum, 0)}, "
        f"{DIRECTIONS[first.score.direction]}",
        series=tuple(
            ChartSeries(arm, tuple(_point(evidence, each) for each in summaries if each.arm == arm))
            for arm in evidence.populations.arms
        ),
    )


def _point(evidence: Evidence, summary: ScoreSummary) -> ChartPoint:
    wave = evidence.snapshot.study.wave_title(summary.wave)
    if summary.is_hidden:
        return ChartPoint(wave, math.nan, math.nan, math.nan)
    return ChartPoint(wave, summary.mean, summary.low, summary.high)


def _alt(evidence: Evidence, panels: tuple[ChartPanel, ...]) -> str:
    named = listed([panel.title for panel in panels])
    arms = listed(evidence.populations.arms)
    waves = listed([point.wave for point in panels[0].series[0].points])
    return (
        f"Means with intervals for {named}, for {arms}, at {waves}. "
        "Every number is in the table that follows."
    )


def _table(evidence: Evidence, confidence: str) -> Table:
    study = evidence.snapshot.study
    rows = []
    for each in evidence.summaries:
        places = score_places(each.score)
        cells = (Number(each.mean, places), Interval(each.low, each.high, places))
        rows.append(
            Row(
                f"{study.wave_title(each.wave)}, {each.arm}",
                (Withheld(), Withheld()) if each.is_hidden else cells,
                f"{each.label}: {range_in_words(each.score)}",
            )
        )
    return Table(
        title="The figure’s data: means and their intervals",
        row_title="Wave and arm",
        columns=(Column("Mean"), Column(f"{confidence} interval of the mean")),
        rows=tuple(rows),
    )
