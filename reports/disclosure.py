"""Statistical disclosure control: no figure about too few people or too few schools.

A figure is withheld where 1 to (minimum - 1) people, or fewer schools than the minimum, are
behind it. Where a total is shown beside the parts, one part withheld could be worked out from
the rest, so a second part is withheld too (complementary suppression).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reports.formatting import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reports.plan import Plan


@dataclass(frozen=True, slots=True)
class Limits:
    """The smallest numbers of people and schools a figure may be about."""

    people: int
    schools: int

    @classmethod
    def of(cls, plan: Plan) -> Limits:
        """Take the limits from the analysis plan."""
        return cls(people=plan.minimum_people, schools=plan.minimum_schools)

    def note(self) -> str:
        """Say the rule, for the foot of a table."""
        return (
            f"“withheld”: fewer than {counted(self.people, 'person', 'people')} or "
            f"{counted(self.schools, 'school')} are behind the figure, or it would let a reader "
            "work out one that is."
        )

    def too_few(self, people: int, schools: int) -> bool:
        """Whether a figure about so many must be withheld; a count of nobody may be shown."""
        return 0 < people < self.people or (people > 0 and schools < self.schools)


def withheld(
    people: NDArray[np.int_],
    schools: NDArray[np.int_],
    limits: Limits,
    *,
    rows_have_totals: bool = False,
    columns_have_totals: bool = False,
) -> NDArray[np.bool_]:
    """Mark the cells of a table of counts that must not be shown.

    Cells of nobody are shown. Ties for the second cell to withhold go to the first.

    Parameters
    ----------
    people, schools : array of int, shape (rows, columns)
        How many people and how many schools are behind each cell, totals left out.
    limits : Limits
        The smallest numbers that may be shown.
    rows_have_totals, columns_have_totals : bool
        Whether the reader is also given (or can add up) the total of each row or column.

    Returns
    -------
    array of bool, shape (rows, columns)
        True where the cell must be withheld.

    Notes
    -----
    Cells are first marked on their own count. Then every line with a total and exactly one
    marked cell has its smallest other cell of one or more people marked, until none is left.
    Where there is no such cell the total itself must be withheld by the caller: it equals the
    marked cell.

    References
    ----------
    Hundepool et al. 2012, Statistical Disclosure Control, Wiley, chapter 4 (cell suppression).
    """
    marks = ((people > 0) & (people < limits.people)) | ((people > 0) & (schools < limits.schools))
    changed = True
    while changed:
        changed = False
        if rows_have_totals:
            changed |= _complete_lines(people, marks)
        if columns_have_totals:
            changed |= _complete_lines(people.T, marks.T)
    return marks


def _complete_lines(people: NDArray[np.int_], marks: NDArray[np.bool_]) -> bool:
    """Mark a second cell in each row with just one, in place; say whether any was marked."""
    changed = False
    for row in range(people.shape[0]):
        if marks[row].sum() != 1:
            continue
        candidates = np.flatnonzero(~marks[row] & (people[row] > 0))
        if candidates.size:
            marks[row, candidates[np.argmin(people[row, candidates])]] = True
            changed = True
    return changed
