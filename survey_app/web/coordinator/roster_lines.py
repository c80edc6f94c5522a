"""What the roster's pages say: schools, faults line by line, and what an import did."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from survey_app.operations.enrolment import RosterSummary
from survey_app.trial.errors import RosterFault
from survey_app.trial.roster import RosterNote

# Messages travel in the cookie, which holds 4 KB.
_MOST_NOTES = 3

COLUMNS = (
    ("authority", "LA (name)", "The local authority"),
    ("school", "EstablishmentName", "The school's name"),
    ("urn", "URN", "Its six-digit number in the national register"),
    ("phase", "PhaseOfEducation (name)", "Primary, secondary, all-through and so on"),
    ("mainstream", "TypeOfEstablishment (name)", "Yes or no; only mainstream schools take part"),
    ("dsl_name", "", "The name letters are written to"),
    ("dsl_email", "", "The address letters are sent to"),
    ("dsl_role", "", "DSL or deputy"),
    ("trust", "Trusts (name)", "The trust, where it belongs to one; the column may be missing"),
)


class Named(Protocol):
    """Something with a name."""

    @property
    def name(self) -> str: ...


class InArm(Protocol):
    """An allocation of a school."""

    @property
    def arm(self) -> str: ...


class SchoolOnRoster(Protocol):
    """A school as the record gives it."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def urn(self) -> str: ...
    @property
    def exclusion(self) -> str: ...
    @property
    def authority(self) -> Named: ...
    @property
    def allocation(self) -> InArm | None: ...


class HasRole(Protocol):
    """A participant, who is a DSL or a deputy."""

    @property
    def role(self) -> str: ...


class Person(Protocol):
    """Somebody's name and address."""

    @property
    def name(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def participant(self) -> HasRole: ...


def school_rows(
    schools: Iterable[SchoolOnRoster],
    people: Mapping[int, Sequence[Person]],
    arm_labels: Mapping[str, str],
    *,
    school_href: Callable[[str], str],
) -> list[list[Any]]:
    """Give each school with its people and what it was allocated to."""
    return [
        [
            {"text": school.name, "href": school_href(school.urn)},
            school.urn,
            school.authority.name,
            "; ".join(
                f"{each.name} ({each.participant.role}), {each.email}"
                for each in people.get(school.id, ())
            ),
            standing_of_school(school, arm_labels),
        ]
        for school in schools
    ]


def standing_of_school(school: SchoolOnRoster, arm_labels: Mapping[str, str]) -> str:
    """Say whether a school takes part, and in which arm where that may be known."""
    if school.exclusion:
        return f"Cannot take part: {school.exclusion[0].lower()}{school.exclusion[1:]}"
    if school.allocation is None:
        return "Not randomised yet"
    return arm_labels.get(school.allocation.arm, "Randomised")


def fault_rows(faults: Iterable[RosterFault]) -> list[list[str]]:
    """Give each fault as line, column and reason; line 0 is the file as a whole."""
    return [
        [str(fault.line) if fault.line else "The file", fault.column, fault.reason]
        for fault in faults
    ]


def import_in_words(summary: RosterSummary) -> str:
    """Say what an import did."""
    return (
        f"The roster was imported. Schools: {summary.schools_added} added, "
        f"{summary.schools_updated} changed. People: {summary.people_added} added, "
        f"{summary.people_updated} changed, {summary.people_moved} moved, "
        f"{summary.people_unchanged} as before."
    )


def notes_in_words(notes: Sequence[RosterNote]) -> list[str]:
    """Give the first things to look at, and how many more there are."""
    shown = [
        f"Look at line {note.line}: {note.message}" if note.line else note.message
        for note in notes[:_MOST_NOTES]
    ]
    more = len(notes) - len(shown)
    return [*shown, f"There are {more} more lines like this."] if more > 0 else shown
