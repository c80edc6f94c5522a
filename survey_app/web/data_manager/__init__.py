"""Pages that could not be saved, the trail of changes, and the release of the arms."""

from __future__ import annotations

from survey_app.web.data_manager.views import blueprint

__all__ = ["blueprint"]
