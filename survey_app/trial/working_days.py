"""The days and hours in which schools are written to: no weekend, bank or school holiday.

Days are England's, and so are hours, whatever the server's clock says and whatever the clocks do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from holidays import country_holidays

from survey_app.trial.study_file import SchoolHoliday, StudyFile

ENGLAND = ZoneInfo("Europe/London")
_DAY = timedelta(days=1)
_FRIDAY = 4


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """When the schools of one study are at work; None as an authority means schools anywhere."""

    holidays: tuple[SchoolHoliday, ...]
    leave_from: time
    leave_until: time

    def is_one(self, day: date, authority: str | None) -> bool:
        """Whether schools of an authority are at work on a day."""
        return (
            day.weekday() <= _FRIDAY
            and day not in _bank_holidays(day.year)
            and not any(holiday.closes(day, authority) for holiday in self.holidays)
        )

    def on_or_after(self, day: date, authority: str | None) -> date:
        """The first working day from this one on."""
        while not self.is_one(day, authority):
            day += _DAY
        return day

    def on_or_before(self, day: date, authority: str | None) -> date:
        """The last working day up to this one."""
        while not self.is_one(day, authority):
            day -= _DAY
        return day

    def from_moment(self, at: datetime, authority: str | None) -> datetime:
        """The moment itself in working hours, or else the next at which they begin."""
        there = at.astimezone(ENGLAND)
        day = there.date()
        if self.is_one(day, authority):
            if self.leave_from <= there.time() < self.leave_until:
                return at
            if there.time() >= self.leave_until:
                day += _DAY
        else:
            day += _DAY
        opening = datetime.combine(self.on_or_after(day, authority), self.leave_from, ENGLAND)
        return opening.astimezone(UTC)


def working_days_of(study: StudyFile) -> WorkingDays:
    """When the schools of a study are at work."""
    return WorkingDays(
        holidays=study.school_holidays,
        leave_from=study.letters.leave_from,
        leave_until=study.letters.leave_until,
    )


def authorities_with_own_holidays(holidays: Sequence[SchoolHoliday]) -> tuple[str | None, ...]:
    """Whom a calendar can differ for: schools anywhere, and each authority that is named."""
    named = dict.fromkeys(name for holiday in holidays for name in holiday.authorities)
    return (None, *named)


@cache
def _bank_holidays(year: int) -> frozenset[date]:
    return frozenset(country_holidays("GB", subdiv="ENG", years=year))
