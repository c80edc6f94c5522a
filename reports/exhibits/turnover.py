"""People who stayed, joined and left, told apart: by arm, and with their response."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reports.disclosure import Limits, withheld
from reports.exhibits.counts import ArmCounts
from reports.formatting import percentage
from reports.proportions import wilson
from reports.snapshot import TURNOVER
from reports.tables import Cell, Column, Row, Share, ShareInterval, Table, Withheld

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from reports.evidence import Evidence

_NAMES = {"stayer": "Stayers", "joiner": "Joiners", "leaver": "Leavers"}
_NOTE = (
    "Stayers were in the role when the schools were randomised (before that, when the first wave "
    "closes), and still are. Joiners came later, or in the place of somebody. Leavers have left "
    "since, whenever they came; what they answered counts."
)


def turnover_by_arm(evidence: Evidence) -> tuple[Table, ...]:
    """Give who stayed, joined and left by arm and wave; nothing while everybody stayed."""
    if not _has_turnover(evidence):
        return ()
    arms = evidence.populations.arms
    titles = (*arms, "All") if len(arms) > 1 else arms
    rows = []
    for wave in evidence.snapshot.study.waves:
        steps = evidence.populations.step(wave.id)
        for step, done in (("invited", "invited"), ("analysed", "analysed")):
            counts = count_by_turnover(steps[steps[step]], arms, Limits.of(evidence.snapshot.plan))
            rows += [
                Row(
                    f"{_NAMES[each]} {done}",
                    counts[each].people_cells()[: len(titles)],
                    wave.title,
                )
                for each in TURNOVER
            ]
    return (
        Table(
            title="Who stayed, joined and left",
            row_title="People",
            columns=tuple(Column(title) for title in titles),
            rows=tuple(rows),
            notes=(_NOTE,),
        ),
    )


def turnover_and_response(evidence: Evidence) -> tuple[Table, ...]:
    """Give the response of those who stayed, joined and left; nothing while everybody stayed."""
    if not _has_turnover(evidence):
        return ()
    arms = evidence.populations.arms
    limits = Limits.of(evidence.snapshot.plan)
    confidence = evidence.snapshot.plan.confidence
    rows = []
    for wave in evidence.snapshot.study.waves:
        steps = evidence.populations.step(wave.id)
        invited = steps[steps["invited"]]
        asked = count_by_turnover(invited, arms, limits)
        came = count_by_turnover(invited[invited["submitted"]], arms, limits)
        rows += [
            Row(_NAMES[each], _response_cells(asked[each], came[each], confidence), wave.title)
            for each in TURNOVER
        ]
    return (
        Table(
            title="Response of those who stayed, joined and left",
            row_title="People",
            columns=(
                Column("People invited"),
                Column("People who submitted"),
                Column("Response"),
                Column(f"{percentage(confidence)} interval"),
            ),
            rows=tuple(rows),
            notes=(_NOTE,),
        ),
    )


def _has_turnover(evidence: Evidence) -> bool:
    return bool((evidence.populations.people["turnover"] != "stayer").any())


def _response_cells(asked: ArmCounts, came: ArmCounts, confidence: float) -> tuple[Cell, ...]:
    share: tuple[Cell, ...] = (Withheld(), Withheld())
    if not (asked.hidden[-1] or came.hidden[-1]) and asked.people[-1]:
        result = wilson(came.people[-1], asked.people[-1], confidence=confidence)
        share = (Share(result.part, result.whole), ShareInterval(result.low, result.high))
    return (asked.people_cells()[-1], came.people_cells()[-1], *share)


def count_by_turnover(
    rows: pd.DataFrame, arms: Sequence[str], limits: Limits
) -> dict[str, ArmCounts]:
    """Count people by arm and by whether they stayed, joined or left, with what must be withheld.

    The figures of one arm add up to that arm's total and those of one kind to that kind's, and the
    reader is given all of these; so wherever one figure is withheld, others are until nobody can
    work it out.

    Parameters
    ----------
    rows : DataFrame
        One row a person; columns participant, arm, school and turnover.
    arms : sequence of str
        The arms, in the order of the columns.
    limits : Limits
        The smallest numbers that may be shown.

    Returns
    -------
    dict of str to ArmCounts
        By kind, in the order stayer, joiner, leaver; each with the total over arms last.
    """
    kinds = [rows[rows["turnover"] == each] for each in TURNOVER]
    cells = [[kind[kind["arm"] == arm] for arm in arms] for kind in kinds]
    people = _counted(cells, "participant")
    schools = _counted(cells, "school")
    totals = [(len(set(kind["participant"])), len(set(kind["school"]))) for kind in kinds]
    marks, marked_totals = _marked(people, schools, totals, limits)
    return {
        each: ArmCounts(
            people=(*map(int, people[place]), totals[place][0]),
            schools=(*map(int, schools[place]), totals[place][1]),
            hidden=(*map(bool, marks[place]), bool(marked_totals[place])),
        )
        for place, each in enumerate(TURNOVER)
    }


def _counted(cells: list[list[pd.DataFrame]], column: str) -> NDArray[np.int_]:
    return np.array([[part[column].nunique() for part in kind] for kind in cells], dtype=int)


def _marked(
    people: NDArray[np.int_],
    schools: NDArray[np.int_],
    totals: list[tuple[int, int]],
    limits: Limits,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Mark the cells and the totals of the kinds that must not be shown."""
    marks = withheld(people, schools, limits, rows_have_totals=True, columns_have_totals=True)
    of_kinds = np.array([n for n, _ in totals])
    total_marks = np.array([limits.too_few(*total) for total in totals], dtype=bool)
    changed = True
    while changed:
        changed = _mark_another(of_kinds, total_marks)
        for kind in range(len(totals)):
            if total_marks[kind] and not marks[kind].any():
                changed |= _mark_smallest(people[kind], marks[kind])
            elif not total_marks[kind] and marks[kind].sum() == 1:
                # With nobody beside it, the one cell is the total.
                total_marks[kind] = not _mark_smallest(people[kind], marks[kind])
                changed = True
        for arm in range(people.shape[1]):
            if marks[:, arm].sum() != 1:
                continue
            if _mark_smallest(people[:, arm], marks[:, arm]):
                changed = True
                continue
            # Nor does a cell hide that is its whole arm: it guards nothing in its row.
            kind = int(np.flatnonzero(marks[:, arm])[0])
            changed |= not total_marks[kind]
            total_marks[kind] = True
    return marks, total_marks


def _mark_another(numbers: NDArray[np.int_], marks: NDArray[np.bool_]) -> bool:
    """Mark a second number where one alone is marked, in place; say whether any was."""
    return bool(marks.sum() == 1) and _mark_smallest(numbers, marks)


def _mark_smallest(numbers: NDArray[np.int_], marks: NDArray[np.bool_]) -> bool:
    candidates = np.flatnonzero(~marks & (numbers > 0))
    if not candidates.size:
        return False
    marks[candidates[np.argmin(numbers[candidates])]] = True
    return True
