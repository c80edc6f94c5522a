"""Days and moments in words, as they are in England."""

from __future__ import annotations

from datetime import date, datetime

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from survey_app.trial.working_days import ENGLAND

_MONTHS = (
    _("January"), _("February"), _("March"), _("April"), _("May"), _("June"), _("July"),
    _("August"), _("September"), _("October"), _("November"), _("December"),
)  # fmt: skip


def day_in_words(day: date) -> str:
    """Give a day as "3 March 2020"."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def moment_in_words(at: datetime) -> str:
    """Give a moment as "3 March 2020 at 14:05", by the clocks of England."""
    there = at.astimezone(ENGLAND)
    words = gettext("%(day)s at %(time)s", day=day_in_words(there.date()), time=f"{there:%H:%M}")
    return str(words)
