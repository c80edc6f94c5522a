"""The words of a comment as a redactor leaves them."""

from __future__ import annotations

from wtforms import TextAreaField

from survey_app.web.forms import Filled, Form


class RedactionForm(Form):
    """The redacted words; they may not be empty, since a coder would read that as no answer."""

    redacted = TextAreaField(
        validators=[
            Filled("Leave some words: put [child A] or [removed] in place of what must not be seen")
        ]
    )
