"""What holds of every allocation, whatever the schools, the arms and the seed."""

from __future__ import annotations

from collections import Counter, defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from survey_app.trial.allocation import allocate, differences_from_the_draw
from survey_app.trial.allocation_records import Allocation, ArmShare, SchoolForAllocation
from survey_app.trial.blocks import PermutedBlocks

SEEDS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=20)
RATIOS = st.lists(st.integers(1, 3), min_size=2, max_size=4)
ROSTERS = st.dictionaries(
    st.integers(100_000, 999_999).map(str),
    st.sampled_from(["Bolton", "Bury", "Salford", "St Helens", "Zürich"]),
    min_size=1,
    max_size=60,
).map(lambda strata: [SchoolForAllocation(urn, stratum) for urn, stratum in strata.items()])


def arms_of(ratios: list[int]) -> tuple[ArmShare, ...]:
    return tuple(ArmShare(f"arm_{place}", ratio) for place, ratio in enumerate(ratios))


def counts_by_stratum(drawn: Allocation) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in drawn.rows:
        counts[row.stratum][row.arm] += 1
    return counts


@settings(deadline=None, max_examples=100)
@given(roster=ROSTERS, ratios=RATIOS, multiple=st.integers(1, 3), seed=SEEDS, data=st.data())
def test_the_order_of_the_schools_makes_no_difference(
    roster: list[SchoolForAllocation],
    ratios: list[int],
    multiple: int,
    seed: str,
    data: st.DataObject,
) -> None:
    arms, size = arms_of(ratios), multiple * sum(ratios)
    shuffled = data.draw(st.permutations(roster))
    drawn = allocate(roster, arms=arms, method=PermutedBlocks(size), seed=seed)
    again = allocate(shuffled, arms=arms, method=PermutedBlocks(size), seed=seed)
    assert drawn == again
    assert drawn.sha256 == again.sha256


@settings(deadline=None, max_examples=100)
@given(roster=ROSTERS, ratios=RATIOS, multiple=st.integers(1, 3), seed=SEEDS)
def test_each_school_is_allocated_once_in_its_own_stratum(
    roster: list[SchoolForAllocation], ratios: list[int], multiple: int, seed: str
) -> None:
    arms, size = arms_of(ratios), multiple * sum(ratios)
    drawn = allocate(roster, arms=arms, method=PermutedBlocks(size), seed=seed)
    assert Counter((row.urn, row.stratum) for row in drawn.rows) == Counter(
        (school.urn, school.stratum) for school in roster
    )
    assert differences_from_the_draw(drawn, roster) == ()


@settings(deadline=None, max_examples=100)
@given(roster=ROSTERS, ratios=RATIOS, multiple=st.integers(1, 3), seed=SEEDS)
def test_no_arm_has_more_than_its_share_of_a_balanced_stratum(
    roster: list[SchoolForAllocation], ratios: list[int], multiple: int, seed: str
) -> None:
    arms, total = arms_of(ratios), sum(ratios)
    drawn = allocate(roster, arms=arms, method=PermutedBlocks(multiple * total), seed=seed)
    for counts in counts_by_stratum(drawn).values():
        n_schools = counts.total()
        rounds = -(-n_schools // total)
        spare = rounds * total - n_schools
        for arm in arms:
            assert arm.ratio * rounds - spare <= counts[arm.id] <= arm.ratio * rounds


@settings(deadline=None, max_examples=100)
@given(roster=ROSTERS, n_arms=st.integers(2, 4), multiple=st.integers(1, 3), seed=SEEDS)
def test_arms_at_equal_ratios_differ_by_less_than_a_round_in_each_stratum(
    roster: list[SchoolForAllocation], n_arms: int, multiple: int, seed: str
) -> None:
    arms = arms_of([1] * n_arms)
    drawn = allocate(roster, arms=arms, method=PermutedBlocks(multiple * n_arms), seed=seed)
    for counts in counts_by_stratum(drawn).values():
        sizes = [counts[arm.id] for arm in arms]
        assert max(sizes) - min(sizes) <= (1 if n_arms == 2 else multiple)


@settings(deadline=None, max_examples=50)
@given(roster=ROSTERS, ratios=RATIOS, seed=SEEDS)
def test_the_mask_names_every_arm_once(
    roster: list[SchoolForAllocation], ratios: list[int], seed: str
) -> None:
    arms = arms_of(ratios)
    drawn = allocate(roster, arms=arms, method=PermutedBlocks(sum(ratios)), seed=seed)
    assert sorted(drawn.mask) == list("ABCD")[: len(arms)]
    assert sorted(drawn.mask.values()) == sorted(arm.id for arm in arms)


def test_every_school_is_as_likely_to_be_in_an_arm_as_its_ratio_says() -> None:
    roster = [SchoolForAllocation(str(100_000 + n), "Bolton") for n in range(11)]
    arms = (ArmShare("supervision", 2), ArmShare("usual_support", 1))
    n_seeds = 3000
    supervised: Counter[str] = Counter()
    for n in range(n_seeds):
        drawn = allocate(roster, arms=arms, method=PermutedBlocks(6), seed=f"seed {n}")
        supervised.update(row.urn for row in drawn.rows if row.arm == "supervision")
    expected = n_seeds * 2 / 3
    spread = n_seeds * (2 / 3) * (1 / 3)
    statistic = sum((supervised[s.urn] - expected) ** 2 / spread for s in roster)
    assert stats.chi2.sf(statistic, df=len(roster)) > 0.001


def test_every_order_of_a_block_is_as_likely_as_another() -> None:
    roster = [SchoolForAllocation(str(100_000 + n), "Bolton") for n in range(4)]
    arms, method = arms_of([1, 1]), PermutedBlocks(4)
    seen = Counter(
        tuple(row.arm for row in allocate(roster, arms=arms, method=method, seed=f"s {n}").rows)
        for n in range(3000)
    )
    assert len(seen) == 6
    assert stats.chisquare(list(seen.values())).pvalue > 0.001
