"""Released comments are coded here, by people who may not know the arms."""

from __future__ import annotations

from survey_app.web.researcher.views import blueprint

__all__ = ["blueprint"]
