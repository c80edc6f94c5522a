"""Exhibit: who answered, by arm and wave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.disclosure import Limits
from reports.exhibits.counts import ArmCounts, count_by_arm
from reports.exhibits.exhibit import Exhibit
from reports.exhibits.turnover import turnover_and_response
from reports.formatting import listed, percentage
from reports.proportions import wilson
from reports.tables import Cell, Column, Row, Share, ShareInterval, Table, Withheld

if TYPE_CHECKING:
    import pandas as pd

    from reports.evidence import Evidence

ALL = "All arms"


def response(evidence: Evidence) -> Exhibit:
    """Give response by arm and wave, and how many answered at every wave."""
    study = evidence.snapshot.study
    groups = [
        (wave.title, _invited(evidence, (wave.id,)), _answered(evidence, (wave.id,)))
        for wave in study.waves
    ]
    waves = tuple(wave.id for wave in study.waves)
    if len(waves) > 1:
        paired = f"{listed([wave.title for wave in study.waves])} (paired)"
        groups.append((paired, _invited(evidence, waves), _answered(evidence, waves)))
    confidence = percentage(evidence.snapshot.plan.confidence)
    return Exhibit(
        id="response",
        title="Response by arm and wave",
        sentences=(
            "The share is of the people invited. “Paired” counts people who were invited and "
            "submitted at every wave: only they contribute a change.",
        )
        if len(waves) > 1
        else ("The share is of the people invited.",),
        blocks=(
            Table(
                title="Response by arm and wave",
                row_title="Arm",
                columns=(
                    Column("Schools invited"),
                    Column("People invited"),
                    Column("Schools with an answer"),
                    Column("People who submitted"),
                    Column("Response"),
                    Column(f"{confidence} interval"),
                ),
                rows=tuple(
                    row
                    for group, invited, answered in groups
                    for row in _rows(evidence, group, invited, answered)
                ),
                notes=(
                    f"{confidence} intervals are Wilson’s for a proportion; they take people as "
                    "independent of each other.",
                ),
            ),
            *turnover_and_response(evidence),
        ),
    )


def _invited(evidence: Evidence, waves: tuple[str, ...]) -> pd.DataFrame:
    return _at_every(evidence, waves, "invited")


def _answered(evidence: Evidence, waves: tuple[str, ...]) -> pd.DataFrame:
    return _at_every(evidence, waves, "submitted")


def _at_every(evidence: Evidence, waves: tuple[str, ...], step: str) -> pd.DataFrame:
    rows = evidence.populations.step(waves[0])
    for wave in waves:
        done = evidence.populations.step(wave)
        rows = rows[rows["participant"].isin(done.loc[done[step], "participant"])]
    return rows


def _rows(
    evidence: Evidence, group: str, invited: pd.DataFrame, answered: pd.DataFrame
) -> list[Row]:
    arms = evidence.populations.arms
    limits = Limits.of(evidence.snapshot.plan)
    asked = count_by_arm(invited, arms, limits)
    came = count_by_arm(answered, arms, limits)
    titles = (*arms, ALL) if len(arms) > 1 else arms
    confidence = evidence.snapshot.plan.confidence
    return [
        Row(title, _cells(asked, came, place, confidence), group)
        for place, title in enumerate(titles)
    ]


def _cells(asked: ArmCounts, came: ArmCounts, place: int, confidence: float) -> tuple[Cell, ...]:
    share: tuple[Cell, ...] = (Withheld(), Withheld())
    if not (asked.hidden[place] or came.hidden[place]):
        result = wilson(came.people[place], asked.people[place], confidence=confidence)
        share = (Share(result.part, result.whole), ShareInterval(result.low, result.high))
    return (
        asked.school_cells()[place],
        asked.people_cells()[place],
        came.school_cells()[place],
        came.people_cells()[place],
        *share,
    )
