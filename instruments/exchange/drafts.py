"""What a file of another platform says of an instrument: part of a definition, never all of it.

No such file says under which licence an instrument stands, how its wording was verified or how it
is scored, as a definition does; so what is read is a draft, and whoever imports it adds the rest.
"""

# Annotations here are read by pydantic when the classes are made.
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from instruments.checks import repeated
from instruments.errors import DefinitionError, Fault
from instruments.exchange.logic import Logic, renamed, rule_of
from instruments.exchange.losses import Loss
from instruments.model import Item, ResponseOption, ResponseSet
from instruments.reader import Definition, Name
from instruments.routing import AskedWhen, Reference, routing_faults

LONGEST_NAME: Final = 60
GREATEST_VALUE: Final = 127

_WHOLE_NUMBER = re.compile(r"[0-9]{1,3}(\.0+)?", re.ASCII)


class DraftLicence(Definition):
    """What a file says of the terms."""

    text: str = ""
    url: str = ""
    attribution: str = ""


class Draft(Definition):
    """The part of a definition that another platform's file says; its keys are a definition's."""

    id: Name
    version: str = ""
    title: str = ""
    short_title: str = ""
    heading: str = ""
    citation: str = ""
    licence: DraftLicence = DraftLicence()
    recall_period: str = ""
    stem: str = ""
    loinc: str = ""
    notice: str = ""
    response_sets: tuple[ResponseSet, ...]
    items: tuple[Item, ...]

    def said(self) -> dict[str, Any]:
        """Return the tables of the draft without the keys it says nothing of."""
        return self.model_dump(exclude_defaults=True)


@dataclass(frozen=True, slots=True)
class Imported:
    """A draft, and what its file says that a definition cannot."""

    draft: Draft
    losses: tuple[Loss, ...]


@dataclass(frozen=True, slots=True)
class FoundChoice:
    """One choice as a file has it: `code` is what the other platform stores."""

    code: str
    label: str
    loinc: str = ""


@dataclass(frozen=True, slots=True)
class FoundItem:
    """One question with choices as a file has it; `where` is its place in the file."""

    where: str
    name: str
    text: str
    choices: tuple[FoundChoice, ...]
    response_set: str = ""
    """The name the file gives the choices, where it has one."""
    loinc: str = ""
    condition: Logic | None = None
    """When it is asked, where the file says so."""
    condition_text: str = ""
    """The same as the file has it; given alone where it could not be understood."""
    condition_field: str = ""
    """What the file calls it."""


@dataclass(slots=True)
class Reading:
    """One file being read: what is wrong in it, and what a definition has no place for."""

    file: str
    faults: list[Fault] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)

    def fault(self, where: str, found: str, expected: str) -> None:
        """Note one thing wrong."""
        self.faults.append(Fault(self.file, where, found, expected))

    def lost(self, what: str, item: str, why: str) -> None:
        """Note one thing that is not carried."""
        self.losses.append(Loss(what, item, why))

    def refuse_if_faulty(self) -> None:
        """Raise DefinitionError with every fault noted so far, if there is one."""
        if self.faults:
            raise DefinitionError(self.faults)


def finish(reading: Reading, found: Sequence[FoundItem], *, form: str, **words: Any) -> Imported:
    """Return the draft made of what was found, or refuse the file with all its faults.

    Names are brought into the form of a definition's names, and each change is listed. A question
    whose choices are not whole numbers is listed and left out: to number them would be to guess
    how it is scored.

    Parameters
    ----------
    reading : Reading
        The file, with what its reader has noted.
    found : sequence of FoundItem
        The questions with choices, in order.
    form : str
        The file's own name for the instrument.
    **words
        The other keys of `Draft` that the file says.

    Raises
    ------
    DefinitionError
        When the file has faults or no question that a definition can hold.
    """
    sets = _ResponseSets()
    items: list[Item] = []
    routed: list[tuple[FoundItem, Item]] = []
    name = _renamed(reading, "id", form, longest=LONGEST_NAME)
    for question in found:
        options = _options(reading, question)
        if question.text and options:
            items.append(
                Item(
                    id=_renamed(reading, "items.id", question.name, longest=LONGEST_NAME),
                    text=question.text,
                    response_set=sets.name_of(options, as_name(question.response_set), name),
                    loinc=question.loinc,
                )
            )
            routed.append((question, items[-1]))
        elif not question.text:
            reading.fault(question.where, "no words", "the words of the question")
    for twice in repeated(item.id for item in items):
        reading.fault("", f"the question {twice!r} more than once", "every question once")
    if not items and not reading.faults:
        reading.fault(
            "", "no question whose choices are whole numbers", "at least one such question"
        )
        for loss in reading.losses:
            if loss.item and loss.field in ("item", "items"):
                reading.fault(loss.item, f"a question left out, as {loss.why}", "numbered choices")
    reading.refuse_if_faulty()
    draft = Draft(
        id=name,
        response_sets=sets.found(),
        items=tuple(_with_routing(reading, routed)),
        **words,
    )
    return Imported(draft, tuple(reading.losses))


def _with_routing(reading: Reading, routed: Sequence[tuple[FoundItem, Item]]) -> Iterator[Item]:
    """Yield each item with the condition its file gives, by the names that items have here."""
    names: dict[str, str] = {}
    codes: dict[tuple[str, str], int] = {}
    earlier: list[Reference] = []
    for question, item in routed:
        said = _rule(question, item, names, codes, earlier)
        if said is None and question.condition_text:
            why = "it asks of what is not an earlier item here, or in a form that is not known here"
            said_there = f"{question.condition_text!r}: {why}"
            reading.lost(question.condition_field, question.name, said_there)
        yield item.model_copy(update={"asked_when": said}) if said else item
        names[question.name] = item.id
        for choice in question.choices:
            value = int(float(choice.code))
            codes |= {(item.id, choice.code): value, (item.id, str(value)): value}
            if choice.loinc:
                codes[item.id, choice.loinc] = value
        values = frozenset(codes[item.id, choice.code] for choice in question.choices)
        earlier.append(Reference(item.id, values))


def _rule(
    question: FoundItem,
    item: Item,
    names: Mapping[str, str],
    codes: Mapping[tuple[str, str], int],
    earlier: Sequence[Reference],
) -> AskedWhen | None:
    if question.condition is None:
        return None
    logic = renamed(question.condition, names)
    rule = rule_of(logic, lambda name, code: codes.get((name, code))) if logic else None
    if rule is None:
        return None
    here = Reference(item.id, frozenset(), (("", rule),))
    return None if routing_faults((*earlier, here), file="") else rule


def as_name(text: str) -> str:
    """Return the text in the form of a definition's names; empty when nothing of it can stay."""
    name = re.sub(r"[^a-z0-9_]+", "_", text.lower()).strip("_")
    if name and not name[0].isalpha():
        name = f"q_{name}"
    return name[:LONGEST_NAME].rstrip("_")


def _renamed(reading: Reading, what: str, text: str, *, longest: int) -> str:
    is_name = re.fullmatch(rf"[a-z][a-z0-9_]{{0,{longest - 1}}}", text, re.ASCII) is not None
    if is_name:
        return text
    name = as_name(text) or "unnamed"
    reading.lost(what, text, f"a name here is small letters, digits and _: it became {name}")
    return name


def _options(reading: Reading, question: FoundItem) -> tuple[ResponseOption, ...]:
    """Return the choices of a question; none when it is left out or at fault."""
    n_faults = len(reading.faults)
    for code in repeated(choice.code for choice in question.choices):
        reading.fault(question.where, f"the choice {code!r} more than once", "every choice once")
    for choice in question.choices:
        if not choice.label:
            reading.fault(question.where, f"no words for the choice {choice.code!r}", "its words")
    if len(reading.faults) > n_faults:
        return ()
    unnumbered = [each.code for each in question.choices if not _is_value(each.code)]
    if unnumbered:
        shown = ", ".join(repr(code) for code in unnumbered[:3])
        more = ", …" if len(unnumbered) > 3 else ""
        reading.lost(
            "items",
            question.name,
            f"its choices {shown}{more} are not whole numbers from 0 to {GREATEST_VALUE}",
        )
        return ()
    if len(question.choices) < 2:
        reading.lost("items", question.name, "it has fewer than two choices")
        return ()
    values = [int(float(choice.code)) for choice in question.choices]
    for value in repeated(map(str, values)):
        reading.fault(question.where, f"the value {value} more than once", "every value once")
    return tuple(
        ResponseOption(value=value, label=choice.label, loinc=choice.loinc)
        for value, choice in zip(values, question.choices, strict=True)
    )


def _is_value(code: str) -> bool:
    return _WHOLE_NUMBER.fullmatch(code) is not None and float(code) <= GREATEST_VALUE


class _ResponseSets:
    """The response sets met so far; equal choices under one name are one set."""

    def __init__(self) -> None:
        self._sets: dict[str, tuple[ResponseOption, ...]] = {}

    def name_of(self, options: tuple[ResponseOption, ...], wanted: str, form: str) -> str:
        if not wanted:
            for name, known in self._sets.items():
                if known == options:
                    return name
            wanted = f"{form[: LONGEST_NAME - 8]}_choices"
        name, number = wanted, 1
        while self._sets.setdefault(name, options) != options:
            number += 1
            name = f"{wanted[: LONGEST_NAME - 4]}_{number}"
        return name

    def found(self) -> tuple[ResponseSet, ...]:
        return tuple(ResponseSet(id=name, options=each) for name, each in self._sets.items())
