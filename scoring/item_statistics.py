"""Each item of a scale by itself: how it is answered, and how it goes with the others."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np

from scoring.keyed import KeyedAnswers
from scoring.reliability import Reliability
from scoring.rules import Floats


@dataclass(frozen=True, slots=True)
class ItemStatistics:
    """One item, keyed.

    Attributes
    ----------
    item : str
        Its id.
    is_reversed : bool
        Whether its answers were turned; everything here is of the turned answers.
    n : int
        Everybody who answered this item.
    mean, sd : float
        Of their answers; SD with divisor n - 1. NaN where nobody answered, or one person for the
        SD.
    skew : float
        The third central moment (divisor n) over the cube of that SD: psych's type 3. NaN for a
        constant item.
    floor_share, ceiling_share : float
        Share (0 to 1) of them at the lowest and at the highest answer the item allows.
    item_rest, alpha_if_dropped : float
        As in `Reliability`: of the people who answered every item, not of these n.
    """

    item: str
    is_reversed: bool
    n: int
    mean: float
    sd: float
    skew: float
    floor_share: float
    ceiling_share: float
    item_rest: float
    alpha_if_dropped: float


def item_statistics(keyed: KeyedAnswers, reliability: Reliability) -> tuple[ItemStatistics, ...]:
    """Return the statistics of every item, in the scale's order.

    Parameters
    ----------
    keyed : KeyedAnswers
        The scale; missing answers are left out item by item.
    reliability : Reliability
        Of the same answers.

    Returns
    -------
    tuple of ItemStatistics

    References
    ----------
    Joanes DN, Gill CA (1998). The Statistician 47, 183-189 (skew b1).
    """
    known = keyed.is_answered
    n = known.sum(axis=0)
    mean = _over(np.where(known, keyed.values, 0.0).sum(axis=0), n)
    centred = np.where(known, keyed.values - mean, 0.0)
    squares = centred * centred
    sd = np.sqrt(_over(squares.sum(axis=0), n - 1))
    skew = _over(_over(np.einsum("ij,ij->j", squares, centred), n), sd**3)
    floor = _over((keyed.values == keyed.minimum).sum(axis=0), n)
    ceiling = _over((keyed.values == keyed.maximum).sum(axis=0), n)
    return tuple(
        ItemStatistics(
            item=item,
            is_reversed=item in keyed.reversed,
            n=int(n[number]),
            mean=float(mean[number]),
            sd=float(sd[number]),
            skew=float(skew[number]),
            floor_share=float(floor[number]),
            ceiling_share=float(ceiling[number]),
            item_rest=float(reliability.item_rest[item]),
            alpha_if_dropped=float(reliability.alpha_if_dropped[item]),
        )
        for number, item in enumerate(keyed.items)
    )


def _over(top: Floats, bottom: Floats) -> Floats:
    """Return a quotient, NaN where there is nothing to divide by."""
    found: Floats = np.divide(top, bottom, out=np.full(len(top), nan), where=bottom > 0)
    return found
