"""What each kind of cell of a roster may hold, and how it is refused in plain words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal

from email_validator import EmailNotValidError, validate_email

from survey_app.trial.register import (
    MAINSTREAM_TYPES,
    NOT_MAINSTREAM_TYPES,
    OPEN_STATUSES,
    PHASES,
    plain,
)
from survey_app.trial.study_file import Phase

Role = Literal["DSL", "deputy"]

LONGEST_CELL: Final = 200
FORMULA_OPENINGS: Final = ("=", "+", "-", "@")
YES: Final = frozenset({"yes", "y", "true", "1"})
NO: Final = frozenset({"no", "n", "false", "0"})
ROLES: Final[Mapping[str, Role]] = {
    "dsl": "DSL",
    "lead": "DSL",
    "designated safeguarding lead": "DSL",
    "deputy": "deputy",
    "ddsl": "deputy",
    "deputy dsl": "deputy",
    "deputy designated safeguarding lead": "deputy",
}


class CellError(ValueError):
    """A cell's text, refused; the message says what was found and what was expected."""


def checked_text(text: str) -> str:
    """The text, where it is one line that is safe to keep and to show."""
    if not text:
        raise CellError("the cell is empty; expected a value")
    if len(text) > LONGEST_CELL:
        raise CellError(f"found {len(text)} characters; expected at most {LONGEST_CELL}")
    if not text.isprintable():
        raise CellError(
            f"found {text!r}; expected one line of text (a line break or an invisible character is "
            "in it, perhaps because a quotation mark is missing)"
        )
    if text.startswith(FORMULA_OPENINGS):
        raise CellError(
            f"found {text!r}; expected a value that a spreadsheet does not take for a formula, "
            f"so nothing that begins with {' '.join(FORMULA_OPENINGS)}"
        )
    return text


def name_of(text: str) -> str:
    """A name, without the sign that separates names in the allocation's draws."""
    if "|" in text or not any(character.isalpha() for character in text):
        raise CellError(f"found {text!r}; expected a name, without the sign |")
    return text


def urn_of(text: str) -> str:
    """A school's unique reference number."""
    if not re.fullmatch(r"[1-9][0-9]{5}", text):
        raise CellError(f"found {text!r}; expected a URN, which is six digits such as 105160")
    return text


def phase_of(text: str) -> Phase:
    """A phase, in our words or the register's."""
    phase = PHASES.get(plain(text))
    if phase is None:
        expected = ", ".join(dict.fromkeys(PHASES.values()))
        raise CellError(f"found {text!r}; expected one of {expected}")
    return phase


def yes_or_no_of(text: str) -> bool:
    """Yes is True."""
    answer = text.casefold()
    if answer not in YES | NO:
        raise CellError(f"found {text!r}; expected yes or no")
    return answer in YES


def mainstream_type_of(text: str) -> bool:
    """Whether schools of this type of the register are mainstream."""
    kind = plain(text)
    if kind not in MAINSTREAM_TYPES | NOT_MAINSTREAM_TYPES:
        raise CellError(
            f"found {text!r}; expected a type of the national register, or a column mainstream "
            "that says yes or no"
        )
    return kind in MAINSTREAM_TYPES


def open_status_of(text: str) -> None:
    """Refuses a school that is closed or not open yet."""
    if plain(text) not in OPEN_STATUSES:
        raise CellError(
            f"found {text!r}; expected an open school (Open, or Open, but proposed to close)"
        )


def email_of(text: str) -> str:
    """An address in the form in which it is kept and compared."""
    try:
        address = validate_email(text, allow_smtputf8=False, check_deliverability=False)
    except EmailNotValidError as error:
        reason = str(error).rstrip(".")
        raise CellError(f"found {text!r}; expected an email address ({reason})") from error
    return address.normalized.lower()


def role_of(text: str) -> Role:
    """DSL or deputy."""
    role = ROLES.get(plain(text))
    if role is None:
        raise CellError(f"found {text!r}; expected DSL or deputy")
    return role
