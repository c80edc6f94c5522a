"""Intervals of proportions of people."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import stats


@dataclass(frozen=True, slots=True)
class Proportion:
    """A proportion with its interval, each 0 to 1; NaN where the whole is 0."""

    part: int
    whole: int
    low: float
    high: float


def wilson(part: int, whole: int, *, confidence: float = 0.95) -> Proportion:
    """Give a proportion with Wilson's score interval.

    Parameters
    ----------
    part, whole : int
        People counted, of how many; 0 <= part <= whole.
    confidence : float
        Coverage, above 0 and below 1.

    Returns
    -------
    Proportion
        Limits between 0 and 1; NaN where the whole is 0.

    Raises
    ------
    ValueError
        If part is not between 0 and whole.

    Notes
    -----
    With p = part/whole and z the normal quantile, the limits are
    (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n). People are taken as independent: the
    clustering of people in schools is not in it.

    References
    ----------
    Wilson 1927, J. Am. Stat. Assoc. 22:209.
    """
    if not 0 <= part <= whole:
        raise ValueError(f"wilson: found part {part} of whole {whole}; expected 0 <= part <= whole")
    if whole == 0:
        return Proportion(part, whole, math.nan, math.nan)
    z = float(stats.norm.ppf(0.5 + confidence / 2))
    share = part / whole
    shrink = 1 + z * z / whole
    centre = (share + z * z / (2 * whole)) / shrink
    half = z * math.sqrt(share * (1 - share) / whole + (z / (2 * whole)) ** 2) / shrink
    return Proportion(part, whole, max(0.0, centre - half), min(1.0, centre + half))
