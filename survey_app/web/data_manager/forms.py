"""What releasing the arms asks for."""

from __future__ import annotations

from wtforms import BooleanField, TextAreaField
from wtforms.validators import InputRequired, Length

from survey_app.web.forms import Filled, Form

LONGEST_REASON = 1000


class UnmaskingForm(Form):
    """A reason, and a tick that says it is meant."""

    because = TextAreaField(
        validators=[
            Filled("Enter the reason: who decided, and on what grounds"),
            Length(
                max=LONGEST_REASON,
                message=f"The reason must be {LONGEST_REASON} characters or fewer",
            ),
        ]
    )
    confirmed = BooleanField(
        validators=[InputRequired("Tick the box to say that you know this cannot be undone")]
    )
