"""Exhibit: how schools and people moved through the trial (CONSORT 2025, item 22)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.disclosure import Limits
from reports.exhibits.counts import ArmCounts, count_by_arm
from reports.exhibits.exhibit import Exhibit
from reports.exhibits.turnover import turnover_by_arm
from reports.figures import FlowBox, FlowColumn, FlowDiagram, FlowLine
from reports.populations import NOT_ALLOCATED, school_panel
from reports.tables import Cell, Column, Count, Row, Table, Words
from reports.versions import version_sentences

if TYPE_CHECKING:
    from reports.evidence import Evidence

ALL = "All"
NOT_BY_ARM = Words("–")
STEPS = (
    ("invited", "Invited", "People invited"),
    ("started", "Started", "People who started"),
    ("submitted", "Submitted", "People who submitted"),
    ("withdrawn", "Withdrew", "People who withdrew"),
    ("analysed", "Analysed", "People analysed"),
)


def flow(evidence: Evidence) -> Exhibit:
    """Give the flow of schools and people as a figure and as a table.

    Schools are shown whole, because that a school was in the trial is a fact of a public
    register; people are counted under the rule for small numbers.
    """
    counts = _wave_counts(evidence)
    return Exhibit(
        id="participant-flow",
        title="Participant flow",
        sentences=(
            "Schools are randomised; people are invited within them. “Analysed” means submitted "
            "and not withdrawn; how many people each estimate rests on is said beside it.",
            *version_sentences(evidence),
        ),
        blocks=(_diagram(evidence, counts), _table(evidence, counts), *turnover_by_arm(evidence)),
    )


def _wave_counts(evidence: Evidence) -> dict[str, dict[str, ArmCounts]]:
    populations, limits = evidence.populations, Limits.of(evidence.snapshot.plan)
    counts = {}
    for wave in evidence.snapshot.study.waves:
        rows = populations.step(wave.id)
        invited = rows[rows["invited"]]
        counts[wave.id] = {
            step: count_by_arm(invited[invited[step]], populations.arms, limits)
            for step, _, _ in STEPS
        }
    return counts


def _exclusions(evidence: Evidence) -> list[tuple[str, int]]:
    schools = evidence.snapshot.schools
    reasons = schools.loc[~schools["eligible"].astype(bool), "exclusion"].replace("", "No reason")
    tally = reasons.value_counts()
    return sorted(((str(reason), int(n)) for reason, n in tally.items()), key=lambda r: (-r[1], r))


def _columns(evidence: Evidence) -> tuple[str, ...]:
    arms = evidence.populations.arms
    return (*arms, ALL) if len(arms) > 1 else arms


def _table(evidence: Evidence, counts: dict[str, dict[str, ArmCounts]]) -> Table:
    columns = _columns(evidence)
    rows = [*_school_rows(evidence, len(columns))]
    for wave in evidence.snapshot.study.waves:
        rows += [
            Row(title, counts[wave.id][step].people_cells()[: len(columns)], group=wave.title)
            for step, _, title in STEPS
        ]
        behind = counts[wave.id]["analysed"]
        rows.append(
            Row("Schools with anyone analysed", behind.school_cells()[: len(columns)], wave.title)
        )
        if wave is evidence.snapshot.study.waves[0]:
            rows += _late_rows(evidence, wave.id, wave.title, len(columns))
    rows += _paired_rows(evidence, len(columns))
    return Table(
        title="Participant flow by arm",
        row_title="Stage",
        columns=tuple(Column(title) for title in columns),
        rows=tuple(rows),
        notes=_note_on_withdrawals(counts),
    )


def _note_on_withdrawals(counts: dict[str, dict[str, ArmCounts]]) -> tuple[str, ...]:
    """Own up to what the counts around a withheld one still tell."""
    if not any(any(steps["withdrawn"].hidden) for steps in counts.values()):
        return ()
    return (
        "How many of those who submitted then withdrew can be worked out from the rows around: "
        "it says who took part, never what anybody answered.",
    )


def _school_rows(evidence: Evidence, width: int) -> list[Row]:
    schools = evidence.snapshot.schools
    by_arm = evidence.populations.schools["arm"]
    arms = evidence.populations.arms

    def in_total(n: int) -> tuple[Cell, ...]:
        return (*(NOT_BY_ARM for _ in range(width - 1)), Count(n))

    rows = [Row("Schools assessed", in_total(len(schools)), "Schools")]
    rows += [
        Row(f"Excluded: {reason}", in_total(n), "Schools") for reason, n in _exclusions(evidence)
    ]
    title = "Schools randomised" if evidence.populations.is_allocated else "Schools eligible"
    cells = [Count(int((by_arm == arm).sum())) for arm in arms]
    if NOT_ALLOCATED in arms and len(arms) > 1:
        title = "Schools randomised or waiting"
    rows.append(Row(title, tuple([*cells, Count(len(by_arm))][:width]), "Schools"))
    return rows


def _late_rows(evidence: Evidence, wave: str, title: str, width: int) -> list[Row]:
    """Count who submitted the first wave once their school had its arm; no row where nobody did."""
    submissions = evidence.snapshot.submissions
    late = submissions[(submissions["wave"] == wave) & submissions["after_allocation"].astype(bool)]
    rows = evidence.populations.step(wave)
    rows = rows[rows["participant"].isin(late["participant"]) & rows["submitted"]]
    if rows.empty:
        return []
    counts = count_by_arm(rows, evidence.populations.arms, Limits.of(evidence.snapshot.plan))
    return [
        Row(
            "People who submitted after their school was allocated",
            counts.people_cells()[:width],
            title,
        )
    ]


def _paired_rows(evidence: Evidence, width: int) -> list[Row]:
    waves = tuple(wave.id for wave in evidence.snapshot.study.waves)
    if len(waves) < 2:
        return []
    rows = evidence.populations.paired(waves).rename_axis("participant").reset_index()
    counts = count_by_arm(rows, evidence.populations.arms, Limits.of(evidence.snapshot.plan))
    panel = count_by_arm(
        school_panel(evidence.populations, waves),
        evidence.populations.arms,
        Limits.of(evidence.snapshot.plan),
    )
    group = "Every wave"
    return [
        Row("People analysed at every wave", counts.people_cells()[:width], group),
        Row("Schools of those people", counts.school_cells()[:width], group),
        Row("Schools with anyone analysed at every wave", panel.school_cells()[:width], group),
    ]


def _diagram(evidence: Evidence, counts: dict[str, dict[str, ArmCounts]]) -> FlowDiagram:
    populations = evidence.populations
    schools = evidence.snapshot.schools
    exclusions = _exclusions(evidence)
    n_excluded = sum(n for _, n in exclusions)
    joined = "Randomised" if populations.is_allocated else "Eligible, not yet randomised"
    return FlowDiagram(
        title="Participant flow",
        assessed=FlowBox("Assessed", (FlowLine("Schools", Count(len(schools))),)),
        excluded=FlowBox(
            "Excluded",
            (
                FlowLine("Schools", Count(n_excluded)),
                *(FlowLine(reason, Count(n)) for reason, n in exclusions),
            ),
        )
        if n_excluded
        else None,
        randomised=FlowBox(joined, (FlowLine("Schools", Count(len(populations.schools))),)),
        columns=tuple(
            _column(evidence, counts, place, arm) for place, arm in enumerate(populations.arms)
        ),
    )


def _column(
    evidence: Evidence, counts: dict[str, dict[str, ArmCounts]], place: int, arm: str
) -> FlowColumn:
    populations = evidence.populations
    in_arm = int((populations.schools["arm"] == arm).sum())
    boxes = [FlowBox("Allocated", (FlowLine("Schools", Count(in_arm)),))]
    if arm == NOT_ALLOCATED:
        boxes = [FlowBox("Waiting", (FlowLine("Schools", Count(in_arm)),))]
    for wave in evidence.snapshot.study.waves:
        lines = [
            FlowLine(short, counts[wave.id][step].people_cells()[place]) for step, short, _ in STEPS
        ]
        behind = counts[wave.id]["analysed"].school_cells()[place]
        boxes.append(FlowBox(wave.title, (*lines, FlowLine("In schools", behind))))
    return FlowColumn(arm, tuple(boxes))
