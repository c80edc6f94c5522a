"""Minimisation with a biased coin, after Pocock and Simon (1975), repeatable from the seed.

The rule, version 1. Numbers are exact fractions.

1. **Order.** The schools are put in ascending order of ``SHA-256(seed|order|urn)`` and take their
   arms one by one, numbered from 1.
2. **Copies.** An arm of ratio ``r`` stands as ``r`` copies, in the order of the arms; there are
   ``K`` in all. Copies are minimised as equals, so that the chance of each arm keeps to the ratios
   at every step (Kuznetsova and Tymofyeyev 2012). At equal ratios each arm is one copy.
3. **Imbalance.** For each copy: were the school to take it, the schools so far at the school's own
   level of each factor are counted by copy, and the largest count less the smallest is the
   imbalance at that factor. Their sum over the factors is the imbalance of the copy.
4. **Weights.** The copies of the least imbalance weigh ``p``, the recorded probability; the others
   weigh ``(1 - p) / (K - 1)``. Where all are alike, all weigh the same.
5. **Coin.** ``u`` is ``SHA-256(seed|minimise|number|urn)`` as a number, divided by ``2**256``. The
   school takes the first copy at which the sum of the weights so far is over ``u`` times the sum
   of all weights.

A school that comes later takes the next number, with all before it counted.

Pocock SJ, Simon R (1975). Sequential treatment assignment with balancing for prognostic factors in
the controlled clinical trial. *Biometrics* 31(1), 103-115. Kuznetsova OM, Tymofyeyev Y (2012).
Preserving the allocation ratio at every allocation with biased coin randomization and minimization
in studies with unequal allocation. *Statistics in Medicine* 31(8), 701-723.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import TypeVar

from survey_app.trial.allocation_records import AllocatedSchool, ArmShare, SchoolForAllocation
from survey_app.trial.draws import draw, share_drawn

RULE = "minimisation by range with a biased coin by SHA-256, version 1"

Choice = TypeVar("Choice")


@dataclass(frozen=True, slots=True)
class _Copy:
    """One of the equal parts that an arm's ratio stands for."""

    arm: str
    number: int


@dataclass(frozen=True, slots=True)
class Minimisation:
    """Balance over these factors; the arm that mends most is taken with this probability."""

    factors: tuple[str, ...]
    probability: str
    """As it was written down, such as 0.8."""

    @property
    def rule(self) -> str:
        return RULE

    @property
    def can_be_repeated(self) -> bool:
        return True

    def lines(self) -> list[str]:
        return ["|".join(("factors", *self.factors)), f"probability|{self.probability}"]

    def faults(self, arms: Sequence[ArmShare]) -> Iterator[str]:
        if not self.factors:
            yield "There are no factors to balance over: expected at least one."
        try:
            probability = Fraction(self.probability)
        except (ValueError, ZeroDivisionError):
            yield f"The probability is {self.probability!r}: expected a number such as 0.8."
            return
        n_copies = sum(max(arm.ratio, 0) for arm in arms)
        if n_copies and not Fraction(1, n_copies) < probability <= 1:
            yield (
                f"The probability is {self.probability}: expected more than 1/{n_copies}, which "
                "is chance alone, and at most 1."
            )

    def draw(
        self, roster: Sequence[SchoolForAllocation], *, arms: Sequence[ArmShare], seed: str
    ) -> Iterator[AllocatedSchool]:
        yield from self.draw_late((), roster, arms=arms, seed=seed, act=0)

    def draw_late(
        self,
        rows: Sequence[AllocatedSchool],
        late: Sequence[SchoolForAllocation],
        *,
        arms: Sequence[ArmShare],
        seed: str,
        act: int,
    ) -> Iterator[AllocatedSchool]:
        so_far = _SoFar(self, arms, seed)
        for row in sorted(rows, key=lambda each: each.position):
            # A row has the arm alone: which of its copies was taken is drawn again.
            so_far.take(SchoolForAllocation(row.urn, row.stratum))
        for school in sorted(late, key=lambda each: (draw(seed, "order", each.urn), each.urn)):
            arm = so_far.take(school)
            yield AllocatedSchool(school.urn, school.stratum, 1, so_far.number, arm, act)


class _SoFar:
    """The schools that have taken a copy, counted by level of each factor."""

    def __init__(self, method: Minimisation, arms: Sequence[ArmShare], seed: str) -> None:
        self._probability = Fraction(method.probability)
        self._copies = [_Copy(arm.id, n) for arm in arms for n in range(arm.ratio)]
        self._seed = seed
        self._counts: dict[tuple[int, str], Counter[_Copy]] = {}
        self.number = 0

    def take(self, school: SchoolForAllocation) -> str:
        """Give the next school its arm, and count it."""
        self.number += 1
        counts = [
            self._counts.setdefault((place, level), Counter())
            for place, level in enumerate(school.levels)
        ]
        copy = self._choose(school, imbalances_of(counts, self._copies))
        for count in counts:
            count[copy] += 1
        return copy.arm

    def _choose(self, school: SchoolForAllocation, imbalances: Sequence[int]) -> _Copy:
        weights = weights_of(imbalances, self._probability)
        share = share_drawn(self._seed, "minimise", self.number, school.urn)
        reached = list(accumulate(weights))
        return next(
            copy
            for copy, so_much in zip(self._copies, reached, strict=True)
            if so_much > share * reached[-1]
        )


def imbalances_of(counts: Sequence[Counter[Choice]], choices: Sequence[Choice]) -> list[int]:
    """The imbalance that each choice would leave, from the counts at the school's own levels."""
    return [
        sum(
            max(after) - min(after)
            for after in ([count[each] + (each == choice) for each in choices] for count in counts)
        )
        for choice in choices
    ]


def weights_of(imbalances: Sequence[int], probability: Fraction) -> list[Fraction]:
    """The weight of each choice, from its imbalance."""
    least = min(imbalances)
    others = (1 - probability) / max(len(imbalances) - 1, 1)
    return [probability if each == least else others for each in imbalances]
