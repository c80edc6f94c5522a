"""Where a person goes after signing in: only ever to a page of this service."""

from __future__ import annotations

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map

from survey_app.web.sessions import is_participant_path


def safe_destination(wanted: str, pages: Map) -> str:
    """Give the wanted path where it is a page of the service that staff open; empty otherwise."""
    if not wanted.startswith("/") or wanted.startswith("//") or "\\" in wanted:
        return ""
    if not wanted.isprintable() or "?" in wanted or "#" in wanted or is_participant_path(wanted):
        return ""
    try:
        pages.bind("").match(wanted, method="GET")
    except HTTPException:
        return ""
    return wanted
