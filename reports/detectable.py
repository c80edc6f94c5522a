"""The smallest effect that a trial of this size would probably have found."""

from __future__ import annotations

import math

# The normal quantiles of a two-sided test at .05 and a power of .80: 1.96 + 0.84.
MULTIPLIER = 2.8


def smallest_detectable_effect(
    *, n_schools: int, people_per_school: float, icc: float, r2: float = 0.0
) -> float:
    """Give the smallest effect found with 80 % power at the two-sided 5 % level.

    Parameters
    ----------
    n_schools : int
        Schools in both arms together, taken as half in each.
    people_per_school : float
        Mean number of people analysed in a school, above 0.
    icc : float
        Intraclass correlation of schools; a negative one counts as 0.
    r2 : float
        Share of the variance that the covariates explain, 0 to below 1.

    Returns
    -------
    float
        In standard deviations of the outcome, above 0; NaN without schools or people.

    Notes
    -----
    2.8 √((icc + (1 − icc)/n)(1 − r²)/(J/4)) with J schools of n people.

    References
    ----------
    Bloom 1995, Eval. Rev. 19:547 (the minimum detectable effect and its multiplier).
    """
    if n_schools <= 0 or people_per_school <= 0:
        return math.nan
    icc = max(icc, 0.0)
    variance = (icc + (1 - icc) / people_per_school) * (1 - r2) / (n_schools / 4)
    return MULTIPLIER * math.sqrt(variance)
