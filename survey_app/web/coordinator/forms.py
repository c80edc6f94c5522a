"""What a coordinator uploads, types and ticks."""

from __future__ import annotations

from datetime import date

from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import AnyOf, InputRequired, Length

from survey_app.operations.wave_changes import LONGEST_REASON
from survey_app.web.forms import Filled, Form

LONGEST_SEED = 100
OUTCOMES = {
    "planned": "It is still to come",
    "attended": "It was offered and attended",
    "missed": "It was offered and not attended",
    "not_offered": "It was not offered",
    "cancelled": "It was cancelled",
}
MARKS = {
    "attended": "Attended",
    "missed": "Not attended",
    "not_offered": "Not offered",
}


class RosterForm(Form):
    """A roster file."""

    roster = FileField(validators=[FileRequired("Choose a CSV file")])


class ActOfAllocationForm(Form):
    """Why people who have not answered are not waited for, and a tick that says it is meant."""

    cut_off_because = TextAreaField(
        validators=[
            Length(
                max=LONGEST_REASON,
                message=f"The reason must be {LONGEST_REASON} characters or fewer",
            )
        ]
    )
    confirmed = BooleanField(
        validators=[InputRequired("Tick the box to say that you know this is done only once")]
    )


class RandomisationForm(ActOfAllocationForm):
    """The same, with a seed where one was agreed beforehand."""

    seed = StringField(
        validators=[
            Length(max=LONGEST_SEED, message=f"The seed must be {LONGEST_SEED} characters or fewer")
        ]
    )


class AllocationImportForm(ActOfAllocationForm):
    """The same, with the file of an allocation and who made it."""

    allocation = FileField(validators=[FileRequired("Choose a CSV file")])
    source = StringField(
        validators=[
            Filled("Say who made the allocation, and how"),
            Length(
                max=LONGEST_REASON, message=f"This must be {LONGEST_REASON} characters or fewer"
            ),
        ]
    )


class SessionForm(Form):
    """One meeting of a school; which there are, and of which kinds, the study says."""

    number = StringField(validators=[Filled("Choose which session it is")])
    day = StringField(name="planned_on-day")
    month = StringField(name="planned_on-month")
    year = StringField(name="planned_on-year")
    outcome = StringField(validators=[AnyOf(tuple(OUTCOMES), message="Say what happened")])
    held_day = StringField(name="held_on-day")
    held_month = StringField(name="held_on-month")
    held_year = StringField(name="held_on-year")
    model = StringField()
    group = StringField(validators=[Length(max=100, message="Use 100 characters or fewer")])
    supervisor = StringField(validators=[Length(max=100, message="Use 100 characters or fewer")])
    because = StringField(validators=[Length(max=500, message="Use 500 characters or fewer")])
    came = SelectMultipleField(validate_choice=False, coerce=int)

    def validate_year(self, _field: object) -> None:
        """Refuse a day that is not in the calendar."""
        if self.planned_on is None:
            raise ValidationError("Enter the day it was planned for, for example 27 3 2020")

    def validate_held_year(self, _field: object) -> None:
        """Refuse a day that is not in the calendar; none at all is the day it was planned for."""
        if self.held_on is None and any(
            (part.data or "").strip() for part in (self.held_year, self.held_month, self.held_day)
        ):
            raise ValidationError("Enter the day it was held, for example 30 3 2020")

    @property
    def planned_on(self) -> date | None:
        """The day typed; None where it is not one."""
        return _typed_day(self.year, self.month, self.day)

    @property
    def held_on(self) -> date | None:
        """The day typed; None where it is not one."""
        return _typed_day(self.held_year, self.held_month, self.held_day)


class SessionsFileForm(Form):
    """A file of sessions."""

    sessions = FileField(validators=[FileRequired("Choose a CSV file")])


class CountsForm(Form):
    """A file of counts."""

    counts = FileField(validators=[FileRequired("Choose a CSV file")])


class MarksForm(Form):
    """What became of many sessions; the rows are read from what was posted."""

    rest = StringField(
        default="", validators=[AnyOf(("", *MARKS), message="Say what happened to the others")]
    )


class RehearsalForm(Form):
    """The seed of a rehearsal; without one it is drawn."""

    seed = StringField(
        validators=[
            Length(
                max=LONGEST_SEED, message=f"The seed must be {LONGEST_SEED} characters or fewer"
            ),
        ]
    )


class WaveForm(Form):
    """Another last day of a wave, or its opening today, and why."""

    act = StringField()
    day = StringField(name="closes_on-day")
    month = StringField(name="closes_on-month")
    year = StringField(name="closes_on-year")
    because = StringField(
        validators=[
            Filled("Say why the days of the wave are changed"),
            Length(
                max=LONGEST_REASON,
                message=f"The reason must be {LONGEST_REASON} characters or fewer",
            ),
        ]
    )

    def validate_year(self, _field: object) -> None:
        """Refuse a day that is not in the calendar; to open the wave needs none."""
        if self.act.data != "open" and self.last_day is None:
            raise ValidationError("Enter the last day, for example 10 7 2020")

    @property
    def last_day(self) -> date | None:
        """The day typed; None where it is not one."""
        return _typed_day(self.year, self.month, self.day)


class PostForm(Form):
    """Which letters to print: everybody's of a wave who is still to answer, or one person's."""

    wave = StringField(validators=[Filled("Choose a wave")])
    person = StringField(validators=[Length(max=200, message="That is too long for an address")])
    as_list = BooleanField()


class TakeBackForm(Form):
    """Whose links to take back, and a tick that says it is meant."""

    scope = StringField(validators=[Filled("Say whose links to take back")])
    confirmed = BooleanField(
        validators=[InputRequired("Tick the box to say that you know this cannot be undone")]
    )


class PreviewForm(Form):
    """Which letter to look at, of which wave, and as whom."""

    person = StringField()
    letter = StringField()
    wave = StringField()


def _typed_day(year: StringField, month: StringField, day: StringField) -> date | None:
    try:
        return date(*(int(part.data or "") for part in (year, month, day)))
    except ValueError:
        return None
