"""Randomises schools to arms within strata by permuted blocks, repeatably, from a recorded seed.

The rule, version 1. Every draw is the SHA-256 of a line of text in UTF-8, without a newline at its
end, written as 64 hexadecimal digits and compared as text. Anyone can repeat a draw with::

    printf '%s' '2019-bolton|order|Bolton|105160' | sha256sum

1. **Order.** In each stratum the schools are put in ascending order of
   ``SHA-256(seed|order|stratum|urn)``.
2. **Blocks.** The ordered schools are cut into blocks of the block size, numbered from 1. What is
   left at the end of a stratum forms one last, shorter block.
3. **Block contents.** A full block holds each arm in proportion to its ratio. For a last block of
   ``r`` schools, the contents are those of the smallest multiple of the sum of the ratios that is
   not under ``r``; its first ``r`` slots are used. With two arms at 1:1 the arms of a stratum
   therefore differ by at most one school.
4. **Slots.** The slots of a block, numbered from 1, are put in ascending order of
   ``SHA-256(seed|slot|stratum|block|slot)``. The arms are dealt to them in that order: first every
   copy of the first arm of the study, then every copy of the second, and so on. The school at
   position ``p`` of the block takes the arm that was dealt to slot ``p``.
5. **Mask.** The arms are put in ascending order of ``SHA-256(seed|mask|arm)``, and shown as A, B, …
   in that order until they are unmasked.

Nothing balances the totals of the arms across strata beyond this: a short last block in each
stratum is left to chance, as in any randomisation by stratum.

``roster_sha256`` is the SHA-256 of one line ``stratum|urn`` for each school, each ended by a
newline, in ascending order of stratum and then URN. ``sha256`` seals the whole record: it is the
SHA-256 of :attr:`Allocation.sealed_text`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from survey_app.trial.errors import AllocationError

RULE = "permuted blocks within strata by SHA-256, version 1"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SEPARATOR = "|"


@dataclass(frozen=True, slots=True)
class SchoolForAllocation:
    """A cluster before it is allocated."""

    urn: str
    stratum: str


@dataclass(frozen=True, slots=True)
class ArmShare:
    """An arm and its part of every block: ratios 1 and 1 give halves, 2 and 1 two thirds."""

    id: str
    ratio: int = 1


@dataclass(frozen=True, slots=True)
class AllocatedSchool:
    """A cluster's arm, with the block (from 1) and the position in it (from 1) that gave it."""

    urn: str
    stratum: str
    block: int
    position: int
    arm: str


@dataclass(frozen=True, slots=True)
class Allocation:
    """A sealed randomisation: rows by stratum, block and position, and the letter of each arm."""

    rows: tuple[AllocatedSchool, ...]
    mask: Mapping[str, str]
    seed: str
    block_size: int
    arms: tuple[ArmShare, ...]
    roster_sha256: str

    @property
    def sealed_text(self) -> str:
        """The record line by line, as it is hashed: what a third party compares with its own."""
        lines = [
            f"rule|{RULE}",
            f"seed|{self.seed}",
            f"block size|{self.block_size}",
            *(f"arm|{arm.id}|{arm.ratio}" for arm in self.arms),
            f"roster|{self.roster_sha256}",
            *(f"mask|{letter}|{arm}" for letter, arm in sorted(self.mask.items())),
            *(f"school|{r.stratum}|{r.block}|{r.position}|{r.urn}|{r.arm}" for r in self.rows),
        ]
        return "".join(f"{line}\n" for line in lines)

    @property
    def sha256(self) -> str:
        """The seal of the whole record."""
        return _sha256(self.sealed_text)

    def arm_of(self) -> dict[str, str]:
        """The arm of each school by URN."""
        return {row.urn: row.arm for row in self.rows}


def allocate(
    schools: Iterable[SchoolForAllocation],
    *,
    arms: Sequence[ArmShare],
    block_size: int,
    seed: str,
) -> Allocation:
    """The allocation of these schools, the same whatever order they come in.

    Raises AllocationError with every reason at once where the seed, the arms, the block size or the
    schools cannot be used.
    """
    roster = tuple(sorted(schools, key=lambda school: (school.stratum, school.urn)))
    reasons = [
        *_faults_of_seed(seed),
        *_faults_of_arms(arms, block_size),
        *_faults_of_schools(roster),
    ]
    if reasons:
        raise AllocationError(reasons)
    strata: dict[str, list[str]] = {}
    for school in roster:
        strata.setdefault(school.stratum, []).append(school.urn)
    rows = [
        row
        for stratum, urns in strata.items()
        for row in _allocate_stratum(stratum, urns, arms=arms, block_size=block_size, seed=seed)
    ]
    return Allocation(
        rows=tuple(rows),
        mask=_draw_mask(arms, seed),
        seed=seed,
        block_size=block_size,
        arms=tuple(arms),
        roster_sha256=roster_sha256(roster),
    )


def roster_sha256(schools: Iterable[SchoolForAllocation]) -> str:
    """The seal of the schools that were randomised, in the order that the rule above gives."""
    ordered = sorted((school.stratum, school.urn) for school in schools)
    return _sha256("".join(f"{stratum}{SEPARATOR}{urn}\n" for stratum, urn in ordered))


def verify(
    rows: Iterable[AllocatedSchool],
    schools: Iterable[SchoolForAllocation],
    *,
    arms: Sequence[ArmShare],
    block_size: int,
    seed: str,
    mask: Mapping[str, str] | None = None,
    sha256: str | None = None,
) -> tuple[str, ...]:
    """Repeats the draw and says in words where the recorded rows differ from it; () where nowhere.

    The recorded mask and the recorded seal are compared too where they are given.
    """
    recorded = tuple(rows)
    repeated = allocate(schools, arms=arms, block_size=block_size, seed=seed)
    differences = [*_differences_of_schools(recorded, repeated.rows)]
    if mask is not None:
        differences += _differences_of_masks(mask, repeated.mask)
    if sha256 is not None and sha256 != repeated.sha256:
        differences.append(
            f"The recorded seal is {sha256}; repeating the draw gives {repeated.sha256}."
        )
    return tuple(differences)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _draw(*parts: str | int) -> str:
    return _sha256(SEPARATOR.join(str(part) for part in parts))


def _allocate_stratum(
    stratum: str, urns: Sequence[str], *, arms: Sequence[ArmShare], block_size: int, seed: str
) -> Iterator[AllocatedSchool]:
    ordered = sorted(urns, key=lambda urn: (_draw(seed, "order", stratum, urn), urn))
    for block, start in enumerate(range(0, len(ordered), block_size), start=1):
        members = ordered[start : start + block_size]
        dealt = _deal(stratum, block, len(members), arms=arms, seed=seed)
        for position, (urn, arm) in enumerate(zip(members, dealt, strict=False), start=1):
            yield AllocatedSchool(urn, stratum, block, position, arm)


def _deal(
    stratum: str, block: int, n_schools: int, *, arms: Sequence[ArmShare], seed: str
) -> tuple[str, ...]:
    """The arm of each slot, for the smallest balanced block that has room for these schools."""
    multiple = -(-n_schools // sum(arm.ratio for arm in arms))
    contents = [arm.id for arm in arms for _ in range(arm.ratio * multiple)]
    slots = range(1, len(contents) + 1)
    shuffled = sorted(slots, key=lambda slot: (_draw(seed, "slot", stratum, block, slot), slot))
    arm_of_slot = dict(zip(shuffled, contents, strict=True))
    return tuple(arm_of_slot[slot] for slot in slots)


def _draw_mask(arms: Sequence[ArmShare], seed: str) -> Mapping[str, str]:
    ordered = sorted((arm.id for arm in arms), key=lambda arm: (_draw(seed, "mask", arm), arm))
    return MappingProxyType(dict(zip(LETTERS, ordered, strict=False)))


def _faults_of_seed(seed: str) -> Iterator[str]:
    if not seed.strip():
        yield "The seed is empty: expected some text that was written down before the draw."
    elif seed != seed.strip() or SEPARATOR in seed or not seed.isprintable():
        yield (
            f"The seed is {seed!r}: expected printable text on one line without {SEPARATOR!r} and "
            "without a space at either end, so that it can be copied exactly."
        )


def _faults_of_arms(arms: Sequence[ArmShare], block_size: int) -> Iterator[str]:
    if not 2 <= len(arms) <= len(LETTERS):
        yield f"{len(arms)} arm(s) given: expected 2 to {len(LETTERS)}."
        return
    for arm, times in Counter(arm.id for arm in arms).items():
        if times > 1:
            yield f"Arm {arm!r} is given {times} times: expected once."
    for arm_share in arms:
        if arm_share.ratio < 1:
            yield f"Arm {arm_share.id!r} has the ratio {arm_share.ratio}: expected 1 or more."
        if not arm_share.id or SEPARATOR in arm_share.id:
            yield f"An arm is called {arm_share.id!r}: expected a name without {SEPARATOR!r}."
    total = sum(arm.ratio for arm in arms)
    if all(arm.ratio >= 1 for arm in arms) and (block_size < total or block_size % total):
        yield f"The block size is {block_size}: expected a multiple of {total}, the sum of ratios."


def _faults_of_schools(schools: Sequence[SchoolForAllocation]) -> Iterator[str]:
    if not schools:
        yield "There are no schools to allocate."
    for urn, times in Counter(school.urn for school in schools).items():
        if times > 1:
            yield f"School {urn} is on the list {times} times: expected once."
    for school in schools:
        for kind, name in (("URN", school.urn), ("stratum", school.stratum)):
            if not name or SEPARATOR in name or not name.isprintable():
                yield (
                    f"School {school.urn!r} has the {kind} {name!r}: expected printable text "
                    f"without {SEPARATOR!r}."
                )


def _differences_of_schools(
    recorded: Sequence[AllocatedSchool], repeated: Sequence[AllocatedSchool]
) -> Iterator[str]:
    times = Counter(row.urn for row in recorded)
    yield from (
        f"School {urn} is recorded {n} times; expected once." for urn, n in times.items() if n > 1
    )
    by_urn = {row.urn: row for row in recorded}
    expected = {row.urn: row for row in repeated}
    for urn in sorted(by_urn.keys() - expected.keys()):
        yield f"School {urn} is recorded in {by_urn[urn].arm!r} but is not among those randomised."
    for urn in sorted(expected.keys() - by_urn.keys()):
        yield f"School {urn} was randomised to {expected[urn].arm!r} but is not recorded."
    for urn in sorted(expected.keys() & by_urn.keys()):
        for field in ("arm", "stratum", "block", "position"):
            found, drawn = getattr(by_urn[urn], field), getattr(expected[urn], field)
            if found != drawn:
                yield (
                    f"School {urn} is recorded with the {field} {found!r}; "
                    f"repeating the draw gives {drawn!r}."
                )


def _differences_of_masks(
    recorded: Mapping[str, str], repeated: Mapping[str, str]
) -> Iterator[str]:
    for letter in sorted(recorded.keys() | repeated.keys()):
        found, drawn = recorded.get(letter), repeated.get(letter)
        if found != drawn:
            yield (
                f"Letter {letter} is recorded as {found or 'no arm'!r}; "
                f"repeating the draw gives {drawn or 'no arm'!r}."
            )
