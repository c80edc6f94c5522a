"""Counts of people by arm, with what must be withheld of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from reports.disclosure import Limits, withheld
from reports.tables import Cell, Count, Share, Withheld

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class ArmCounts:
    """How many people, in how many schools, by arm and in all; and which must not be shown.

    Attributes
    ----------
    people, schools : tuple of int
        One an arm, then the total.
    hidden : tuple of bool
        Likewise: True where the figure must be withheld.
    """

    people: tuple[int, ...]
    schools: tuple[int, ...]
    hidden: tuple[bool, ...]

    def people_cells(self) -> tuple[Cell, ...]:
        """Give the counts of people, one cell an arm and one for the total."""
        return self._cells([Count(n) for n in self.people])

    def school_cells(self) -> tuple[Cell, ...]:
        """Give the counts of schools, one cell an arm and one for the total."""
        return self._cells([Count(n) for n in self.schools])

    def share_cells(self, whole: ArmCounts) -> tuple[Cell, ...]:
        """Give the shares of another count, withheld where either count is."""
        shares = [Share(part, of) for part, of in zip(self.people, whole.people, strict=True)]
        return self.within(whole)._cells(shares)

    def within(self, whole: ArmCounts) -> ArmCounts:
        """Give the same counts, withheld also where the count they are a part of is."""
        hidden = zip(self.hidden, whole.hidden, strict=True)
        return replace(self, hidden=tuple(mine or theirs for mine, theirs in hidden))

    def _cells(self, cells: Sequence[Cell]) -> tuple[Cell, ...]:
        return tuple(
            Withheld() if hidden else cell for cell, hidden in zip(cells, self.hidden, strict=True)
        )


def count_by_arm(
    rows: pd.DataFrame,
    arms: Sequence[str],
    limits: Limits,
    *,
    gives_way: Literal["arms", "total"] = "arms",
) -> ArmCounts:
    """Count the people and the schools behind some rows, by arm and in all.

    Parameters
    ----------
    rows : DataFrame
        One row a person or more; columns participant, arm and school.
    arms : sequence of str
        The arms, in the order of the columns.
    limits : Limits
        The smallest numbers that may be shown.
    gives_way : "arms" or "total"
        What else is withheld where a single arm is, so that nobody works it out from the total
        and the others: a second arm, or the total.

    Returns
    -------
    ArmCounts
        With the total last.
    """
    each = [rows[rows["arm"] == arm] for arm in arms]
    people = [int(part["participant"].nunique()) for part in each]
    schools = [int(part["school"].nunique()) for part in each]
    marks = withheld(
        np.array([people]), np.array([schools]), limits, rows_have_totals=gives_way == "arms"
    )[0]
    total = limits.too_few(sum(people), sum(schools)) or (
        gives_way == "total" and int(marks.sum()) == 1
    )
    return ArmCounts(
        people=(*people, sum(people)),
        schools=(*schools, sum(schools)),
        hidden=(*(bool(mark) for mark in marks), total),
    )
