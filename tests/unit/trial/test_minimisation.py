"""Minimisation by Pocock and Simon, held to sums done by hand and to what chance allows."""

from __future__ import annotations

import hashlib
from collections import Counter
from fractions import Fraction

import pytest

from survey_app.trial.allocation import allocate, allocate_late, differences_from_the_draw
from survey_app.trial.allocation_records import ArmShare, SchoolForAllocation
from survey_app.trial.errors import AllocationError
from survey_app.trial.minimisation import Minimisation, imbalances_of, weights_of

ARMS = (ArmShare("supervision"), ArmShare("usual_support"))
SEED = "a seed written down in advance"
OVER_TWO = Minimisation(("authority", "phase"), "0.8")
AUTHORITIES = ("Bolton", "Bury", "Salford")
PHASES = ("primary", "secondary")


def schools(n: int, first: int = 100_000) -> list[SchoolForAllocation]:
    return [
        SchoolForAllocation(str(first + k), f"{AUTHORITIES[k % 3]}|{PHASES[k * k % 5 % 2]}")
        for k in range(n)
    ]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_imbalance_is_the_sum_of_the_ranges_at_the_school_s_own_levels() -> None:
    # By hand. So far, at the school's authority 5 and 3, at its phase 4 and 6. In the first arm
    # it would leave |6 - 3| + |5 - 6| = 4, in the second |5 - 4| + |4 - 7| = 4: a tie. With 5 and
    # 2 at the authority, 4 + 1 = 5 and 2 + 3 = 5; with 5 and 5 at the phase, 3 + 1 and 1 + 1.
    def imbalances(authority: tuple[int, int], phase: tuple[int, int]) -> list[int]:
        counts = [Counter(dict(zip("ab", each, strict=True))) for each in (authority, phase)]
        return imbalances_of(counts, "ab")

    assert imbalances((5, 3), (4, 6)) == [4, 4]
    assert imbalances((5, 2), (4, 6)) == [5, 5]
    assert imbalances((5, 3), (5, 5)) == [4, 2]


def test_with_three_arms_the_range_is_from_the_largest_to_the_smallest() -> None:
    # By hand: 2, 1 and 1 at one factor, 0, 3 and 1 at the other.
    counts = [Counter(a=2, b=1, c=1), Counter(a=0, b=3, c=1)]
    assert imbalances_of(counts, "abc") == [2 + 2, 1 + 4, 1 + 3]


def test_the_least_imbalance_weighs_the_probability_and_the_others_share_the_rest() -> None:
    p = Fraction("0.8")
    assert weights_of([4, 2], p) == [Fraction("0.2"), p]
    assert weights_of([4, 2, 9], p) == [Fraction("0.1"), p, Fraction("0.1")]
    assert weights_of([3, 3], p) == [p, p]


def by_hand(roster: list[SchoolForAllocation], seed: str, probability: float) -> dict[str, str]:
    """The rule of two arms at 1:1, written a second time in floating point."""
    ordered = sorted(roster, key=lambda each: digest(f"{seed}|order|{each.urn}"))
    given: dict[str, str] = {}
    levels = {each.urn: each.stratum.split("|") for each in roster}
    for number, school in enumerate(ordered, start=1):
        sums = []
        for arm in ("supervision", "usual_support"):
            total = 0
            for place in (0, 1):
                alike = [u for u in given if levels[u][place] == levels[school.urn][place]]
                n = sum(given[u] == "supervision" for u in alike) + (arm == "supervision")
                total += abs(n - (len(alike) + 1 - n))
            sums.append(total)
        share = int(digest(f"{seed}|minimise|{number}|{school.urn}"), 16) / 2**256
        to_first = (
            0.5 if sums[0] == sums[1] else probability if sums[0] < sums[1] else 1 - probability
        )
        given[school.urn] = "supervision" if share < to_first else "usual_support"
    return given


@pytest.mark.parametrize("probability", ["0.8", "1", "0.65"])
def test_gives_what_the_rule_gives_by_hand(probability: str) -> None:
    method = Minimisation(("authority", "phase"), probability)
    drawn = allocate(schools(60), arms=ARMS, method=method, seed=SEED)
    assert drawn.arm_of() == by_hand(schools(60), SEED, float(probability))


def test_the_order_of_the_list_makes_no_difference_and_anybody_can_repeat_it() -> None:
    drawn = allocate(schools(40), arms=ARMS, method=OVER_TWO, seed=SEED)
    again = allocate(schools(40)[::-1], arms=ARMS, method=OVER_TWO, seed=SEED)
    assert drawn == again
    assert differences_from_the_draw(drawn) == ()
    assert (
        "rule|minimisation by range with a biased coin by SHA-256, version 1" in drawn.sealed_text
    )
    assert "probability|0.8" in drawn.sealed_text


def test_balances_every_factor_far_better_than_chance() -> None:
    worst_minimised, worst_by_chance = [], []
    half = Minimisation(("authority", "phase"), "0.5001")
    for n in range(30):
        for method, worst in ((OVER_TWO, worst_minimised), (half, worst_by_chance)):
            drawn = allocate(schools(60), arms=ARMS, method=method, seed=f"seed {n}")
            counts = Counter((level, row.arm) for row in drawn.rows for level in row.levels)
            worst.append(
                max(
                    abs(counts[level, "supervision"] - counts[level, "usual_support"])
                    for level in (*AUTHORITIES, *PHASES)
                )
            )
    assert sum(worst_minimised) / 30 < 4 < 6 < sum(worst_by_chance) / 30


def test_keeps_to_unequal_ratios_of_three_arms() -> None:
    arms = (ArmShare("one", 2), ArmShare("two"), ArmShare("three"))
    counts: Counter[str] = Counter()
    for n in range(60):
        drawn = allocate(schools(40), arms=arms, method=OVER_TWO, seed=f"seed {n}")
        counts.update(row.arm for row in drawn.rows)
    assert counts["one"] == pytest.approx(1200, abs=40)
    assert counts["two"] == pytest.approx(600, abs=40)


def test_every_school_may_come_to_either_arm() -> None:
    one = schools(12)[5].urn
    arms = Counter(
        allocate(schools(12), arms=ARMS, method=OVER_TWO, seed=f"seed {n}").arm_of()[one]
        for n in range(200)
    )
    assert 70 < arms["supervision"] < 130


def test_late_schools_go_on_where_the_sequence_stopped() -> None:
    arms = (ArmShare("one", 2), ArmShare("two"))
    whole = allocate(schools(21), arms=arms, method=OVER_TWO, seed=SEED)
    in_order = sorted(whole.rows, key=lambda row: row.position)
    early = [SchoolForAllocation(row.urn, row.stratum) for row in in_order[:15]]
    late = [SchoolForAllocation(row.urn, row.stratum) for row in in_order[15:]]
    first = allocate(early, arms=arms, method=OVER_TWO, seed=SEED)
    act = allocate_late(late, first=first, acts=(), method=OVER_TWO, facts=())
    assert {row.urn: row.arm for row in act.rows} | first.arm_of() == whole.arm_of()
    assert sorted(row.position for row in act.rows) == list(range(16, 22))


@pytest.mark.parametrize(
    ("method", "words"),
    [
        (Minimisation((), "0.8"), "no factors"),
        (Minimisation(("authority", "phase"), "0.5"), "more than 1/2"),
        (Minimisation(("authority", "phase"), "1.1"), "at most 1"),
        (Minimisation(("authority", "phase"), "often"), "expected a number"),
    ],
)
def test_refuses_a_method_that_is_none(method: Minimisation, words: str) -> None:
    with pytest.raises(AllocationError) as refused:
        allocate(schools(4), arms=ARMS, method=method, seed=SEED)
    assert words in refused.value.reasons[0]


def test_refuses_a_school_without_a_level_of_every_factor() -> None:
    with pytest.raises(AllocationError, match="the stratum 'Bolton'"):
        allocate([SchoolForAllocation("100000", "Bolton")], arms=ARMS, method=OVER_TWO, seed=SEED)
