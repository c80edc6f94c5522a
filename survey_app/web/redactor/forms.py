"""The words of a comment as a redactor leaves them."""

from __future__ import annotations

from datetime import datetime

from wtforms import HiddenField, TextAreaField

from survey_app.web.forms import Filled, Form


class RedactionForm(Form):
    """The redacted words; they may not be empty, since a coder would read that as no answer."""

    as_saved_at = HiddenField()
    redacted = TextAreaField(
        validators=[
            Filled("Leave some words: put [child A] or [removed] in place of what must not be seen")
        ]
    )

    @property
    def read_at(self) -> datetime | None:
        """When the words that were read were saved; None where the form does not say."""
        try:
            return datetime.fromisoformat(self.as_saved_at.data or "")
        except ValueError:
            return None
