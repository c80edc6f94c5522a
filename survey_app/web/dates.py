"""Days and moments in words, as they are in England."""

from __future__ import annotations

from datetime import date, datetime

from survey_app.trial.working_days import ENGLAND

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def day_in_words(day: date) -> str:
    """Give a day as "3 March 2020"."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def moment_in_words(at: datetime) -> str:
    """Give a moment as "3 March 2020 at 14:05", by the clocks of England."""
    there = at.astimezone(ENGLAND)
    return f"{day_in_words(there.date())} at {there:%H:%M}"
