"""The rule of the randomisation, repeated here by other means than its own code."""

from __future__ import annotations

import dataclasses
import hashlib
import subprocess
from collections import Counter

import pytest

from survey_app.trial.allocation import (
    allocate,
    allocate_late,
    differences_from_the_draw,
    roster_sha256,
)
from survey_app.trial.allocation_records import (
    AllocatedSchool,
    Allocation,
    ArmShare,
    LateAct,
    SchoolForAllocation,
)
from survey_app.trial.blocks import PermutedBlocks
from survey_app.trial.errors import AllocationError

ARMS = (ArmShare("supervision"), ArmShare("usual_support"))
SEED = "a seed written down in advance"

PINNED_ROWS = [
    ("100003", "supervision"),
    ("100000", "usual_support"),
    ("100002", "supervision"),
    ("100004", "usual_support"),
    ("100001", "usual_support"),
]
PINNED_ROSTER = "6e3f47dc0660bed4a0fcc24ace014b2145e64b03ba8ce9ba1f584a18d6e5b01d"
PINNED_SEAL = "e95a464106f2e7c870a7c151224190ce79e980f928130b27b030d4c8397c7bea"


def schools(n: int, stratum: str = "Bolton", first: int = 100_000) -> list[SchoolForAllocation]:
    return [SchoolForAllocation(str(first + k), stratum) for k in range(n)]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def draw(n: int = 94, seed: str = SEED) -> Allocation:
    return allocate(schools(n), arms=ARMS, method=PermutedBlocks(4), seed=seed)


def reasons_of(
    roster: list[SchoolForAllocation],
    *,
    arms: tuple[ArmShare, ...] = ARMS,
    block_size: int = 4,
    seed: str = SEED,
) -> tuple[str, ...]:
    with pytest.raises(AllocationError) as refused:
        allocate(roster, arms=arms, method=PermutedBlocks(block_size), seed=seed)
    return refused.value.reasons


def test_gives_what_the_rule_gives_by_hand() -> None:
    # The five steps of the rule, written a second time without any code of the engine.
    roster = ["100001", "100002", "100003", "100004", "100005", "100006"]
    ordered = sorted(roster, key=lambda urn: digest(f"seed-1|order|Bury|{urn}"))
    by_hand = []
    for block, members in ((1, ordered[:4]), (2, ordered[4:])):
        slots = sorted(
            range(1, len(members) + 1), key=lambda slot: digest(f"seed-1|slot|Bury|{block}|{slot}")
        )
        supervised = slots[: len(slots) // 2]
        for slot, urn in enumerate(members, start=1):
            arm = "supervision" if slot in supervised else "usual_support"
            by_hand.append(AllocatedSchool(urn, "Bury", block, slot, arm))
    drawn = allocate(
        [SchoolForAllocation(urn, "Bury") for urn in roster],
        arms=ARMS,
        method=PermutedBlocks(4),
        seed="seed-1",
    )
    assert list(drawn.rows) == by_hand
    letters = sorted(("supervision", "usual_support"), key=lambda arm: digest(f"seed-1|mask|{arm}"))
    assert dict(drawn.mask) == {"A": letters[0], "B": letters[1]}


def test_has_not_changed_since_version_1_of_the_rule() -> None:
    drawn = allocate(schools(5, "Bury"), arms=ARMS, method=PermutedBlocks(4), seed="seed-1")
    assert [(row.urn, row.arm) for row in drawn.rows] == PINNED_ROWS
    assert drawn.roster_sha256 == PINNED_ROSTER
    assert drawn.sha256 == PINNED_SEAL


def test_can_be_repeated_with_coreutils_alone() -> None:
    script = """
    for urn in 100000 100001 100002 100003 100004; do
      printf '%s %s\\n' "$(printf '%s' "seed-1|order|Bury|$urn" | sha256sum | cut -c1-64)" "$urn"
    done | LC_ALL=C sort | cut -d' ' -f2
    """
    said = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
    drawn = allocate(schools(5, "Bury"), arms=ARMS, method=PermutedBlocks(4), seed="seed-1")
    assert said.split() == [row.urn for row in drawn.rows]


def test_seals_the_roster_as_lines_of_stratum_and_urn() -> None:
    roster = [*schools(1, "Bury"), *schools(1, "Bolton", first=200_000)]
    assert roster_sha256(roster) == digest("Bolton|200000\nBury|100000\n")


def test_seals_every_part_of_the_record() -> None:
    drawn = draw(6)
    assert drawn.sha256 == digest(drawn.sealed_text)
    swapped = {"A": drawn.mask["B"], "B": drawn.mask["A"]}
    moved = (dataclasses.replace(drawn.rows[0], position=9), *drawn.rows[1:])
    others = [
        dataclasses.replace(drawn, mask=swapped),
        dataclasses.replace(drawn, rows=moved),
        dataclasses.replace(drawn, seed="another"),
        dataclasses.replace(drawn, method=PermutedBlocks(6)),
        dataclasses.replace(drawn, roster_sha256="0" * 64),
    ]
    assert len({each.sha256 for each in (drawn, *others)}) == 6


def test_gives_halves_of_the_bolton_schools() -> None:
    assert Counter(row.arm for row in draw(94).rows) == {"supervision": 47, "usual_support": 47}


def test_every_full_block_holds_each_arm_by_its_ratio() -> None:
    arms = (ArmShare("one", 2), ArmShare("two", 1), ArmShare("three", 1))
    drawn = allocate(schools(40), arms=arms, method=PermutedBlocks(8), seed=SEED)
    for block in range(1, 6):
        counts = Counter(row.arm for row in drawn.rows if row.block == block)
        assert counts == {"one": 4, "two": 2, "three": 2}


def test_another_seed_gives_another_allocation() -> None:
    assert draw().arm_of() != draw(seed="another seed").arm_of()


def test_strata_are_drawn_apart() -> None:
    alone = allocate(schools(10, "Bury"), arms=ARMS, method=PermutedBlocks(4), seed=SEED).arm_of()
    both = [*schools(10, "Bury"), *schools(11, "Bolton", first=200_000)]
    together = allocate(both, arms=ARMS, method=PermutedBlocks(4), seed=SEED).arm_of()
    assert {urn: together[urn] for urn in alone} == alone


def test_the_arm_shown_as_a_depends_on_the_seed() -> None:
    shown_as_a = Counter(draw(4, seed=f"seed {n}").mask["A"] for n in range(400))
    assert 150 < shown_as_a["supervision"] < 250


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seed": ""}, "The seed is empty"),
        ({"seed": " padded"}, "copied exactly"),
        ({"seed": "a|b"}, "copied exactly"),
        ({"seed": "a\nb"}, "copied exactly"),
        ({"arms": ()}, "0 arm(s)"),
        ({"arms": ARMS[:1]}, "1 arm(s)"),
        ({"arms": (ARMS[0], ARMS[0])}, "is given 2 times"),
        ({"arms": (ARMS[0], ArmShare("b", 0))}, "1 or more"),
        ({"arms": (ARMS[0], ArmShare("a|b"))}, "a name without"),
        ({"block_size": 3}, "a multiple of 2"),
        ({"block_size": 0}, "a multiple of 2"),
        ({"block_size": 4, "arms": (ARMS[0], ArmShare("b", 2))}, "a multiple of 3"),
    ],
)
def test_refuses_a_design_that_cannot_be_drawn(changes: dict[str, object], words: str) -> None:
    reasons = reasons_of(schools(4), **changes)  # type: ignore[arg-type] # one change at a time
    assert len(reasons) == 1
    assert words in reasons[0]


def test_refuses_an_empty_roster() -> None:
    assert reasons_of([]) == ("There are no schools to allocate.",)


def test_refuses_a_school_that_is_listed_twice_even_in_two_strata() -> None:
    roster = [SchoolForAllocation("100000", "Bolton"), SchoolForAllocation("100000", "Bury")]
    assert reasons_of(roster) == ("School 100000 is on the list 2 times: expected once.",)


@pytest.mark.parametrize("name", ["", "Bol|ton", "Bolton\n"])
def test_refuses_names_that_would_blur_the_draw(name: str) -> None:
    assert "the stratum" in reasons_of([SchoolForAllocation("100000", name)])[0]
    assert "the URN" in reasons_of([SchoolForAllocation(name, "Bolton")])[0]


def test_lists_every_reason_at_once() -> None:
    reasons = reasons_of([*schools(2), *schools(2)], block_size=3, seed="")
    assert len(reasons) == 4


def verified(
    drawn: Allocation, roster: list[SchoolForAllocation], **changes: object
) -> tuple[str, ...]:
    recorded = dataclasses.replace(drawn, **changes)  # type: ignore[arg-type]  # one at a time
    return differences_from_the_draw(recorded, roster)


def test_verifies_an_allocation_that_was_drawn_so() -> None:
    assert verified(draw(13), schools(13)) == ()


def test_says_which_school_was_moved_to_another_arm() -> None:
    drawn = draw(13)
    first = drawn.rows[0]
    other = next(arm.id for arm in ARMS if arm.id != first.arm)
    moved = (dataclasses.replace(first, arm=other), *drawn.rows[1:])
    assert verified(drawn, schools(13), rows=moved) == (
        f"School {first.urn} is recorded with the arm {other!r}; "
        f"repeating the draw gives {first.arm!r}.",
    )


def test_says_which_school_is_missing_from_the_record() -> None:
    drawn = draw(13)
    (difference,) = verified(drawn, schools(13), rows=drawn.rows[1:])
    assert drawn.rows[0].urn in difference
    assert "not recorded" in difference


def test_says_which_school_was_added_to_the_record() -> None:
    drawn = draw(13)
    added = AllocatedSchool("999999", "Bolton", 5, 1, "supervision")
    (difference,) = verified(drawn, schools(13), rows=(*drawn.rows, added))
    assert difference.startswith("School 999999 is recorded in 'supervision' but is not among")


def test_says_which_school_is_recorded_twice() -> None:
    drawn = draw(13)
    (difference,) = verified(drawn, schools(13), rows=(*drawn.rows, drawn.rows[0]))
    assert "2 times" in difference


def test_says_that_the_letters_were_exchanged() -> None:
    drawn = draw(13)
    swapped = {"A": drawn.mask["B"], "B": drawn.mask["A"]}
    differences = verified(drawn, schools(13), mask=swapped)
    assert [each.split(" is")[0] for each in differences] == ["Letter A", "Letter B"]


def test_says_that_the_seal_of_the_roster_is_another() -> None:
    (difference,) = verified(draw(13), schools(13), roster_sha256="0" * 64)
    assert "seal of the roster" in difference


def test_says_so_when_another_seed_is_claimed() -> None:
    assert len(verified(draw(13), schools(13), seed="another")) > 3


def late_act(
    first: Allocation, late: list[SchoolForAllocation], *acts: LateAct, method: PermutedBlocks
) -> LateAct:
    return allocate_late(late, first=first, acts=acts, method=method, facts=())


def test_late_schools_take_the_slots_of_the_last_block_that_no_school_had() -> None:
    # Five schools of blocks of four leave one in a last block of two: its second slot is next.
    method = PermutedBlocks(4)
    first = allocate(schools(5), arms=ARMS, method=method, seed=SEED)
    act = late_act(first, schools(6, first=200_000), method=method)
    assert [(row.block, row.position) for row in act.rows] == [
        (2, 2), (3, 1), (3, 2), (3, 3), (3, 4), (4, 1),
    ]  # fmt: skip
    second = [row.arm for row in (*first.rows, *act.rows) if row.block == 2]
    assert sorted(second) == ["supervision", "usual_support"]
    third = Counter(row.arm for row in act.rows if row.block == 3)
    assert third == {"supervision": 2, "usual_support": 2}
    by_hand = sorted(
        (f"{200_000 + n}" for n in range(6)), key=lambda urn: digest(f"{SEED}|order|Bolton|{urn}")
    )
    assert [row.urn for row in act.rows] == by_hand


def test_late_schools_one_by_one_get_the_arms_that_a_whole_sequence_has() -> None:
    # Blocks of three copies each way: twelve schools at once, or one and then eleven acts.
    method = PermutedBlocks(6)
    at_once = [row.arm for row in allocate(schools(12), arms=ARMS, method=method, seed=SEED).rows]
    first = allocate(schools(6), arms=ARMS, method=method, seed=SEED)
    acts: list[LateAct] = []
    for n in range(6):
        acts.append(late_act(first, schools(1, first=300_000 + n), *acts, method=method))
    arms = [row.arm for row in first.rows] + [row.arm for act in acts for row in act.rows]
    assert arms == at_once
    assert [act.number for act in acts] == [1, 2, 3, 4, 5, 6]
    assert [act.previous_sha256 for act in acts] == [
        first.sha256, *(act.sha256 for act in acts[:-1]),
    ]  # fmt: skip


def test_the_first_late_school_of_a_new_stratum_begins_its_first_block() -> None:
    method = PermutedBlocks(4)
    first = allocate(schools(4), arms=ARMS, method=method, seed=SEED)
    act = late_act(first, schools(1, "Bury", first=200_000), method=method)
    whole = allocate(schools(4, "Bury", first=400_000), arms=ARMS, method=method, seed=SEED)
    assert [(row.block, row.position, row.arm) for row in act.rows] == [(1, 1, whole.rows[0].arm)]


def test_a_school_with_an_arm_is_no_late_school() -> None:
    method = PermutedBlocks(4)
    first = allocate(schools(4), arms=ARMS, method=method, seed=SEED)
    with pytest.raises(AllocationError, match="School 100000 has its arm already"):
        late_act(first, schools(1), method=method)


def test_strata_of_two_factors_are_balanced_each() -> None:
    method = PermutedBlocks(4, ("authority", "phase"))
    roster = [*schools(8, "Bolton|primary"), *schools(8, "Bolton|secondary", first=200_000)]
    drawn = allocate(roster, arms=ARMS, method=method, seed=SEED)
    counts = Counter((row.stratum, row.arm) for row in drawn.rows)
    assert set(counts.values()) == {4}
    assert "factors|authority|phase" in drawn.sealed_text
