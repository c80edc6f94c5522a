"""The rule of the randomisation, repeated here by other means than its own code."""

from __future__ import annotations

import dataclasses
import hashlib
import subprocess
from collections import Counter

import pytest

from survey_app.trial.allocation import (
    AllocatedSchool,
    Allocation,
    ArmShare,
    SchoolForAllocation,
    allocate,
    roster_sha256,
    verify,
)
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
    return allocate(schools(n), arms=ARMS, block_size=4, seed=seed)


def reasons_of(
    roster: list[SchoolForAllocation],
    *,
    arms: tuple[ArmShare, ...] = ARMS,
    block_size: int = 4,
    seed: str = SEED,
) -> tuple[str, ...]:
    with pytest.raises(AllocationError) as refused:
        allocate(roster, arms=arms, block_size=block_size, seed=seed)
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
        [SchoolForAllocation(urn, "Bury") for urn in roster], arms=ARMS, block_size=4, seed="seed-1"
    )
    assert list(drawn.rows) == by_hand
    letters = sorted(("supervision", "usual_support"), key=lambda arm: digest(f"seed-1|mask|{arm}"))
    assert dict(drawn.mask) == {"A": letters[0], "B": letters[1]}


def test_has_not_changed_since_version_1_of_the_rule() -> None:
    drawn = allocate(schools(5, "Bury"), arms=ARMS, block_size=4, seed="seed-1")
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
    drawn = allocate(schools(5, "Bury"), arms=ARMS, block_size=4, seed="seed-1")
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
        dataclasses.replace(drawn, block_size=6),
        dataclasses.replace(drawn, roster_sha256="0" * 64),
    ]
    assert len({each.sha256 for each in (drawn, *others)}) == 6


def test_gives_halves_of_the_bolton_schools() -> None:
    assert Counter(row.arm for row in draw(94).rows) == {"supervision": 47, "usual_support": 47}


def test_every_full_block_holds_each_arm_by_its_ratio() -> None:
    arms = (ArmShare("one", 2), ArmShare("two", 1), ArmShare("three", 1))
    drawn = allocate(schools(40), arms=arms, block_size=8, seed=SEED)
    for block in range(1, 6):
        counts = Counter(row.arm for row in drawn.rows if row.block == block)
        assert counts == {"one": 4, "two": 2, "three": 2}


def test_another_seed_gives_another_allocation() -> None:
    assert draw().arm_of() != draw(seed="another seed").arm_of()


def test_strata_are_drawn_apart() -> None:
    alone = allocate(schools(10, "Bury"), arms=ARMS, block_size=4, seed=SEED).arm_of()
    both = [*schools(10, "Bury"), *schools(11, "Bolton", first=200_000)]
    together = allocate(both, arms=ARMS, block_size=4, seed=SEED).arm_of()
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
    given: dict[str, object] = {
        "rows": drawn.rows, "mask": drawn.mask, "sha256": drawn.sha256, "seed": SEED,
    } | changes  # fmt: skip
    rows = given.pop("rows")
    return verify(rows, roster, arms=ARMS, block_size=4, **given)  # type: ignore[arg-type] # as above


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


def test_says_that_the_seal_is_another() -> None:
    (difference,) = verified(draw(13), schools(13), sha256="0" * 64)
    assert "seal" in difference


def test_says_so_when_another_seed_is_claimed() -> None:
    assert len(verified(draw(13), schools(13), seed="another")) > 3
