"""The words of an instrument that the licence holder supplies, put in the place kept for them.

The program ships the scoring rules of such an instrument with numbers for its items. Whoever holds
a licence writes the words into `instruments/wording/ID.toml`; that folder is no part of the
program, and nothing in it is ever distributed with it.
"""

# Annotations here are read by pydantic when the classes are made.
from collections.abc import Collection, Iterable, Iterator
from typing import Annotated

from pydantic import Field

from instruments.checks import one_of, repeated
from instruments.errors import DefinitionError, Fault
from instruments.model import Instrument, Text, Wording
from instruments.reader import Definition, Name, read_toml_strictly


class ItemWords(Definition):
    """The words of one item."""

    id: Name
    text: Text


class OptionWords(Definition):
    """The words of one choice of one response set."""

    response_set: Name
    value: int
    label: Text


class SuppliedWording(Definition):
    """A licence holder's file: which instrument, under whose licence, in which words."""

    instrument: Name
    version: Text
    licence_holder: Text
    licence_reference: Text
    stem: Text
    items: Annotated[tuple[ItemWords, ...], Field(min_length=1)]
    options: tuple[OptionWords, ...] = ()
    """Only those whose words differ from what the definition has."""


def with_supplied_wording(instrument: Instrument, text: str, *, file: str) -> Instrument:
    """Return the instrument with the licence holder's words, ready to be delivered.

    Its wording is then tagged as unverified: the program has no copy to hold it against.

    Parameters
    ----------
    instrument : Instrument
        A definition whose wording is withheld.
    text : str
        The licence holder's TOML document.
    file : str
        Its name, for the faults.

    Raises
    ------
    DefinitionError
        When the document does not fit its form, is for another instrument or version, or leaves
        an item or a choice without words; it holds every fault.
    """
    supplied = read_toml_strictly(text, SuppliedWording, file=file)
    faults = tuple(_faults(instrument, supplied, file))
    if faults:
        raise DefinitionError(faults)
    words = {item.id: item.text for item in supplied.items}
    labels = {(entry.response_set, entry.value): entry.label for entry in supplied.options}
    return instrument.model_copy(
        update={
            "stem": supplied.stem,
            "items": tuple(
                item.model_copy(update={"text": words[item.id], "wording": None})
                for item in instrument.items
            ),
            "response_sets": tuple(
                each.model_copy(
                    update={
                        "options": tuple(
                            option.model_copy(
                                update={"label": labels.get((each.id, option.value), option.label)}
                            )
                            for option in each.options
                        )
                    }
                )
                for each in instrument.response_sets
            ),
            "wording": Wording(
                tag="unverified",
                source=f"Supplied by {supplied.licence_holder} under {supplied.licence_reference}",
            ),
        }
    )


def _faults(instrument: Instrument, supplied: SuppliedWording, file: str) -> Iterator[Fault]:
    if not instrument.wording_is_withheld:
        yield Fault(
            file, "instrument", f"{instrument.id!r}, whose words are shipped", "no file for it"
        )
        return
    for key, found, expected in (
        ("instrument", supplied.instrument, instrument.id),
        ("version", supplied.version, instrument.version),
    ):
        if found != expected:
            yield Fault(file, key, repr(found), repr(expected))
    known = [item.id for item in instrument.items]
    given = [item.id for item in supplied.items]
    yield from _each_once(known, given, "items", file)
    choices = {
        f"{each.id} {option.value}" for each in instrument.response_sets for option in each.options
    }
    offered = [f"{entry.response_set} {entry.value}" for entry in supplied.options]
    for number, choice in enumerate(offered):
        if choice not in choices:
            yield Fault(file, f"options[{number}]", repr(choice), one_of(choices))
    for choice in repeated(offered):
        yield Fault(file, "options", f"{choice!r} more than once", "every choice once")
    unnamed = [
        f"{each.id} {option.value}"
        for each in instrument.response_sets
        for option in each.options
        if option.label == str(option.value) and f"{each.id} {option.value}" not in offered
    ]
    if unnamed:
        yield Fault(file, "options", f"no words for {', '.join(unnamed)}", "words for each")


def _each_once(
    known: Collection[str], given: Iterable[str], table: str, file: str
) -> Iterator[Fault]:
    given = list(given)
    for number, name in enumerate(given):
        if name not in known:
            yield Fault(file, f"{table}[{number}].id", repr(name), one_of(known))
    for name in repeated(given):
        yield Fault(file, table, f"{name!r} more than once", "every item once")
    absent = [name for name in known if name not in given]
    if absent:
        yield Fault(file, table, f"no words for {', '.join(absent)}", "words for every item")
