"""When a wave can be answered: its dates are days in England, whatever the server's clock says."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Literal

from survey_app.trial.study_file import Wave
from survey_app.trial.working_days import ENGLAND

WaveState = Literal["not_open_yet", "open", "closed"]


def day_in_england(at: datetime) -> date:
    """Give the date that a moment has in England."""
    return at.astimezone(ENGLAND).date()


def start_of_day_in_england(at: datetime) -> datetime:
    """Give the moment at which the day of a moment began in England."""
    return datetime.combine(day_in_england(at), time.min, ENGLAND).astimezone(UTC)


def state_of(wave: Wave, *, at: datetime) -> WaveState:
    """Say whether a wave takes answers; its first and last days both count."""
    today = day_in_england(at)
    if today < wave.opens_on:
        return "not_open_yet"
    return "open" if today <= wave.closes_on else "closed"
