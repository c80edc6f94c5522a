"""What anybody may open: the start page, the state of the service, the demonstration's mailbox."""

from __future__ import annotations

from survey_app.web.public import state
from survey_app.web.public.mailbox import demonstration
from survey_app.web.public.views import blueprint

__all__ = ["blueprint", "demonstration", "state"]
