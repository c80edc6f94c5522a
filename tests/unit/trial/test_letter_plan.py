"""Who is written to on which day: moved off days away, within a school's limit, in turn."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest

from survey_app.trial.design import StudyDefinition, load_ready_made
from survey_app.trial.letter_plan import (
    DueLetter,
    Standing,
    letter_days,
    letters_due,
    planned_letters,
)
from survey_app.trial.study_file import SchoolHoliday, Wave
from survey_app.trial.working_days import working_days_of

OPENS = date(2019, 9, 16)


@pytest.fixture
def bolton() -> StudyDefinition:
    return load_ready_made()["bolton-primary"]


@pytest.fixture
def wave(bolton) -> Wave:
    return bolton.wave("baseline")


def limited(study: StudyDefinition, most: int | None) -> StudyDefinition:
    letters = study.letters.model_copy(update={"most_per_school_per_day": most})
    return study.model_copy(update={"letters": letters})


def person(number: int, school: int = 1, **more) -> Standing:
    return Standing(invitation_id=number, school_id=school, authority="Bolton", **more)


def invited(number: int, school: int = 1, **more) -> Standing:
    return person(number, school, written={("invitation", 1): OPENS}, **more)


def due(study, wave, people, on, n_written=None) -> list[DueLetter]:
    return letters_due(
        study, wave, people, on=on, n_written=n_written or {}, days=working_days_of(study)
    )


def test_reminders_move_off_a_weekend_and_the_last_call_counts_from_the_close(bolton, wave):
    days = letter_days(bolton, wave, "Bolton")
    assert days.reminders == (date(2019, 9, 23), date(2019, 9, 26), date(2019, 10, 1))
    assert days.last_call == date(2019, 10, 15)


def test_an_authority_s_own_holiday_moves_its_letters_alone(bolton, wave):
    away = SchoolHoliday(
        name="Training days",
        starts_on=date(2019, 9, 26),
        ends_on=date(2019, 9, 27),
        authorities=("Wigan",),
        tag="our choice",
    )
    study = bolton.model_copy(update={"school_holidays": (away,)})
    assert letter_days(study, wave, "Bolton").reminders[1] == date(2019, 9, 26)
    assert letter_days(study, wave, "Wigan").reminders[1] == date(2019, 9, 30)


def test_a_last_call_on_a_day_away_goes_before_it_and_no_reminder_after(bolton, wave):
    away = SchoolHoliday(
        name="Away",
        starts_on=date(2019, 9, 30),
        ends_on=date(2019, 10, 18),
        tag="our choice",
    )
    days = letter_days(bolton.model_copy(update={"school_holidays": (away,)}), wave, None)
    assert days.last_call == date(2019, 9, 27)
    assert days.reminders == (date(2019, 9, 23), date(2019, 9, 26))


def test_nobody_is_due_a_letter_on_a_day_away(bolton, wave):
    assert due(bolton, wave, [person(1), invited(2)], date(2019, 9, 21)) == []


def test_who_is_not_invited_yet_is_due_the_invitation_and_nothing_else(bolton, wave):
    for day in (OPENS, date(2019, 9, 26), date(2019, 10, 15)):
        assert due(bolton, wave, [person(1)], day) == [DueLetter(1, "invitation", 1)]


def test_each_is_due_the_newest_letter_once(bolton, wave):
    assert due(bolton, wave, [invited(1)], date(2019, 9, 25)) == [DueLetter(1, "reminder", 1)]
    assert due(bolton, wave, [invited(1)], date(2019, 9, 27)) == [DueLetter(1, "reminder", 2)]
    reminded = invited(1).after(DueLetter(1, "reminder", 2), date(2019, 9, 27))
    assert due(bolton, wave, [reminded], date(2019, 9, 30)) == []
    assert due(bolton, wave, [reminded], date(2019, 10, 16)) == [DueLetter(1, "last_call", 1)]


def test_who_wants_no_reminders_is_invited_and_not_reminded(bolton, wave):
    unwilling = person(1, takes_reminders=False)
    assert due(bolton, wave, [unwilling], OPENS) == [DueLetter(1, "invitation", 1)]
    later = invited(1, takes_reminders=False)
    assert due(bolton, wave, [later], date(2019, 9, 26)) == []
    assert due(bolton, wave, [later], date(2019, 10, 15)) == []


def test_nobody_is_due_two_letters_in_one_day(bolton, wave):
    late = person(1, written={("invitation", 1): date(2019, 9, 26)})
    assert due(bolton, wave, [late], date(2019, 9, 26)) == []
    assert due(bolton, wave, [late], date(2019, 9, 30)) == []
    assert due(bolton, wave, [late], date(2019, 10, 1)) == [DueLetter(1, "reminder", 3)]


def test_a_school_s_limit_counts_what_it_was_sent_and_is_no_other_school_s(bolton, wave):
    people = [person(n, school=1) for n in (1, 2, 3)] + [person(4, school=2)]
    found = due(limited(bolton, 2), wave, people, OPENS, {1: 1})
    assert [letter.invitation_id for letter in found] == [1, 4]


def test_whoever_waited_longest_is_first(bolton, wave):
    people = [invited(n) for n in (1, 2, 3)]
    people[0] = people[0].after(DueLetter(1, "reminder", 1), date(2019, 9, 24))
    people[2] = people[2].after(DueLetter(3, "reminder", 1), date(2019, 9, 23))
    found = due(limited(bolton, 2), wave, people, date(2019, 9, 26))
    assert [letter.invitation_id for letter in found] == [2, 3]


def test_the_plan_of_a_wave_has_every_letter_on_its_day(bolton, wave):
    planned = planned_letters(bolton, wave, [person(1), person(2, school=2)], starting_on=OPENS)
    assert Counter((each.on, each.letter.kind) for each in planned) == {
        (OPENS, "invitation"): 2,
        (date(2019, 9, 23), "reminder"): 2,
        (date(2019, 9, 26), "reminder"): 2,
        (date(2019, 10, 1), "reminder"): 2,
        (date(2019, 10, 15), "last_call"): 2,
    }


def test_in_the_plan_no_school_is_sent_more_than_its_limit_and_everybody_is_reached(bolton, wave):
    people = [person(n, school=n % 2) for n in range(10)]
    study = limited(bolton, 2)
    planned = planned_letters(study, wave, people, starting_on=OPENS)
    a_day = Counter((each.on, each.letter.invitation_id % 2) for each in planned)
    assert max(a_day.values()) == 2
    of_each = Counter(each.letter.invitation_id for each in planned)
    assert set(of_each) == set(range(10))
    # The same people are not put off each time.
    assert max(of_each.values()) - min(of_each.values()) <= 1
    days = working_days_of(study)
    assert all(days.is_one(each.on, "Bolton") for each in planned)
    assert all(wave.opens_on <= each.on <= wave.closes_on for each in planned)


def test_a_plan_made_half_way_begins_that_day_with_what_was_written(bolton, wave):
    started = date(2019, 9, 27)
    reminded = invited(1).after(DueLetter(1, "reminder", 2), date(2019, 9, 26))
    planned = planned_letters(bolton, wave, [reminded], starting_on=started)
    assert [(each.on - OPENS, each.letter.kind) for each in planned] == [
        (timedelta(days=15), "reminder"),
        (timedelta(days=29), "last_call"),
    ]
