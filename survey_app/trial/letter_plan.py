"""Which letter each invited person is due on a day, and the whole wave played through beforehand.

The outbox is filled by `letters_due`, and `planned_letters` asks the same function of one day after
another, so that what a coordinator is shown beforehand is what will happen if nobody answers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from survey_app.trial.study_file import StudyFile, Wave
from survey_app.trial.working_days import WorkingDays, working_days_of


@dataclass(frozen=True, slots=True)
class Standing:
    """How one invited person stands who has not answered: what was written, and on which day."""

    invitation_id: int
    school_id: int
    authority: str
    takes_reminders: bool = True
    written: Mapping[tuple[str, int], date] | None = None
    """The letters that ask for answers, by kind and number."""

    @property
    def invited_on(self) -> date | None:
        """The day of the invitation; None while it has not been written."""
        return (self.written or {}).get(("invitation", 1))

    @property
    def last_written_on(self) -> date:
        return max((self.written or {}).values(), default=date.min)

    def after(self, letter: DueLetter, on: date) -> Standing:
        """The same person once the letter was written."""
        return replace(self, written={**(self.written or {}), (letter.kind, letter.number): on})


@dataclass(frozen=True, slots=True)
class DueLetter:
    """One letter that should be written to one invited person now."""

    invitation_id: int
    kind: str
    number: int


@dataclass(frozen=True, slots=True)
class PlannedLetter:
    """One letter of the whole wave, and its day."""

    on: date
    letter: DueLetter


@dataclass(frozen=True, slots=True)
class LetterDays:
    """The days on which one authority's schools are written to in one wave."""

    reminders: tuple[date, ...]
    """In order; two that were moved to the same day are one letter."""
    last_call: date


def letter_days(study: StudyFile, wave: Wave, authority: str | None) -> LetterDays:
    """Give a wave's days of letters, moved to days on which schools are at work.

    Reminders move forward and the last call back. A reminder that would come to stand on the day
    of the last call, or after it, is left out.
    """
    days = working_days_of(study)
    close = wave.closes_on - timedelta(days=study.letters.last_call_days_before_close)
    last_call = days.on_or_before(close, authority)
    reminders = (
        days.on_or_after(wave.opens_on + timedelta(days=n), authority)
        for n in study.letters.reminder_days
    )
    return LetterDays(tuple(day for day in reminders if day < last_call), last_call)


def letters_due(
    study: StudyFile,
    wave: Wave,
    people: Iterable[Standing],
    *,
    on: date,
    n_written: Mapping[int, int],
    days: WorkingDays | None = None,
) -> list[DueLetter]:
    """Give the letters to write on a day: the newest due to each person, within a school's limit.

    `n_written` says how many letters each school already has that day. Whoever has waited longest
    since their last letter comes first, so that the same people are not put off each time.
    Without `days`, any day is a working day.
    """
    most = study.letters.most_per_school_per_day
    room = Counter(n_written)
    by_authority: dict[str, LetterDays] = {}
    found = []
    for person in sorted(people, key=lambda p: (p.last_written_on, p.invitation_id)):
        if days is not None and not days.is_one(on, person.authority):
            continue
        if person.authority not in by_authority:
            by_authority[person.authority] = letter_days(study, wave, person.authority)
        letter = _due_to(person, by_authority[person.authority], on)
        if letter is None or (most is not None and room[person.school_id] >= most):
            continue
        room[person.school_id] += 1
        found.append(letter)
    return found


def _due_to(person: Standing, days: LetterDays, on: date) -> DueLetter | None:
    if person.last_written_on >= on:
        # One letter a day, also where an older one is still to leave.
        return None
    if person.invited_on is None:
        return DueLetter(person.invitation_id, "invitation", 1)
    if not person.takes_reminders:
        return None
    if person.invited_on < days.last_call <= on:
        kind, number = "last_call", 1
    else:
        numbers = [n for n, day in enumerate(days.reminders, 1) if person.invited_on < day <= on]
        if not numbers:
            return None
        kind, number = "reminder", numbers[-1]
    if (kind, number) in (person.written or {}):
        return None
    return DueLetter(person.invitation_id, kind, number)


def planned_letters(
    study: StudyFile, wave: Wave, people: Sequence[Standing], *, starting_on: date
) -> list[PlannedLetter]:
    """Give every letter still to come in a wave, day by day, if nobody answers."""
    days = working_days_of(study)
    standing = {person.invitation_id: person for person in people}
    planned = []
    on = max(starting_on, wave.opens_on)
    while on <= wave.closes_on:
        already = Counter(p.school_id for p in standing.values() if p.last_written_on == on)
        for letter in letters_due(
            study, wave, standing.values(), on=on, n_written=already, days=days
        ):
            standing[letter.invitation_id] = standing[letter.invitation_id].after(letter, on)
            planned.append(PlannedLetter(on, letter))
        on += timedelta(days=1)
    return planned
