"""The certificate of a randomisation: a text that anybody can check, with this program or without.

It has a part for the randomisation and one for each act for late schools since. Parts are added and
never rewritten: each holds the seal of the one before. The first line of a part has its number and
its seal, which is the SHA-256 of the lines below it up to the next part, each ended by a newline.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from types import MappingProxyType

from survey_app.trial.allocation import differences_from_the_draw, differences_of_late_act
from survey_app.trial.allocation_file import RULE as IMPORTED
from survey_app.trial.allocation_file import Imported
from survey_app.trial.allocation_records import (
    AllocatedSchool,
    Allocation,
    ArmShare,
    Fact,
    LateAct,
    Method,
)
from survey_app.trial.blocks import AUTHORITY_ALONE, PermutedBlocks
from survey_app.trial.blocks import RULE as BLOCKS
from survey_app.trial.draws import sha256_of
from survey_app.trial.errors import CertificateError
from survey_app.trial.minimisation import RULE as MINIMISATION
from survey_app.trial.minimisation import Minimisation

TITLE = "certificate of randomisation|1"
PREAMBLE = (
    "# Each part begins with a line of its number and its seal. The seal is the SHA-256 of the",
    "# lines below that line up to the next part, each with its newline; a later part holds the",
    "# seal of the one before. The rule, the seed and the schools give every arm again.",
)
FACTS = ("study", "program", "engine", "allocated", "by", "baseline")


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says, with the seals that it claims, part by part."""

    first: Allocation
    late: tuple[LateAct, ...]
    seals: tuple[str, ...]
    texts: tuple[str, ...]
    """The lines of each part as they stood in the file, or as the record gives them."""

    @property
    def rows(self) -> tuple[AllocatedSchool, ...]:
        """Every school with its arm, in the order in which they were given one."""
        return (*self.first.rows, *(row for act in self.late for row in act.rows))

    @property
    def text(self) -> str:
        """The certificate as a file."""
        return "".join(
            [
                *(f"{line}\n" for line in (TITLE, *PREAMBLE)),
                *(
                    f"part|{number}|{seal}\n{text}"
                    for number, (seal, text) in enumerate(zip(self.seals, self.texts, strict=True))
                ),
            ]
        )

    def differences(self) -> tuple[str, ...]:
        """Where a seal, a letter or a school is not what the rule gives; () where nowhere."""
        rendered = (self.first.sealed_text, *(act.sealed_text for act in self.late))
        found: list[str] = []
        for number, (seal, text, as_record) in enumerate(
            zip(self.seals, self.texts, rendered, strict=True)
        ):
            if seal != sha256_of(text):
                found.append(
                    f"The seal of part {number} is {seal}; its lines give {sha256_of(text)}."
                )
            if text != as_record:
                found.append(
                    f"Part {number} has lines in another form than the rule gives: "
                    f"{_first_difference(text, as_record)}"
                )
        found += differences_from_the_draw(self.first)
        for place, act in enumerate(self.late):
            found += differences_of_late_act(
                act,
                first=self.first,
                before=self.late[:place],
                method=_for_late(self.first.method, act),
            )
        return tuple(found)


def certified(first: Allocation, late: Sequence[LateAct], seals: Sequence[str]) -> Certificate:
    """The certificate of what is on record, with the seals that are on record."""
    texts = (first.sealed_text, *(act.sealed_text for act in late))
    return Certificate(first, tuple(late), tuple(seals), texts)


def read_certificate(text: str) -> Certificate:
    """What a certificate's file says; CertificateError with every line that cannot be read."""
    reader = _Reader(text)
    certificate = reader.read()
    if reader.faults or certificate is None:
        raise CertificateError(reader.faults or ["The file has no part: expected part|0 first."])
    return certificate


def _for_late(method: Method, act: LateAct) -> Method:
    """An imported act has no rule but its own rows."""
    if isinstance(method, Imported):
        return replace(method, arm_of={row.urn: row.arm for row in act.rows})
    return method


def _first_difference(found: str, expected: str) -> str:
    pairs = zip_longest(found.split("\n"), expected.split("\n"), fillvalue="")
    line, other = next(pair for pair in pairs if pair[0] != pair[1])
    return f"found {line!r}; expected {other!r}."


class _Reader:
    """Takes a certificate line by line; what is wrong is gathered with the line's number."""

    def __init__(self, text: str) -> None:
        self.faults: list[str] = []
        self._lines = text.replace("\r\n", "\n").split("\n")
        if self._lines[-1] == "":
            self._lines.pop()

    def read(self) -> Certificate | None:
        if not self._lines or self._lines[0] != TITLE:
            found = self._lines[0][:80] if self._lines else ""
            self.faults.append(f"line 1: found {found!r}; expected {TITLE!r}.")
            return None
        parts: list[tuple[str, list[tuple[int, list[str]]]]] = []
        for number, line in enumerate(self._lines[1:], start=2):
            fields = line.split("|")
            if fields[0] == "part" and len(fields) == 3:
                if fields[1] != str(len(parts)):
                    self.fault(number, f"part {fields[1]}", f"part {len(parts)}")
                parts.append((fields[2], []))
            elif parts:
                parts[-1][1].append((number, fields))
            elif not line.startswith("#"):
                self.fault(number, repr(line[:80]), "part|0 and its seal")
        if not parts:
            return None
        first = self._first(parts[0][1])
        late = [self._late(lines, place) for place, (_, lines) in enumerate(parts[1:], start=1)]
        if first is None or self.faults:
            return None
        return Certificate(
            first,
            tuple(late),
            tuple(seal for seal, _ in parts),
            tuple("".join("|".join(fields) + "\n" for _, fields in lines) for _, lines in parts),
        )

    def fault(self, number: int, found: str, expected: str) -> None:
        self.faults.append(f"line {number}: found {found}; expected {expected}.")

    def _first(self, lines: Sequence[tuple[int, list[str]]]) -> Allocation | None:
        part = _Part(self, lines, act=0)
        rule = part.one("rule")
        method = self._method(rule, part)
        if method is None:
            return None
        return Allocation(
            rows=tuple(part.rows),
            mask=MappingProxyType(dict(part.pairs("mask"))),
            seed=part.one("seed"),
            method=method,
            arms=tuple(
                ArmShare(arm, int(ratio)) for arm, ratio in part.pairs("arm") if ratio.isdecimal()
            ),
            roster_sha256=part.one("roster"),
            facts=tuple(part.facts),
        )

    def _method(self, rule: str, part: _Part) -> Method | None:
        factors = part.fields.get("factors", [list(AUTHORITY_ALONE)])[0]
        if rule == BLOCKS:
            size = part.one("block size")
            return PermutedBlocks(int(size) if size.isdecimal() else 0, tuple(factors))
        if rule == MINIMISATION:
            return Minimisation(tuple(factors), part.one("probability"))
        if rule == IMPORTED:
            arm_of = {row.urn: row.arm for row in part.rows}
            return Imported(arm_of, part.one("source"), part.one("file"))
        if rule:
            self.faults.append(
                f"The rule is {rule!r}: expected {BLOCKS!r}, {MINIMISATION!r} or {IMPORTED!r}."
            )
        return None

    def _late(self, lines: Sequence[tuple[int, list[str]]], place: int) -> LateAct:
        part = _Part(self, lines, act=place)
        number = part.one("late")
        return LateAct(
            number=int(number) if number.isdecimal() else 0,
            rows=tuple(part.rows),
            previous_sha256=part.one("previous"),
            facts=tuple(part.facts),
            balance=tuple(part.balance),
        )


class _Part:
    """The lines of one part by their names."""

    def __init__(
        self, reader: _Reader, lines: Sequence[tuple[int, list[str]]], *, act: int
    ) -> None:
        self._reader = reader
        self._act = act
        self.fields: dict[str, list[list[str]]] = {}
        self.rows: list[AllocatedSchool] = []
        self.facts: list[Fact] = []
        self.balance: list[str] = []
        for number, (name, *rest) in lines:
            if name == "school":
                self._take_school(number, rest)
            elif name == "balance":
                self.balance.append("|".join((name, *rest)))
            elif name in (*FACTS, *(("source", "file") if act else ())):
                self.facts.append((name, "|".join(rest)))
            else:
                self.fields.setdefault(name, []).append(rest)

    def _take_school(self, number: int, rest: list[str]) -> None:
        if len(rest) < 5 or not (rest[-4].isdecimal() and rest[-3].isdecimal()):
            expected = "school|stratum|block|position|urn|arm"
            self._reader.fault(number, repr("|".join(("school", *rest))[:80]), expected)
            return
        *stratum, block, position, urn, arm = rest
        self.rows.append(
            AllocatedSchool(urn, "|".join(stratum), int(block), int(position), arm, self._act)
        )

    def one(self, name: str) -> str:
        found = self.fields.get(name, [])
        if len(found) != 1:
            self._reader.faults.append(
                f"part {self._act} has {len(found)} lines {name!r}: expected one."
            )
            return ""
        return "|".join(found[0])

    def pairs(self, name: str) -> Iterator[tuple[str, str]]:
        for fields in self.fields.get(name, []):
            if len(fields) == 2:
                yield fields[0], fields[1]
            else:
                self._reader.faults.append(
                    f"part {self._act} has the line {'|'.join((name, *fields))!r}: expected two "
                    f"values after {name!r}."
                )
