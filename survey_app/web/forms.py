"""What every form of the staff rooms shares: how its faults reach the page."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import ValidationError

REFUSED = 422


class Form(FlaskForm):
    """A form whose faults are shown in the page's summary and beside their field."""

    def refuse(self, message: str, field: str = "") -> None:
        """Add a fault found after the form itself was sound; without a field, it is the form's."""
        if field:
            self[field].errors = [*self[field].errors, message]
        else:
            self.form_errors.append(message)

    @property
    def faults(self) -> list[tuple[str, str]]:
        """Each fault with the address of its field, for the summary above the page."""
        named = [
            (str(message), f"#{field.id}") for field in self for message in field.errors if message
        ]
        return [*named, *((str(message), "") for message in self.form_errors)]

    def error(self, field: str) -> str:
        """Give the first fault of a field; empty where it has none."""
        return str(next(iter(self[field].errors), ""))


class Filled:
    """Refuses a field left empty or blank, saying what to do."""

    field_flags = {"required": True}  # noqa: RUF012  # WTForms reads a plain mapping

    def __init__(self, message: str) -> None:
        self._message = message

    def __call__(self, _form: object, field: object) -> None:
        if not str(getattr(field, "data", "") or "").strip():
            raise ValidationError(self._message)
