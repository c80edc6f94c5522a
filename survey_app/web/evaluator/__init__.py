"""Reports by arm are asked for and read here."""

from __future__ import annotations

from survey_app.web.evaluator.views import blueprint

__all__ = ["blueprint"]
