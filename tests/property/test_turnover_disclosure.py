"""Whatever the counts of stayers, joiners and leavers are, none that is withheld can be worked out.

The reader is given every figure shown, the total of each arm, and the total of all.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.disclosure import Limits
from reports.exhibits.turnover import count_by_turnover
from reports.snapshot import TURNOVER

ARMS = ("A", "B")
LIMITS = Limits(people=10, schools=1)
NUMBERS = st.lists(
    st.lists(st.integers(0, 30), min_size=len(ARMS), max_size=len(ARMS)),
    min_size=len(TURNOVER),
    max_size=len(TURNOVER),
)


def people(numbers: list[list[int]]) -> pd.DataFrame:
    rows = [
        (kind, arm)
        for kind, of_kind in zip(TURNOVER, numbers, strict=True)
        for arm, n in zip(ARMS, of_kind, strict=True)
        for _ in range(n)
    ]
    table = pd.DataFrame(rows, columns=["turnover", "arm"])
    table["participant"] = table["school"] = np.arange(len(rows))
    return table


def worked_out(hidden: np.ndarray, hidden_kinds: np.ndarray, hidden_arms: np.ndarray) -> np.ndarray:
    """Which cells that are not shown are fixed by what is, by adding and taking away alone."""
    equations = []
    for kind in np.flatnonzero(~hidden_kinds):
        cells = np.zeros(hidden.shape)
        cells[kind] = 1
        equations.append(cells[hidden])
    for arm in np.flatnonzero(~hidden_arms):
        cells = np.zeros(hidden.shape)
        cells[:, arm] = 1
        equations.append(cells[hidden])
    everybody = np.ones(hidden.shape)
    known = np.array([*equations, everybody[hidden]])
    rank = np.linalg.matrix_rank(known) if known.size else 0
    found = np.zeros(hidden.shape, dtype=bool)
    for cell, place in zip(np.argwhere(hidden), np.eye(int(hidden.sum())), strict=True):
        found[tuple(cell)] = np.linalg.matrix_rank(np.vstack([known, place])) == rank
    return found


@settings(deadline=None, max_examples=60)
@given(NUMBERS)
def test_no_count_of_few_people_is_shown(numbers: list[list[int]]) -> None:
    counts = count_by_turnover(people(numbers), ARMS, LIMITS)
    for found in counts.values():
        for n, is_hidden in zip(found.people, found.hidden, strict=True):
            assert is_hidden or n == 0 or n >= LIMITS.people


@settings(deadline=None, max_examples=60)
@given(NUMBERS)
def test_no_count_of_few_people_can_be_worked_out(numbers: list[list[int]]) -> None:
    counts = count_by_turnover(people(numbers), ARMS, LIMITS)
    cells = np.array(numbers)
    hidden = np.array([counts[kind].hidden[:-1] for kind in TURNOVER])
    hidden_kinds = np.array([counts[kind].hidden[-1] for kind in TURNOVER])
    # The report's other table shows an arm's total unless it is of few people itself.
    hidden_arms = cells.sum(axis=0) < LIMITS.people
    if hidden_arms.any():
        return
    too_few = (cells > 0) & (cells < LIMITS.people)
    assert not (worked_out(hidden, hidden_kinds, hidden_arms) & too_few).any()
