"""Running a trial: how it stands, its roster, randomisation, letters and supervision sessions."""

from __future__ import annotations

from survey_app.web.coordinator import (
    authority_outcomes,
    correspondence,
    dashboard,
    invitations,
    letters,
    links,
    overview,
    people,
    plans,
    previews,
    randomisation,
    rehearsals,
    roster,
    schools,
    session_marks,
    sessions,
    waves,
)
from survey_app.web.coordinator.room import blueprint

__all__ = [
    "authority_outcomes",
    "blueprint",
    "correspondence",
    "dashboard",
    "invitations",
    "letters",
    "links",
    "overview",
    "people",
    "plans",
    "previews",
    "randomisation",
    "rehearsals",
    "roster",
    "schools",
    "session_marks",
    "sessions",
    "waves",
]
