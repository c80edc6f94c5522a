"""Permuted blocks within strata; the rule is written out in `allocation`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from survey_app.trial.allocation_records import AllocatedSchool, ArmShare, SchoolForAllocation
from survey_app.trial.draws import draw

RULE = "permuted blocks within strata by SHA-256, version 1"
AUTHORITY_ALONE = ("authority",)


@dataclass(frozen=True, slots=True)
class PermutedBlocks:
    """Blocks of this size within strata, each made of one level of every factor."""

    block_size: int
    factors: tuple[str, ...] = AUTHORITY_ALONE

    @property
    def rule(self) -> str:
        return RULE

    @property
    def can_be_repeated(self) -> bool:
        return True

    def lines(self) -> list[str]:
        lines = [f"block size|{self.block_size}"]
        if self.factors != AUTHORITY_ALONE:
            lines.append("|".join(("factors", *self.factors)))
        return lines

    def faults(self, arms: Sequence[ArmShare]) -> Iterator[str]:
        total = sum(arm.ratio for arm in arms)
        if all(arm.ratio >= 1 for arm in arms) and (
            self.block_size < total or self.block_size % total
        ):
            yield (
                f"The block size is {self.block_size}: expected a multiple of {total}, the sum of "
                "ratios."
            )

    def draw(
        self, roster: Sequence[SchoolForAllocation], *, arms: Sequence[ArmShare], seed: str
    ) -> Iterator[AllocatedSchool]:
        for stratum, ordered in _by_stratum(roster, seed).items():
            for block, start in enumerate(range(0, len(ordered), self.block_size), start=1):
                members = ordered[start : start + self.block_size]
                dealt = _deal(stratum, block, len(members), arms=arms, seed=seed)
                for position, (urn, arm) in enumerate(zip(members, dealt, strict=False), start=1):
                    yield AllocatedSchool(urn, stratum, block, position, arm)

    def draw_late(
        self,
        rows: Sequence[AllocatedSchool],
        late: Sequence[SchoolForAllocation],
        *,
        arms: Sequence[ArmShare],
        seed: str,
        act: int,
    ) -> Iterator[AllocatedSchool]:
        for stratum, ordered in _by_stratum(late, seed).items():
            places = self._places_left(
                stratum, [row for row in rows if row.stratum == stratum], arms=arms, seed=seed
            )
            for urn, (block, position, arm) in zip(ordered, places, strict=False):
                yield AllocatedSchool(urn, stratum, block, position, arm, act)

    def _places_left(
        self, stratum: str, rows: Sequence[AllocatedSchool], *, arms: Sequence[ArmShare], seed: str
    ) -> Iterator[tuple[int, int, str]]:
        """The slots not used yet: those of the last block, then whole blocks without end."""
        block = max((row.block for row in rows), default=1)
        used = sum(row.block == block for row in rows)
        # A short last block has the contents that it was dealt for the schools there then were.
        at_first = sum(row.block == block and row.act == 0 for row in rows) or self.block_size
        while True:
            dealt = _deal(stratum, block, at_first, arms=arms, seed=seed)
            for position, arm in enumerate(dealt[used:], start=used + 1):
                yield block, position, arm
            block, used, at_first = block + 1, 0, self.block_size


def _by_stratum(schools: Sequence[SchoolForAllocation], seed: str) -> dict[str, list[str]]:
    strata: dict[str, list[str]] = {}
    for school in sorted(schools, key=lambda each: (each.stratum, each.urn)):
        strata.setdefault(school.stratum, []).append(school.urn)
    return {
        stratum: sorted(urns, key=lambda urn: (draw(seed, "order", stratum, urn), urn))
        for stratum, urns in strata.items()
    }


def _deal(
    stratum: str, block: int, n_schools: int, *, arms: Sequence[ArmShare], seed: str
) -> tuple[str, ...]:
    """The arm of each slot, for the smallest balanced block that has room for these schools."""
    multiple = -(-n_schools // sum(arm.ratio for arm in arms))
    contents = [arm.id for arm in arms for _ in range(arm.ratio * multiple)]
    slots = range(1, len(contents) + 1)
    shuffled = sorted(slots, key=lambda slot: (draw(seed, "slot", stratum, block, slot), slot))
    arm_of_slot = dict(zip(shuffled, contents, strict=True))
    return tuple(arm_of_slot[slot] for slot in slots)
