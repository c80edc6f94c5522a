"""Comments are read one at a time, redacted, and released to coders."""

from __future__ import annotations

from survey_app.web.redactor.views import blueprint

__all__ = ["blueprint"]
