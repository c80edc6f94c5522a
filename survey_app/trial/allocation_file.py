"""Reads an allocation that was made elsewhere from a CSV, or says everything wrong with it.

Two columns are read, `urn` and `arm`, in any order; other columns are left alone. An arm is named
by its id or its label in the study file. Every school that waits for an arm is there, once.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from survey_app.trial.allocation_records import AllocatedSchool, ArmShare, SchoolForAllocation
from survey_app.trial.errors import RosterError, RosterFault
from survey_app.trial.register import plain
from survey_app.trial.roster_cells import CellError, checked_text, urn_of
from survey_app.trial.roster_file import cleaned, decoded, delimiter_of, records_of

COLUMNS: Final = ("urn", "arm")
MOST_NAMED: Final = 10
RULE = "imported: made elsewhere, version 1"


@dataclass(frozen=True, slots=True)
class Imported:
    """An allocation that another program or another person made, as it was given to us."""

    arm_of: Mapping[str, str]
    source: str
    """Who made it, and how."""
    sha256: str
    """The seal of the file that it was read from."""
    factors: tuple[str, ...] = ("authority",)

    @property
    def rule(self) -> str:
        return RULE

    @property
    def can_be_repeated(self) -> bool:
        return False

    def lines(self) -> list[str]:
        return [f"source|{self.source}", f"file|{self.sha256}"]

    def faults(self, arms: Sequence[ArmShare]) -> Iterator[str]:
        if not self.source.strip():
            yield "It is not said who made the allocation, and how."
        known = {arm.id for arm in arms}
        for urn, arm in self.arm_of.items():
            if arm not in known:
                yield f"School {urn} is in the arm {arm!r}: expected one of {', '.join(known)}."

    def draw(
        self,
        roster: Sequence[SchoolForAllocation],
        *,
        arms: Sequence[ArmShare],  # noqa: ARG002  # every method is asked alike
        seed: str,  # noqa: ARG002  # every method is asked alike
    ) -> Iterator[AllocatedSchool]:
        yield from self._rows((), roster, act=0)

    def draw_late(
        self,
        rows: Sequence[AllocatedSchool],
        late: Sequence[SchoolForAllocation],
        *,
        arms: Sequence[ArmShare],  # noqa: ARG002  # every method is asked alike
        seed: str,  # noqa: ARG002  # every method is asked alike
        act: int,
    ) -> Iterator[AllocatedSchool]:
        yield from self._rows(rows, late, act=act)

    def _rows(
        self, before: Sequence[AllocatedSchool], schools: Sequence[SchoolForAllocation], *, act: int
    ) -> Iterator[AllocatedSchool]:
        ordered = sorted(schools, key=lambda each: (each.stratum, each.urn))
        for number, each in enumerate(ordered, start=len(before) + 1):
            yield AllocatedSchool(each.urn, each.stratum, 1, number, self.arm_of[each.urn], act)


@dataclass(frozen=True, slots=True)
class _Line:
    """One row of the file; None where a cell is at fault."""

    number: int
    urn: str | None
    arm: str | None


def read_allocation(
    data: bytes,
    *,
    arms: Mapping[str, str],
    waiting: Collection[str],
    elsewhere: Mapping[str, str],
) -> Mapping[str, str]:
    """The arm of each waiting school by URN; RosterError with every fault where there is any.

    `arms` gives the label of each arm by its id; `elsewhere` says of each school on the roster that
    does not wait why it does not.
    """
    faults: list[RosterFault] = []
    text = decoded(data, faults.append)
    lines = list(io.StringIO(text, newline=""))
    records = [
        (number, cells)
        for number, cells in records_of(lines, delimiter_of(lines, COLUMNS), faults.append)
        if any(cell.strip() for cell in cells)
    ]
    if not records:
        raise RosterError([RosterFault(0, "", "the file has no text in it; expected headings")])
    (line, headings), *rows = records
    places = {plain(heading): place for place, heading in enumerate(headings)}
    missing = [column for column in COLUMNS if column not in places]
    if missing:
        expected = "the column is missing; expected the headings urn and arm"
        raise RosterError([RosterFault(line, column, expected) for column in missing])
    names = {plain(name): arm for arm, label in arms.items() for name in (arm, label)}
    read = [_read(number, cells, places, names, faults) for number, cells in rows]
    faults += _repeated(read)
    faults += _not_waiting(read, waiting, elsewhere)
    faults += _left_out(read, waiting)
    if faults:
        raise RosterError(faults)
    return {each.urn: each.arm for each in read if each.urn is not None and each.arm is not None}


def _read(
    number: int,
    cells: Sequence[str],
    places: Mapping[str, int],
    names: Mapping[str, str],
    faults: list[RosterFault],
) -> _Line:
    found: dict[str, str | None] = {}
    for column in COLUMNS:
        text = cleaned(cells[places[column]]) if places[column] < len(cells) else ""
        try:
            text = checked_text(text)
            found[column] = urn_of(text) if column == "urn" else _arm_of(text, names)
        except CellError as error:
            faults.append(RosterFault(number, column, str(error)))
            found[column] = None
    return _Line(number, found["urn"], found["arm"])


def _arm_of(text: str, names: Mapping[str, str]) -> str:
    try:
        return names[plain(text)]
    except KeyError:
        arms = ", ".join(dict.fromkeys(names.values()))
        raise CellError(f"found {text!r}; expected one of {arms}, or its label") from None


def _repeated(read: Sequence[_Line]) -> Iterator[RosterFault]:
    first: dict[str, int] = {}
    for each in read:
        if each.urn is not None and first.setdefault(each.urn, each.number) != each.number:
            reason = f"{each.urn} is already on line {first[each.urn]}; expected once"
            yield RosterFault(each.number, "urn", reason)


def _not_waiting(
    read: Sequence[_Line], waiting: Collection[str], elsewhere: Mapping[str, str]
) -> Iterator[RosterFault]:
    for each in read:
        if each.urn is not None and each.urn not in waiting:
            why = elsewhere.get(each.urn, "is not on the roster")
            reason = f"{each.urn} {why}; expected schools that can take part and have no arm"
            yield RosterFault(each.number, "urn", reason)


def _left_out(read: Sequence[_Line], waiting: Collection[str]) -> Iterator[RosterFault]:
    left_out = sorted(set(waiting) - {each.urn for each in read})
    if left_out:
        named = ", ".join(left_out[:MOST_NAMED])
        more = f" and {len(left_out) - MOST_NAMED} more" if len(left_out) > MOST_NAMED else ""
        schools = "1 school has" if len(left_out) == 1 else f"{len(left_out)} schools have"
        reason = f"{schools} no row: {named}{more}; expected every school that can take part"
        yield RosterFault(0, "urn", reason)
