"""The smallest effect that a trial of this size would probably have found."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

# The normal quantiles of a two-sided test at .05 and a power of .80: 1.96 + 0.84.
MULTIPLIER = 2.8


def smallest_detectable_effect(
    *,
    n_schools: float,
    people_per_school: float,
    icc: float,
    r2: float = 0.0,
    ratios: Sequence[int] = (1, 1),
) -> float:
    """Give the smallest effect found with 80 % power at the two-sided 5 % level.

    Parameters
    ----------
    n_schools : float
        Schools in all arms together; an expected number need not be whole.
    people_per_school : float
        Mean number of people analysed in a school, above 0.
    icc : float
        Intraclass correlation of schools; a negative one counts as 0.
    r2 : float
        Share of the variance that the covariates explain, 0 to below 1.
    ratios : sequence of int
        By what numbers the schools are spread over the arms, two or more; half in each of two
        unless said otherwise. Of several pairs of arms the one that finds least is meant.

    Returns
    -------
    float
        In standard deviations of the outcome, above 0; NaN without schools or people.

    Notes
    -----
    2.8 √((icc + (1 − icc)/n)(1 − r²)(1/Jₐ + 1/Jᵦ)) with Jₐ and Jᵦ schools of n people in the two
    arms: with J schools, half in each, the last factor is 4/J.

    References
    ----------
    Bloom 1995, Eval. Rev. 19:547 (the minimum detectable effect and its multiplier).
    """
    if n_schools <= 0 or people_per_school <= 0:
        return math.nan
    icc = max(icc, 0.0)
    per_school = n_schools / sum(ratios)
    spread = max(1 / a + 1 / b for a, b in combinations(ratios, 2)) / per_school
    variance = (icc + (1 - icc) / people_per_school) * (1 - r2) * spread
    return MULTIPLIER * math.sqrt(variance)
