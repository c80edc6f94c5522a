"""What the pages of the authorities' counts say."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from survey_app.operations.authority_counts import CountsSummary
from survey_app.trial.authority_months import Period, months_in_words
from survey_app.web.dates import moment_in_words
from survey_app.web.people import actor_in_words

_MOST_NOTES = 3

COLUMNS = (
    ("urn", "Yes", "The school's six-digit number"),
    ("month", "Yes", "2019-10, 10/2019 or October 2019"),
    ("contacts", "Yes", "Contacts with children's services in the month"),
    ("no_further_action", "", "Of these, how many ended in no further action; or nfa"),
    ("referrals", "", "Referrals"),
    ("child_in_need_plans", "", "Child in need plans; or cin plans"),
    ("initial_conferences", "", "Initial child protection conferences; or icpc"),
)


class Complete(Protocol):
    """How many schools of one authority have counts for one month."""

    @property
    def authority(self) -> str: ...
    @property
    def month(self) -> date: ...
    @property
    def schools(self) -> int: ...


class Named(Protocol):
    """A school."""

    @property
    def name(self) -> str: ...
    @property
    def urn(self) -> str: ...


class Import(Protocol):
    """One import as the record gives it."""

    @property
    def imported_at(self) -> datetime: ...
    @property
    def imported_by(self) -> str: ...
    @property
    def file_name(self) -> str: ...
    @property
    def file_sha256(self) -> str: ...
    @property
    def n_new(self) -> int: ...
    @property
    def n_changed(self) -> int: ...
    @property
    def n_unchanged(self) -> int: ...


def completeness_table(
    found: Iterable[Complete], eligible: Mapping[str, int], period: Period
) -> tuple[list[str], list[list[str | int]]]:
    """Give the headings, and for each authority how many schools have counts in each month."""
    counts = {(each.authority, each.month): each.schools for each in found}
    rows: list[list[str | int]] = [
        [name, n, *(counts.get((name, month), 0) for month in period.months)]
        for name, n in eligible.items()
    ]
    if len(rows) > 1:
        columns = range(1, len(period.months) + 2)
        rows.append(["All", *(sum(int(row[place]) for row in rows) for place in columns)])
    return ["Local authority", "Schools", *(f"{month:%b %Y}" for month in period.months)], rows


def gap_rows(schools: Iterable[tuple[Named, Collection[date]]], period: Period) -> list[list[str]]:
    """Give each school with a month that has no counts yet, and which."""
    return [
        [school.name, school.urn, "Every month" if not found else months_in_words(missing)]
        for school, found in schools
        if (missing := [month for month in period.months if month not in found])
    ]


def import_rows(imports: Sequence[Import], names: Mapping[int, str]) -> list[list[str | int]]:
    """Give each import: when, who, which file, and what it changed."""
    return [
        [
            moment_in_words(each.imported_at),
            actor_in_words(each.imported_by, names),
            each.file_name,
            each.file_sha256,
            each.n_new,
            each.n_changed,
            each.n_unchanged,
        ]
        for each in imports
    ]


def import_in_words(summary: CountsSummary) -> str:
    """Say what an import of counts did."""
    if not summary.new and not summary.changed:
        return "The file says nothing new: every count in it is on record already."
    return (
        f"The counts were imported. Months of schools: {summary.new} new, {summary.changed} "
        f"that replace other counts, {summary.unchanged} as before."
    )


def notes_in_words(notes: Sequence[str], summary: CountsSummary) -> list[str]:
    """Give the first gaps, how many more there are, and how many schools have no row."""
    shown = list(notes[:_MOST_NOTES])
    if len(notes) > len(shown):
        shown.append(f"There are {len(notes) - len(shown)} more schools with gaps.")
    if summary.schools_left_out:
        n = summary.schools_left_out
        shown.append(
            f"{n} school that can take part has no row in the file."
            if n == 1
            else f"{n} schools that can take part have no row in the file."
        )
    return shown
