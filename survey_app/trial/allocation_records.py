"""What an allocation is made of and made from: schools, arms, places, and how they were found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from survey_app.trial.draws import SEPARATOR, sha256_of

Fact = tuple[str, str]


@dataclass(frozen=True, slots=True)
class SchoolForAllocation:
    """A cluster before it is allocated; where it is of several factors, `|` is between them."""

    urn: str
    stratum: str

    @property
    def levels(self) -> tuple[str, ...]:
        """What the school is of each factor, in the order of the method's factors."""
        return tuple(self.stratum.split(SEPARATOR))


@dataclass(frozen=True, slots=True)
class ArmShare:
    """An arm and its part of the schools: ratios 1 and 1 give halves, 2 and 1 two thirds."""

    id: str
    ratio: int = 1


@dataclass(frozen=True, slots=True)
class AllocatedSchool:
    """A cluster's arm, with the block (from 1) and the position in it (from 1) that gave it.

    `act` is 0 for what was randomised first and counts the acts for late schools from 1.
    """

    urn: str
    stratum: str
    block: int
    position: int
    arm: str
    act: int = 0

    @property
    def levels(self) -> tuple[str, ...]:
        """What the school is of each factor, in the order of the method's factors."""
        return tuple(self.stratum.split(SEPARATOR))

    @property
    def line(self) -> str:
        """The row as it is sealed."""
        return f"school|{self.stratum}|{self.block}|{self.position}|{self.urn}|{self.arm}"


class Method(Protocol):
    """A way of finding arms, with all that repeats it but the seed."""

    @property
    def factors(self) -> tuple[str, ...]:
        """What the arms are balanced within or over."""
        ...

    @property
    def rule(self) -> str:
        """The rule and its version, as sealed."""
        ...

    @property
    def can_be_repeated(self) -> bool:
        """Whether the seed and the roster give the same arms again."""
        ...

    def lines(self) -> list[str]:
        """Its settings, as sealed."""
        ...

    def faults(self, arms: Sequence[ArmShare]) -> Iterator[str]:
        """Why it cannot be used for these arms."""
        ...

    def draw(
        self, roster: Sequence[SchoolForAllocation], *, arms: Sequence[ArmShare], seed: str
    ) -> Iterator[AllocatedSchool]:
        """Give each school its place and arm."""
        ...

    def draw_late(
        self,
        rows: Sequence[AllocatedSchool],
        late: Sequence[SchoolForAllocation],
        *,
        arms: Sequence[ArmShare],
        seed: str,
        act: int,
    ) -> Iterator[AllocatedSchool]:
        """Give schools that came later the next places, the earlier ones staying as they are."""
        ...


@dataclass(frozen=True, slots=True)
class Allocation:
    """A sealed randomisation: rows in the order of their places, and the letter of each arm."""

    rows: tuple[AllocatedSchool, ...]
    mask: Mapping[str, str]
    seed: str
    method: Method
    arms: tuple[ArmShare, ...]
    roster_sha256: str
    facts: tuple[Fact, ...] = ()
    """When, by whom and with which program; an allocation sealed before they were has none."""

    @property
    def sealed_text(self) -> str:
        """The record line by line, as it is hashed: what a third party compares with its own."""
        lines = [
            *(f"{name}|{value}" for name, value in self.facts),
            f"rule|{self.method.rule}",
            f"seed|{self.seed}",
            *self.method.lines(),
            *(f"arm|{arm.id}|{arm.ratio}" for arm in self.arms),
            f"roster|{self.roster_sha256}",
            *(f"mask|{letter}|{arm}" for letter, arm in sorted(self.mask.items())),
            *(row.line for row in self.rows),
            *(balance_lines(self.rows, self.method.factors, self.arms) if self.facts else ()),
        ]
        return "".join(f"{line}\n" for line in lines)

    @property
    def sha256(self) -> str:
        """The seal of the whole record."""
        return sha256_of(self.sealed_text)

    def arm_of(self) -> dict[str, str]:
        """The arm of each school by URN."""
        return {row.urn: row.arm for row in self.rows}


@dataclass(frozen=True, slots=True)
class LateAct:
    """Schools that were given the next places after the randomisation, sealed onto what was."""

    number: int
    rows: tuple[AllocatedSchool, ...]
    previous_sha256: str
    facts: tuple[Fact, ...]
    balance: tuple[str, ...]
    """How the arms stand with these schools, as sealed."""

    @property
    def sealed_text(self) -> str:
        """The act line by line, as it is hashed."""
        lines = [
            f"late|{self.number}",
            f"previous|{self.previous_sha256}",
            *(f"{name}|{value}" for name, value in self.facts),
            *(row.line for row in self.rows),
            *self.balance,
        ]
        return "".join(f"{line}\n" for line in lines)

    @property
    def sha256(self) -> str:
        """The seal of this act, and through `previous` of all before it."""
        return sha256_of(self.sealed_text)


@dataclass(frozen=True, slots=True)
class BalanceCount:
    """How many schools of one level of one factor are in one arm; level "" is all schools."""

    factor: str
    level: str
    arm: str
    schools: int


def balance_of(
    rows: Sequence[AllocatedSchool], factors: Sequence[str], arms: Sequence[ArmShare]
) -> tuple[BalanceCount, ...]:
    """How the arms stand over each factor, levels by name, and over all schools at the end."""
    counts = []
    for place, factor in enumerate(factors):
        for level in sorted({row.levels[place] for row in rows}):
            of_level = [row for row in rows if row.levels[place] == level]
            counts += [_count(factor, level, arm.id, of_level) for arm in arms]
    return (*counts, *(_count("all", "", arm.id, rows) for arm in arms))


def balance_lines(
    rows: Sequence[AllocatedSchool], factors: Sequence[str], arms: Sequence[ArmShare]
) -> tuple[str, ...]:
    """The balance as sealed."""
    return tuple(
        f"balance|{each.factor}|{each.level}|{each.arm}|{each.schools}"
        for each in balance_of(rows, factors, arms)
    )


def _count(factor: str, level: str, arm: str, rows: Sequence[AllocatedSchool]) -> BalanceCount:
    return BalanceCount(factor, level, arm, sum(row.arm == arm for row in rows))
