"""What answers look like before anybody scores them: gaps, straight lines, copies, wrong codes.

Nothing here knows an arm: every check looks at the answers alone, and what it notices is a finding
for a person to look at, never a reason to leave an answer out by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from scoring.consistency import item_rest
from scoring.findings import Finding
from scoring.keyed import Booleans, KeyedAnswers
from scoring.reliability import FEWEST_PEOPLE
from scoring.rules import Floats

Ints = npt.NDArray[np.int64]

FEWEST_ITEMS_IN_A_LINE: Final = 5
"""Our choice: with fewer items the same answer throughout is nothing to notice."""

MANY_AT_AN_END: Final = 0.15
"""Floor or ceiling effect of a score: Terwee CB et al. (2007), J Clin Epidemiol 60, 34-42."""

MANY_ALIKE: Final = 0.95
"""Our choice: the share of people on one answer from which an item hardly tells anybody apart."""

MANY_STRAIGHT_LINES: Final = 0.05
"""Our choice: the share of complete rows from which straight lines are worth a look."""

FEWEST_ITEMS_OF_A_COPY: Final = 10
"""Our choice: with fewer items two people answer everything alike by chance too often to say."""


@dataclass(frozen=True, slots=True)
class Completion:
    """How much of what was asked was answered.

    Attributes
    ----------
    n_rows, n_asked : int
        Rows; rows asked at least one item.
    n_complete, n_partial, n_empty : int
        Of those asked: every item asked answered, some, none.
    n_items_asked, n_items_answered : int
        Over everybody.
    share : float
        Answers over items asked (0 to 1), over everybody; NaN where nobody was asked.
    """

    n_rows: int
    n_asked: int
    n_complete: int
    n_partial: int
    n_empty: int
    n_items_asked: int
    n_items_answered: int
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class Quality:
    """The quality of the answers to one scale.

    Attributes
    ----------
    completion : Completion
    longest_run : array of int, shape (n,)
        The longest run of the same answer as it was given (before reversal), in the order of the
        items; a gap ends a run.
    is_straight_line : array of bool, shape (n,)
        Whether every item was answered, all with the same answer as given; never with fewer than
        5 items or a scale on which that cannot be told.
    is_copy : array of bool, shape (n,)
        Whether an earlier complete row has just the same answers; never with fewer than 10 items.
        One answer throughout is not called a copy.
    n_complete : int
        Complete rows: what floor and ceiling are shares of.
    floor_share, ceiling_share : float
        Share of complete rows at the lowest and the highest possible sum; NaN where there is none.
    findings : tuple of Finding
    """

    completion: Completion
    longest_run: Ints
    is_straight_line: Booleans
    is_copy: Booleans
    n_complete: int
    floor_share: float
    ceiling_share: float
    findings: tuple[Finding, ...]


def quality(keyed: KeyedAnswers) -> Quality:
    """Return how complete and how plausible the answers to a scale are.

    Parameters
    ----------
    keyed : KeyedAnswers
        The scale; nobody's answers are left out.

    Returns
    -------
    Quality

    References
    ----------
    Curran PG (2016). Journal of Experimental Social Psychology 66, 4-19 (longstring). Terwee CB
    et al. (2007). Journal of Clinical Epidemiology 60, 34-42 (floor and ceiling).
    """
    given = as_given(keyed)
    whole = keyed.is_answered.all(axis=1)
    k = len(keyed.items)
    runs = longest_runs(given)
    straight: Booleans = whole & (runs == k) & (k >= FEWEST_ITEMS_IN_A_LINE)
    copies = copies_of_earlier(given, keyed.is_answered) & whole
    complete = keyed.values[whole]
    sums = complete.sum(axis=1)
    n_complete = len(complete)
    floor = float((sums == keyed.minimum.sum()).mean()) if n_complete else nan
    ceiling = float((sums == keyed.maximum.sum()).mean()) if n_complete else nan
    return Quality(
        completion=_completion(keyed),
        longest_run=runs,
        is_straight_line=straight,
        is_copy=copies,
        n_complete=n_complete,
        floor_share=floor,
        ceiling_share=ceiling,
        findings=(
            *_completion_findings(keyed),
            *_line_findings(keyed, int(straight.sum()), n_complete),
            *_copy_findings(keyed, int(copies.sum())),
            *_end_findings(keyed, floor, ceiling, n_complete),
        ),
    )


def keying_alarms(keyed: KeyedAnswers) -> tuple[Finding, ...]:
    """Return signs that answers were coded or keyed otherwise than the scale says.

    An item that runs against the others (unreversed, or reversed twice); answers shifted by one
    (1 to 4 entered where 0 to 3 is meant); an item on which nobody, or almost everybody, gives
    one answer. None of these with fewer than 10 answers.

    Parameters
    ----------
    keyed : KeyedAnswers
        The scale, keyed as it is meant to be.

    Returns
    -------
    tuple of Finding
    """
    return (*_against_the_others(keyed), *_shifted(keyed), *_impossible(keyed))


def shifted_by(values: Floats, minimum: float, maximum: float) -> int:
    """Return by how much all answers lie off the range that is allowed: 0, 1 or -1.

    For answers not refused yet: 1 where every answer would be allowed if it were 1 lower and not
    every one is as it stands; -1 the other way round.

    Parameters
    ----------
    values : array of float
        NaN where there is no answer.
    minimum, maximum : float
        The lowest and the highest answer allowed.
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return 0
    low, high = float(known.min()), float(known.max())
    if high == maximum + 1 and low > minimum:
        return 1
    if low == minimum - 1 and high < maximum:
        return -1
    return 0


def as_given(keyed: KeyedAnswers) -> Floats:
    """Return the answers as people gave them, reversed items turned back; shape (n, k)."""
    turned = np.array([item in keyed.reversed for item in keyed.items])
    given: Floats = np.where(turned, keyed.minimum + keyed.maximum - keyed.values, keyed.values)
    return given


def longest_runs(given: Floats) -> Ints:
    """Return each row's longest run of one answer; 0 where nothing is answered.

    Parameters
    ----------
    given : array of float, shape (n, k)
        Answers as given, items in the order shown; NaN ends a run.
    """
    n, k = given.shape
    run = np.zeros(n, dtype=np.int64)
    longest = np.zeros(n, dtype=np.int64)
    for item in range(k):
        is_answered = ~np.isnan(given[:, item])
        goes_on = is_answered & (given[:, item] == given[:, item - 1]) if item else is_answered
        run = np.where(goes_on, run + 1, is_answered)
        longest = np.maximum(longest, run)
    return longest


def completion_of(is_asked: Booleans, is_answered: Booleans) -> Completion:
    """Return how much of what was asked was answered.

    Parameters
    ----------
    is_asked, is_answered : array of bool, shape (n, k), one row a submission
    """
    n_asked, n_answered = is_asked.sum(axis=1), is_answered.sum(axis=1)
    was_asked = n_asked > 0
    whole, none = was_asked & (n_answered == n_asked), was_asked & (n_answered == 0)
    total, answered = int(n_asked.sum()), int(n_answered.sum())
    return Completion(
        n_rows=len(is_asked),
        n_asked=int(was_asked.sum()),
        n_complete=int(whole.sum()),
        n_partial=int((was_asked & ~whole & ~none).sum()),
        n_empty=int(none.sum()),
        n_items_asked=total,
        n_items_answered=answered,
        share=answered / total if total else nan,
    )


def copies_of_earlier(given: npt.NDArray[Any], is_answered: Booleans) -> Booleans:
    """Return which rows have just the answers and the gaps of an earlier row.

    Never a row with fewer than 10 answers, nor one that gives one answer throughout: those are
    alike by chance.

    Parameters
    ----------
    given : array of numbers, shape (n, k), one row a submission
        Answers as given. Gaps are alike when both rows have the same code, or NaN, in them.
    is_answered : array of bool, shape (n, k)
    """
    copies = np.zeros(len(given), dtype=bool)
    if given.shape[1] < FEWEST_ITEMS_OF_A_COPY:
        return copies
    highest = np.where(is_answered, given, -np.inf).max(axis=1)
    lowest = np.where(is_answered, given, np.inf).min(axis=1)
    rows = np.flatnonzero((is_answered.sum(axis=1) >= FEWEST_ITEMS_OF_A_COPY) & (lowest < highest))
    if len(rows):
        # NaN is unlike itself, so a gap is given a number that no answer has.
        comparable = np.where(np.isnan(given[rows]), -np.inf, given[rows])
        _, first = np.unique(comparable, axis=0, return_index=True)
        copies[np.delete(rows, first)] = True
    return copies


def _completion(keyed: KeyedAnswers) -> Completion:
    asked = np.ones(keyed.values.shape, dtype=bool) if keyed.not_asked is None else ~keyed.not_asked
    return completion_of(asked, keyed.is_answered)


def _completion_findings(keyed: KeyedAnswers) -> tuple[Finding, ...]:
    found = _completion(keyed)
    if found.n_asked == 0:
        return (Finding("error", keyed.title, "Nobody was asked any of the items."),)
    if found.n_complete == found.n_asked:
        return ()
    return (
        Finding(
            "note",
            keyed.title,
            f"Of {found.n_asked} people asked {found.n_complete} answered every item they were "
            f"asked, {found.n_partial} some and {found.n_empty} none.",
        ),
    )


def _line_findings(keyed: KeyedAnswers, n_lines: int, n_complete: int) -> tuple[Finding, ...]:
    if not n_lines or n_lines < MANY_STRAIGHT_LINES * n_complete:
        return ()
    mixed = 0 < len(keyed.reversed) < len(keyed.items)
    meaning = (
        "which contradicts itself, as some items are reversed."
        if mixed
        else "which may be meant, as no item is turned against the others."
    )
    return (
        Finding(
            "warning" if mixed else "note",
            keyed.title,
            f"{n_lines} of {n_complete} complete rows give one answer throughout, {meaning}",
        ),
    )


def _copy_findings(keyed: KeyedAnswers, n_copies: int) -> tuple[Finding, ...]:
    if not n_copies:
        return ()
    rows = "1 row has" if n_copies == 1 else f"{n_copies} rows have"
    return (
        Finding(
            "warning",
            keyed.title,
            f"{rows} just the answers of an earlier one: somebody may have been counted twice.",
        ),
    )


def _end_findings(
    keyed: KeyedAnswers, floor: float, ceiling: float, n_complete: int
) -> tuple[Finding, ...]:
    if n_complete < FEWEST_PEOPLE:
        return ()
    return tuple(
        Finding(
            "warning",
            keyed.title,
            f"{share:.0%} of {n_complete} people have the {end} possible score ({name} effect, "
            f"from {MANY_AT_AN_END:.0%}): the scale cannot tell them apart.",
        )
        for share, end, name in ((floor, "lowest", "floor"), (ceiling, "highest", "ceiling"))
        if share > MANY_AT_AN_END
    )


def _against_the_others(keyed: KeyedAnswers) -> tuple[Finding, ...]:
    complete = keyed.complete
    if len(complete) < FEWEST_PEOPLE or len(keyed.items) < 3:
        return ()
    rest = item_rest(np.cov(complete, rowvar=False))
    against = np.flatnonzero(rest < 0)
    if len(against) > len(keyed.items) // 2:
        return (
            Finding(
                "warning",
                keyed.title,
                f"{len(against)} of {len(keyed.items)} items run against the sum of the others: "
                "the list of reversed items may be that of another version.",
            ),
        )
    return tuple(
        Finding(
            "warning",
            keyed.items[number],
            "It runs against the other items (item-rest correlation below 0): it may be "
            f"{'wrongly reversed' if keyed.items[number] in keyed.reversed else 'unreversed'}.",
        )
        for number in against
    )


def _shifted(keyed: KeyedAnswers) -> tuple[Finding, ...]:
    """Nobody uses one end of any item while the other end is in use: 1 to 3 for 0 to 3, where the
    top answer was entered for the two highest, or 1 to 4 clipped to the range."""
    given = as_given(keyed)
    n_answers = int(keyed.is_answered.any(axis=1).sum())
    if n_answers < FEWEST_PEOPLE or len(keyed.items) < 3:
        return ()
    known = keyed.is_answered
    at_low = known & (given == keyed.minimum)
    at_high = known & (given == keyed.maximum)
    found = []
    for missing_end, other, end, way in (
        (at_low, at_high, "lowest", "up"),
        (at_high, at_low, "highest", "down"),
    ):
        if not missing_end.any() and other.any(axis=0).all():
            found.append(
                Finding(
                    "warning",
                    keyed.title,
                    f"Nobody of {n_answers} gives the {end} answer to any item, and every item has "
                    f"people at the other end: the answers may be shifted {way} by one.",
                )
            )
    return tuple(found)


def _impossible(keyed: KeyedAnswers) -> tuple[Finding, ...]:
    found = []
    for number, item in enumerate(keyed.items):
        column = keyed.values[:, number]
        column = column[~np.isnan(column)]
        if len(column) < FEWEST_PEOPLE:
            continue
        answers, counts = np.unique(column, return_counts=True)
        share = float(counts.max() / len(column))
        steps = keyed.maximum[number] - keyed.minimum[number]
        if share >= MANY_ALIKE:
            found.append(
                Finding(
                    "warning",
                    item,
                    f"{share:.0%} of {len(column)} people give the same answer: the item hardly "
                    "tells anybody apart, or was not stored as it was given.",
                )
            )
        elif len(answers) == 2 and steps > 2 and answers[1] - answers[0] == steps:
            found.append(
                Finding(
                    "warning",
                    item,
                    f"{len(column)} people use the two ends of the scale and nothing between: the "
                    "item may have been stored as yes and no.",
                )
            )
    return tuple(found)
