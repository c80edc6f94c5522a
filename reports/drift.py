"""Whether the arms of a trial have drifted apart in their response: a rule stated beforehand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

SMALLEST_DIFFERENCE = 0.05
FEWEST_PEOPLE = 20
LEVEL = 0.05

RULE = (
    "The arms have drifted apart where the highest and the lowest response differ by 5 percentage "
    "points or more, and by more than chance explains: more than 1.96 standard errors with two "
    "arms, reckoned from school to school, since people of one school answer alike. With more arms "
    "the limit is higher, for each pair that is compared (Bonferroni). Nothing is compared until "
    "20 people are invited in every arm."
)


@dataclass(frozen=True, slots=True)
class ArmResponse:
    """The response of one arm, with the sums over its schools that its spread comes from.

    Attributes
    ----------
    schools, invited, submitted : int
        Schools with anyone invited, and their people.
    invited_squared, invited_times_submitted, submitted_squared : int
        Sums over schools of m², m·y and y², for m people invited and y submitted in a school.
    """

    arm: str
    schools: int
    invited: int
    submitted: int
    invited_squared: int
    invited_times_submitted: int
    submitted_squared: int

    @property
    def share(self) -> float:
        """Give the response, 0 to 1; NaN where nobody was invited."""
        return self.submitted / self.invited if self.invited else math.nan

    @property
    def variance(self) -> float:
        """Give the sampling variance of the response, schools drawn whole; NaN below two schools.

        Notes
        -----
        k/(k − 1) Σ(yᵢ − p mᵢ)² / (Σmᵢ)² over k schools: the ratio estimator's, and a regression on
        the constant alone with cluster-robust standard errors gives the same.

        References
        ----------
        Cochran 1977, Sampling Techniques, 3rd ed., Wiley, section 9A (clusters of unequal size).
        """
        if self.schools < 2 or not self.invited:
            return math.nan
        p, k = self.share, self.schools
        squares = (
            self.submitted_squared
            - 2 * p * self.invited_times_submitted
            + p**2 * self.invited_squared
        )
        return max(squares, 0.0) * k / (k - 1) / self.invited**2


@dataclass(frozen=True, slots=True)
class Drift:
    """How far the arm with the highest response is from the one with the lowest.

    Attributes
    ----------
    highest, lowest : str
        The arms as they were given.
    difference, standard_error : float
        Of the two shares, 0 to 1.
    is_alarm : bool
        Whether the rule says that they have drifted apart.
    """

    highest: str
    lowest: str
    difference: float
    standard_error: float
    is_alarm: bool


def drift(arms: Sequence[ArmResponse]) -> Drift | None:
    """Compare the response of the arms at one wave by the rule.

    Ties for the highest or lowest go to the arm that comes first.

    Parameters
    ----------
    arms : sequence of ArmResponse
        One an arm.

    Returns
    -------
    Drift or None
        None where there is nothing to compare: fewer than two arms, or an arm with fewer than 20
        people invited or fewer than two schools.
    """
    if len(arms) < 2 or any(each.invited < FEWEST_PEOPLE or each.schools < 2 for each in arms):
        return None
    highest, lowest = max(arms, key=lambda a: a.share), min(arms, key=lambda a: a.share)
    difference = highest.share - lowest.share
    standard_error = math.sqrt(highest.variance + lowest.variance)
    limit = NormalDist().inv_cdf(1 - LEVEL / 2 / math.comb(len(arms), 2))
    return Drift(
        highest=highest.arm,
        lowest=lowest.arm,
        difference=difference,
        standard_error=standard_error,
        is_alarm=difference >= SMALLEST_DIFFERENCE and difference > limit * standard_error,
    )
