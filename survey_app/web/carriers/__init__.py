"""The door for services that carry letters, which say here what became of them."""

from __future__ import annotations

from survey_app.web.carriers import reporting
from survey_app.web.carriers.room import blueprint

__all__ = ["blueprint", "reporting"]
