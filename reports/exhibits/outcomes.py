"""Exhibit: scores by arm and wave, unadjusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.exhibits.exhibit import Exhibit
from reports.formatting import number
from reports.tables import Cell, Column, Count, Number, Row, Share, Table, Withheld

if TYPE_CHECKING:
    from instruments.model import Score
    from reports.disclosure import Limits
    from reports.evidence import Evidence, ScoreSummary

DIRECTIONS = {"higher_is_worse": "higher is worse", "higher_is_better": "higher is better"}


def outcomes(evidence: Evidence) -> Exhibit:
    """Give each score by arm and wave: n, schools, mean, SD, and shares at floor and ceiling."""
    if not evidence.summaries:
        return Exhibit(
            id="scores",
            title="Scores by arm and wave",
            sentences=("Nobody has submitted a questionnaire yet, so there are no scores.",),
        )
    return Exhibit(
        id="scores",
        title="Scores by arm and wave",
        sentences=(
            "Means and standard deviations as they were observed, without adjustment. The floor "
            "is the lowest possible score and the ceiling the highest.",
        ),
        blocks=(_table(evidence),),
    )


def range_in_words(score: Score) -> str:
    """Give a score's range and direction: "0 to 21, higher is worse"."""
    low, high = number(score.minimum, 0), number(score.maximum, 0)
    return f"{low} to {high}, {DIRECTIONS[score.direction]}"


def score_places(score: Score) -> int:
    """Give the decimals of a mean of this score: two where its range is short, else one."""
    return 2 if score.maximum - score.minimum <= 10 else 1


def _table(evidence: Evidence) -> Table:
    study, limits = evidence.snapshot.study, evidence.limits
    return Table(
        title="Scores by arm and wave",
        row_title="Wave and arm",
        columns=tuple(
            Column(title)
            for title in ("People", "Schools", "Mean", "SD", "At the floor", "At the ceiling")
        ),
        rows=tuple(
            Row(
                f"{study.wave_title(each.wave)}, {each.arm}",
                _cells(each, limits),
                f"{each.label}: {range_in_words(each.score)}",
            )
            for each in evidence.summaries
        ),
        notes=("SD: standard deviation.",),
    )


def _cells(summary: ScoreSummary, limits: Limits) -> tuple[Cell, ...]:
    if summary.is_hidden:
        return (Withheld(),) * 6
    places = score_places(summary.score)
    return (
        Count(summary.n),
        Count(summary.n_schools),
        Number(summary.mean, places),
        Number(summary.sd, places),
        _extreme(summary.n_floor, summary.n, limits),
        _extreme(summary.n_ceiling, summary.n, limits),
    )


def _extreme(n: int, whole: int, limits: Limits) -> Cell:
    return Withheld() if 0 < n < limits.people else Share(n, whole)
