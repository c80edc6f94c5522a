"""Randomises schools to arms repeatably from a recorded seed, and checks what was randomised.

Minimisation has its rule in `minimisation`. That of permuted blocks within strata, version 1, is
this. Every draw is the SHA-256 of a line of text in UTF-8, without a newline at its
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
stratum is left to chance, as in any randomisation by stratum. A stratum of two factors is named by
both with ``|`` between.

**Late schools** are put in the same order among themselves, act by act, and take the slots of their
stratum that no school had: the rest of its last block, whose contents stay as they were dealt, then
whole blocks with the next numbers.

``roster_sha256`` is the SHA-256 of one line ``stratum|urn`` for each school, each ended by a
newline, in ascending order of stratum and then URN. ``sha256`` seals the whole record: it is the
SHA-256 of :attr:`Allocation.sealed_text`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from types import MappingProxyType

from survey_app.trial.allocation_records import (
    AllocatedSchool,
    Allocation,
    ArmShare,
    Fact,
    LateAct,
    Method,
    SchoolForAllocation,
    balance_lines,
)
from survey_app.trial.draws import SEPARATOR, draw, sha256_of
from survey_app.trial.errors import AllocationError

__all__ = [
    "allocate",
    "allocate_late",
    "balance_lines",
    "differences_from_the_draw",
    "differences_of_late_act",
    "engine_sha256",
    "order_of",
    "roster_sha256",
]

ENGINE = ("draws.py", "allocation_records.py", "allocation.py", "blocks.py", "minimisation.py")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def allocate(
    schools: Iterable[SchoolForAllocation],
    *,
    arms: Sequence[ArmShare],
    method: Method,
    seed: str,
    facts: Sequence[Fact] = (),
) -> Allocation:
    """The allocation of these schools, the same whatever order they come in.

    Raises AllocationError with every reason at once where the seed, the arms, the method or the
    schools cannot be used.
    """
    roster = tuple(sorted(schools, key=lambda school: (school.stratum, school.urn)))
    reasons = [
        *_faults_of_seed(seed),
        *_faults_of_arms(arms, method),
        *_faults_of_schools(roster, method),
    ]
    if reasons:
        raise AllocationError(reasons)
    return Allocation(
        rows=tuple(sorted(method.draw(roster, arms=arms, seed=seed), key=order_of)),
        mask=_draw_mask(arms, seed),
        seed=seed,
        method=method,
        arms=tuple(arms),
        roster_sha256=roster_sha256(roster),
        facts=tuple(facts),
    )


def allocate_late(
    schools: Iterable[SchoolForAllocation],
    *,
    first: Allocation,
    acts: Sequence[LateAct],
    method: Method,
    facts: Sequence[Fact],
) -> LateAct:
    """The next places of the sequence for schools that came after the allocation and these acts.

    Raises AllocationError with every reason at once where a school cannot be given one.
    """
    roster = tuple(sorted(schools, key=lambda school: (school.stratum, school.urn)))
    before = [*first.rows, *(row for act in acts for row in act.rows)]
    known = {row.urn for row in before}
    reasons = [
        *_faults_of_schools(roster, method),
        *(f"School {each.urn} has its arm already." for each in roster if each.urn in known),
    ]
    if reasons:
        raise AllocationError(reasons)
    number = len(acts) + 1
    drawn = method.draw_late(before, roster, arms=first.arms, seed=first.seed, act=number)
    rows = tuple(sorted(drawn, key=order_of))
    return LateAct(
        number=number,
        rows=rows,
        previous_sha256=acts[-1].sha256 if acts else first.sha256,
        facts=tuple(facts),
        balance=balance_lines([*before, *rows], method.factors, first.arms),
    )


def roster_sha256(schools: Iterable[SchoolForAllocation]) -> str:
    """The seal of the schools that were randomised, in the order that the rule above gives."""
    ordered = sorted((school.stratum, school.urn) for school in schools)
    return sha256_of("".join(f"{stratum}{SEPARATOR}{urn}\n" for stratum, urn in ordered))


def order_of(row: AllocatedSchool) -> tuple[str, int, int]:
    """The key by which the rows of an act stand in its seal."""
    return row.stratum, row.block, row.position


@cache
def engine_sha256() -> str:
    """The seal of the code that draws: of its files one after the other, as `ENGINE` has them."""
    room = resources.files("survey_app.trial")
    return sha256_of("".join((room / name).read_text(encoding="utf-8") for name in ENGINE))


def differences_from_the_draw(
    recorded: Allocation, schools: Iterable[SchoolForAllocation] | None = None
) -> tuple[str, ...]:
    """Repeats the draw and says in words where the recorded rows differ from it; () where nowhere.

    Who was randomised is read from the rows themselves, unless `schools` says. An allocation that
    was made elsewhere has no draw to repeat; its roster and its letters are still compared.
    """
    roster = [*(schools or (SchoolForAllocation(row.urn, row.stratum) for row in recorded.rows))]
    try:
        repeated = allocate(
            dict.fromkeys(roster),
            arms=recorded.arms,
            method=recorded.method,
            seed=recorded.seed,
            facts=recorded.facts,
        )
    except AllocationError as error:
        return error.reasons
    differences = [*_differences_of_schools(recorded.rows, repeated.rows)]
    differences += _differences_of_masks(recorded.mask, repeated.mask)
    if recorded.roster_sha256 != repeated.roster_sha256:
        differences.append(
            f"The recorded seal of the roster is {recorded.roster_sha256}; that of the schools is "
            f"{repeated.roster_sha256}."
        )
    return tuple(differences)


def differences_of_late_act(
    act: LateAct, *, first: Allocation, before: Sequence[LateAct], method: Method
) -> tuple[str, ...]:
    """The same for one act for late schools, after the allocation and the acts before it."""
    try:
        repeated = allocate_late(
            [SchoolForAllocation(row.urn, row.stratum) for row in act.rows],
            first=first,
            acts=before,
            method=method,
            facts=act.facts,
        )
    except AllocationError as error:
        return error.reasons
    differences = [*_differences_of_schools(act.rows, repeated.rows)]
    if act.number != repeated.number:
        differences.append(f"Act {act.number} for late schools stands at place {repeated.number}.")
    if act.previous_sha256 != repeated.previous_sha256:
        differences.append(
            f"Act {act.number} for late schools goes on from {act.previous_sha256}; the seal "
            f"before it is {repeated.previous_sha256}."
        )
    if not differences and act.balance != repeated.balance:
        differences.append(f"The balance of act {act.number} is not that of its schools.")
    return tuple(differences)


def _draw_mask(arms: Sequence[ArmShare], seed: str) -> Mapping[str, str]:
    ordered = sorted((arm.id for arm in arms), key=lambda arm: (draw(seed, "mask", arm), arm))
    return MappingProxyType(dict(zip(LETTERS, ordered, strict=False)))


def _faults_of_seed(seed: str) -> Iterator[str]:
    if not seed.strip():
        yield "The seed is empty: expected some text that was written down before the draw."
    elif seed != seed.strip() or SEPARATOR in seed or not seed.isprintable():
        yield (
            f"The seed is {seed!r}: expected printable text on one line without {SEPARATOR!r} and "
            "without a space at either end, so that it can be copied exactly."
        )


def _faults_of_arms(arms: Sequence[ArmShare], method: Method) -> Iterator[str]:
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
    yield from method.faults(arms)


def _faults_of_schools(schools: Sequence[SchoolForAllocation], method: Method) -> Iterator[str]:
    if not schools:
        yield "There are no schools to allocate."
    for urn, times in Counter(school.urn for school in schools).items():
        if times > 1:
            yield f"School {urn} is on the list {times} times: expected once."
    for school in schools:
        names = [("URN", school.urn), *(("stratum", level) for level in school.levels)]
        for kind, name in names:
            if not name or SEPARATOR in name or not name.isprintable():
                yield _not_printable(school, kind, name)
        if len(school.levels) != len(method.factors):
            yield _not_printable(school, "stratum", school.stratum)


def _not_printable(school: SchoolForAllocation, kind: str, name: str) -> str:
    return (
        f"School {school.urn!r} has the {kind} {name!r}: expected printable text without "
        f"{SEPARATOR!r}."
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
