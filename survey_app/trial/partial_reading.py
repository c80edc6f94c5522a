"""A file that is not sound, read as far as it is: what cannot be read is left out, key by key.

Checks of sense then still run over the rest, so that one round of mending is enough. A check that
needs a key which is not there stops at it: what it would say next is not known.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import NoneType
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

Model = TypeVar("Model", bound=BaseModel)


class _UnreadableError(Exception):
    """A value that nothing can be made of."""


def read_what_is_sound(model: type[Model], data: Mapping[str, Any]) -> Model:
    """The model with every key that can be read; a required one that cannot is not there at all."""
    values: dict[str, Any] = {}
    unreadable = []
    for name, field in model.model_fields.items():
        if name not in data:
            continue
        try:
            values[name] = _read(field.rebuild_annotation(), data[name])
        except _UnreadableError:
            unreadable.append(name)
    partial = model.model_construct(**values)
    # A default must not stand in for what was written and could not be read.
    for name in unreadable:
        partial.__dict__.pop(name, None)
    return partial


def _read(annotation: Any, value: Any) -> Any:
    try:
        # Strict reading takes a list for a tuple, and text for a date, in JSON alone.
        return TypeAdapter(annotation).validate_json(json.dumps(value, default=str))
    except ValidationError:
        return _read_within(_bare(annotation), value)


def _read_within(annotation: Any, value: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if isinstance(value, Mapping):
            return read_what_is_sound(annotation, value)
    elif get_origin(annotation) is tuple and isinstance(value, list):
        return tuple(_read(get_args(annotation)[0], entry) for entry in value)
    raise _UnreadableError


def _bare(annotation: Any) -> Any:
    """The type inside Annotated and Optional; a union of several types stays as it is."""
    while hasattr(annotation, "__metadata__"):
        annotation = get_args(annotation)[0]
    members = [each for each in get_args(annotation) if each is not NoneType]
    if len(members) == 1 and NoneType in get_args(annotation):
        return _bare(members[0])
    return annotation
