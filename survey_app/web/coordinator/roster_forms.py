"""What is typed to add, change, move and merge schools and people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from wtforms import BooleanField, StringField, ValidationError
from wtforms.validators import AnyOf, InputRequired, Length

from survey_app.operations.turnover import LEAVING_REASONS
from survey_app.trial.register import PHASES
from survey_app.trial.roster_cells import (
    LONGEST_CELL,
    CellError,
    checked_text,
    email_of,
    name_of,
    urn_of,
)
from survey_app.trial.roster_file import cleaned
from survey_app.web.forms import Filled, Form

ROLES = ("DSL", "deputy")
PHASE_CHOICES = tuple(dict.fromkeys(PHASES.values()))
ANSWERS = ("yes", "no")
_TOO_LONG = Length(max=LONGEST_CELL, message=f"Use {LONGEST_CELL} characters or fewer")


class Cell:
    """Holds a field to what a cell of a roster may hold, and keeps it in the same form."""

    def __init__(self, parse: Callable[[str], Any], *, may_be_empty: bool = False) -> None:
        self._parse = parse
        self._may_be_empty = may_be_empty

    def __call__(self, _form: object, field: Any) -> None:
        text = cleaned(field.data or "")
        if not text and self._may_be_empty:
            field.data = ""
            return
        try:
            field.data = self._parse(checked_text(text))
        except CellError as error:
            words = str(error)
            raise ValidationError(words[:1].upper() + words[1:]) from error


class DayForm(Form):
    """A form that asks for a day, as three fields."""

    day = StringField(name="on-day")
    month = StringField(name="on-month")
    year = StringField(name="on-year")

    def validate_year(self, _field: object) -> None:
        """Refuse a day that is not in the calendar."""
        if self.on is None:
            raise ValidationError("Enter a day, for example 27 3 2020")

    @property
    def on(self) -> date | None:
        """The day typed; None where it is not one."""
        try:
            return date(*(int(part.data or "") for part in (self.year, self.month, self.day)))
        except ValueError:
            return None


def on_day(day: date) -> dict[str, str]:
    """The fields of a form that asks for a day, filled in with one."""
    return {"day": str(day.day), "month": str(day.month), "year": str(day.year)}


class SchoolForm(Form):
    """What is on record of a school; the number is typed only for a new one."""

    name = StringField(validators=[Filled("Enter the name of the school"), Cell(name_of)])
    authority = StringField(validators=[Filled("Enter the local authority"), Cell(name_of)])
    trust = StringField(validators=[Cell(name_of, may_be_empty=True)])
    phase = StringField(validators=[AnyOf(PHASE_CHOICES, message="Choose the phase")])
    mainstream = StringField(
        validators=[AnyOf(ANSWERS, message="Say whether it is a mainstream school")]
    )


class NewSchoolForm(SchoolForm):
    """A school with its number in the national register."""

    urn = StringField(validators=[Filled("Enter the URN"), Cell(urn_of)])


class PersonForm(DayForm):
    """Somebody's name, address and role, and since when."""

    name = StringField(validators=[Filled("Enter the name"), Cell(name_of)])
    email = StringField(validators=[Filled("Enter the email address"), Cell(email_of)])
    role = StringField(validators=[AnyOf(ROLES, message="Say whether DSL or deputy")])


class LeavingForm(DayForm):
    """Why and when somebody left, and whether somebody followed."""

    because = StringField(validators=[AnyOf(LEAVING_REASONS, message="Say why they left")])
    followed = StringField(
        validators=[AnyOf(ANSWERS, message="Say whether somebody has taken the role over")]
    )


class PlaceForm(DayForm):
    """Another school, by its number, and since when."""

    urn = StringField(validators=[Filled("Enter the URN of the school"), Cell(urn_of)])


class MergeForm(Form):
    """The other record of the same person or school, and a tick that says it is meant."""

    other = StringField(validators=[Filled("Enter the other record"), _TOO_LONG])
    confirmed = BooleanField(
        validators=[InputRequired("Tick the box to say that you know this cannot be undone")]
    )
