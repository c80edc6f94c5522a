"""A draft as the text of a definition file, and what that file still needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from instruments.errors import DefinitionError, Fault
from instruments.exchange.drafts import Draft
from instruments.model import Instrument
from instruments.reader import read_toml_strictly


def draft_as_toml(draft: Draft) -> str:
    """Return the TOML text of a draft; its opening comment lists the keys still to be added."""
    body = "\n".join([*_keys(draft.said()), *_tables(draft.said())]) + "\n"
    needed = _needed(body)
    if not needed:
        return body
    opening = ["# Imported. Before this is a definition it needs:"]
    return "\n".join([*opening, *(f"#   {fault.where}" for fault in needed), "", body])


def still_needed(draft: Draft) -> tuple[Fault, ...]:
    """Return what a definition must say and the draft does not, as faults of an empty place."""
    return _needed(draft_as_toml(draft))


def _needed(text: str) -> tuple[Fault, ...]:
    try:
        read_toml_strictly(text, Instrument, file="")
    except DefinitionError as error:
        return error.faults
    return ()


def _keys(table: Mapping[str, Any]) -> list[str]:
    return [
        f"{key} = {_value(value)}"
        for key, value in table.items()
        if not isinstance(value, Mapping) and not _is_list_of_tables(value)
    ]


def _tables(table: Mapping[str, Any]) -> list[str]:
    lines = []
    for key, value in table.items():
        if isinstance(value, Mapping):
            lines += ["", f"[{key}]", *_keys(value)]
        elif _is_list_of_tables(value):
            for entry in value:
                lines += ["", f"[[{key}]]", *_keys(entry), *_inline_tables(entry)]
    return lines


def _inline_tables(entry: Mapping[str, Any]) -> list[str]:
    lines = []
    for key, value in entry.items():
        if _is_list_of_tables(value):
            rows = (f"  {{ {', '.join(_keys(row))} }}," for row in value)
            lines += [f"{key} = [", *rows, "]"]
        elif isinstance(value, Mapping):
            lines.append(f"{key} = {_inline(value)}")
    return lines


def _inline(value: object) -> str:
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {_inline(entry)}' for key, entry in value.items())} }}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_inline, value))}]"
    return _value(value)


def _is_list_of_tables(value: object) -> bool:
    return isinstance(value, tuple) and bool(value) and isinstance(value[0], Mapping)


def _value(value: object) -> str:
    """TOML's strings, numbers and lists of them are written as JSON's, but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
