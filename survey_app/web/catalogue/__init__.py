"""The instruments that come with the program, for every member of staff to browse."""

from __future__ import annotations

from survey_app.web.catalogue.views import blueprint

__all__ = ["blueprint"]
