"""Codes given to a comment, and codes added to the codebook."""

from __future__ import annotations

from wtforms import SelectMultipleField, StringField, TextAreaField
from wtforms.validators import Length

from survey_app.web.forms import Filled, Form

LONGEST_LABEL = 100
LONGEST_DEFINITION = 1000


_NO_CODE = 0


def _code_id(posted: object) -> int:
    # What is no number names no code, and is refused where every unknown code is.
    text = str(posted)
    return int(text) if text.isdecimal() else _NO_CODE


class CodingForm(Form):
    """The codes ticked for one comment; none takes back those given before."""

    codes = SelectMultipleField(coerce=_code_id, validate_choice=False)


class CodeForm(Form):
    """A new code: what it is called and when it is given."""

    label = StringField(
        validators=[
            Filled("Enter a label, such as Workload"),
            Length(
                max=LONGEST_LABEL, message=f"The label must be {LONGEST_LABEL} characters or fewer"
            ),
        ]
    )
    definition = TextAreaField(
        validators=[
            Filled("Enter a definition: when a comment is given this code"),
            Length(
                max=LONGEST_DEFINITION,
                message=f"The definition must be {LONGEST_DEFINITION} characters or fewer",
            ),
        ]
    )
