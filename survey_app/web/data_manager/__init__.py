"""Who has access, pages that could not be saved, the trail of changes, the release of the arms."""

from __future__ import annotations

from survey_app.web.data_manager import rights, staff, views
from survey_app.web.data_manager.room import blueprint

__all__ = ["blueprint", "rights", "staff", "views"]
