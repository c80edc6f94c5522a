"""Reads a TOML definition into a frozen model, or lists everything wrong with it at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from instruments.errors import DefinitionError, Fault

_LONGEST_SHOWN: Final = 80
_IN_OUR_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "string_too_short": "some text",
        "string_type": "text in quotes",
        "bool_type": "true or false, without quotes",
        "int_type": "a whole number, without quotes",
        "float_type": "a number, without quotes",
        "date_type": "a date such as 2026-03-02, without quotes",
        "tuple_type": "a list, in square brackets",
    }
)
_PLACE_IN_SYNTAX_ERROR = re.compile(r"\s*\((at [^()]*)\)$")


class Definition(BaseModel):
    """What every definition is: frozen, of known keys only, and of exact types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]

M = TypeVar("M", bound=BaseModel)


def read_toml_strictly(text: str, model: type[M], *, file: str) -> M:
    """Return the model that the text defines.

    Nothing is converted: a number in quotes is not a number. Lists become tuples, because a
    definition cannot be changed once it is read; so a model's fields are tuples too.

    Parameters
    ----------
    text : str
        The TOML document.
    model : type
        A pydantic model, usually one built on `Definition`.
    file : str
        Name of the file, for the faults.

    Raises
    ------
    DefinitionError
        When the text is not TOML or does not fit the model; it holds every fault.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError([_syntax_fault(str(error), file)]) from error
    try:
        return model.model_validate(_lists_to_tuples(data), strict=True)
    except ValidationError as error:
        raise DefinitionError(
            [
                _fault(detail, data, file)
                for detail in error.errors(include_url=False)
                if not _follows_from_another(detail)
            ]
        ) from error


def _follows_from_another(detail: ErrorDetails) -> bool:
    """pydantic counts the entries of a tuple that passed, so a faulty one makes it "too short"."""
    return detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]


def _lists_to_tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lists_to_tuples(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return tuple(_lists_to_tuples(entry) for entry in value)
    return value


def _syntax_fault(message: str, file: str) -> Fault:
    place = _PLACE_IN_SYNTAX_ERROR.search(message)
    where = place.group(1).removeprefix("at ") if place else ""
    found = _PLACE_IN_SYNTAX_ERROR.sub("", message)
    return Fault(file, where, f"a syntax error ({found})", "a TOML document")


def _fault(detail: ErrorDetails, data: Mapping[str, Any], file: str) -> Fault:
    where = _place(detail["loc"], data)
    kind = detail["type"]
    if kind == "missing":
        return Fault(file, where, "nothing", "a value for this key")
    if kind == "extra_forbidden":
        return Fault(file, where, "an unknown key", "only the keys of this table")
    if kind == "too_short":
        n = len(detail["input"])
        found = "1 entry" if n == 1 else f"{n} entries"
        return Fault(file, where, found, f"at least {detail['ctx']['min_length']}")
    if kind == "union_tag_not_found":
        return Fault(file, f"{where}.kind".lstrip("."), "nothing", "the kind of this table")
    if kind in _IN_OUR_WORDS:
        return Fault(file, where, _shown(detail["input"]), _IN_OUR_WORDS[kind])
    expected = detail["msg"]
    if kind == "union_tag_invalid":
        context = detail["ctx"]
        where = f"{where}.kind".lstrip(".")
        return Fault(file, where, repr(context["tag"]), f"one of {context['expected_tags']}")
    if kind == "string_pattern_mismatch":
        return Fault(file, where, _shown(detail["input"]), _form_of(detail["ctx"]["pattern"]))
    for opening in ("Input should be ", "Value error, "):
        expected = expected.removeprefix(opening)
    return Fault(file, where, _shown(detail["input"]), expected)


def _form_of(pattern: str) -> str:
    """Say in words what a pattern of ours asks for."""
    if pattern == r"\S":
        return "some words"
    if "@" in pattern:
        return "an email address"
    joint = "hyphens" if "-" in pattern and "_" not in pattern else "underscores"
    return f"a name of small letters, digits and {joint} that begins with a letter"


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "this table"
    shown = repr(value)
    return shown if len(shown) <= _LONGEST_SHOWN else f"{shown[: _LONGEST_SHOWN - 1]}…"


def _place(loc: Sequence[int | str], data: Mapping[str, Any]) -> str:
    """Return the table and key; pydantic's own marks of a union's member are left out."""
    place = ""
    here: Any = data
    just_entered = False
    for step in loc:
        is_mark_of_kind = just_entered and step == here.get("kind")
        just_entered = False
        if isinstance(here, Mapping) and isinstance(step, str) and not is_mark_of_kind:
            place += f".{step}"
            here = here.get(step)
        elif isinstance(here, list) and isinstance(step, int):
            place += f"[{step}]"
            here = here[step]
            just_entered = isinstance(here, Mapping)
    return place.removeprefix(".")
