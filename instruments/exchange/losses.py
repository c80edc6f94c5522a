"""What a conversion could not carry, as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

NO_PLACE: Final = "the format has no place for it"


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing that one side says and the other cannot.

    Attributes
    ----------
    field : str
        What is lost, by its name on the side it came from: ``scores``, ``items.risk``,
        ``relevant``.
    item : str
        The item, choice or score it belongs to; empty where it belongs to the whole.
    why : str
        Why it could not be carried.
    """

    field: str
    item: str
    why: str

    def __str__(self) -> str:
        return f"{self.field}{f' of {self.item}' if self.item else ''}: {self.why}"


def losses_between(
    said: Mapping[str, Any], kept: Mapping[str, Any], why: Mapping[str, str]
) -> tuple[Loss, ...]:
    """Return what a definition says and its copy, read back from another format, does not.

    A table that is wholly gone is one loss, not one for each of its keys. An empty text says
    nothing, and what stands in the copy and not in the definition is no loss.

    Parameters
    ----------
    said : Mapping
        The definition's tables, without the keys that have their default.
    kept : Mapping
        The same of the copy.
    why : Mapping
        The reason for a field by its dotted name; that of the nearest table above it holds for
        a field that is not named, and `NO_PLACE` where there is none.
    """
    return tuple(Loss(field, item, _reason(field, why)) for field, item in _lost(said, kept))


def _lost(
    said: Mapping[str, Any], kept: Mapping[str, Any], above: str = "", owner: str = ""
) -> Iterator[tuple[str, str]]:
    for key, value in said.items():
        field = f"{above}.{key}" if above else key
        copy = kept.get(key)
        if copy == value or value in ("", (), None):
            continue
        if isinstance(value, Mapping) and isinstance(copy, Mapping):
            yield from _lost(value, copy, field, owner)
        elif _is_list_of_tables(value):
            yield from _lost_entries(value, copy or (), field, owner)
        else:
            yield field, owner


def _lost_entries(
    said: tuple[Mapping[str, Any], ...],
    kept: tuple[Mapping[str, Any], ...],
    field: str,
    owner: str,
) -> Iterator[tuple[str, str]]:
    copies = {_key(entry, number): entry for number, entry in enumerate(kept)}
    for number, entry in enumerate(said):
        key = _key(entry, number)
        label = f"{owner} {entry.get('score', key)}".strip()
        if key in copies:
            yield from _lost(entry, copies[key], field, label)
        else:
            yield field, label


def _is_list_of_tables(value: object) -> bool:
    return isinstance(value, tuple) and bool(value) and isinstance(value[0], Mapping)


def _key(entry: Mapping[str, Any], number: int) -> str:
    """An entry is known by its id, a choice by its value, and anything else by its position."""
    if "id" in entry:
        return str(entry["id"])
    is_choice = {"value", "label"} <= set(entry)
    return str(entry["value"]) if is_choice else f"[{number}]"


def _reason(field: str, why: Mapping[str, str]) -> str:
    name = field
    while name:
        if name in why:
            return why[name]
        name = name.rpartition(".")[0]
    return NO_PLACE
