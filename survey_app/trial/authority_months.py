"""The counts that authorities hold of schools, month by month: which there are, and for when."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from survey_app.trial.design import StudyDefinition

MEASURES: Final[Mapping[str, str]] = {
    "contacts": "Contacts",
    "no_further_action": "Contacts that ended in no further action",
    "referrals": "Referrals",
    "child_in_need_plans": "Child in need plans",
    "initial_conferences": "Initial child protection conferences",
}


@dataclass(frozen=True, slots=True)
class Period:
    """The months that counts are wanted for, each by its first day."""

    first: date
    last: date
    supervised_from: date
    """The first month in which supervision was planned: those before are the baseline."""

    @property
    def months(self) -> tuple[date, ...]:
        """Every month, in order."""
        return tuple(_every_month(self.first, self.last))

    def __contains__(self, month: date) -> bool:
        return self.first <= month <= self.last


def period_of(definition: StudyDefinition) -> Period:
    """The months of a study: as its file says, or from its first wave to its last."""
    table = definition.authority_counts
    first = definition.waves[0].opens_on if table is None else table.first_month
    last = definition.waves[-1].closes_on if table is None else table.last_month
    return Period(month_of(first), month_of(last), month_of(definition.sessions.first_on))


def month_of(day: date) -> date:
    """The first day of a day's month."""
    return day.replace(day=1)


def gaps(found: Collection[date]) -> tuple[date, ...]:
    """The months that are missing between the first and the last of those found."""
    if not found:
        return ()
    return tuple(month for month in _every_month(min(found), max(found)) if month not in found)


def months_in_words(months: Iterable[date]) -> str:
    """Months as "October 2019 to January 2020, March 2020"."""
    runs: list[list[date]] = []
    for month in sorted(months):
        if runs and _next(runs[-1][-1]) == month:
            runs[-1].append(month)
        else:
            runs.append([month])
    return ", ".join(
        f"{run[0]:%B %Y}" if len(run) == 1 else f"{run[0]:%B %Y} to {run[-1]:%B %Y}" for run in runs
    )


def _every_month(first: date, last: date) -> Iterator[date]:
    month = first
    while month <= last:
        yield month
        month = _next(month)


def _next(month: date) -> date:
    years, place = divmod(month.month, 12)
    return date(month.year + years, place + 1, 1)
