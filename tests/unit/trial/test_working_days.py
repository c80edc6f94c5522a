"""Schools are written to when they are at work: no weekend, no bank holiday, no school holiday."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from survey_app.trial.study_file import SchoolHoliday
from survey_app.trial.working_days import WorkingDays

HALF_TERM = SchoolHoliday(
    name="Autumn half term",
    starts_on=date(2021, 10, 25),
    ends_on=date(2021, 10, 29),
    authorities=("Bolton",),
    tag="our choice",
)
EASTER = SchoolHoliday(
    name="Easter", starts_on=date(2021, 3, 29), ends_on=date(2021, 4, 9), tag="our choice"
)
DAYS = WorkingDays(holidays=(HALF_TERM, EASTER), leave_from=time(8), leave_until=time(18))


@pytest.mark.parametrize(
    ("day", "authority", "is_one"),
    [
        (date(2021, 9, 24), "Bolton", True),
        (date(2021, 9, 25), "Bolton", False),  # a Saturday
        (date(2021, 9, 26), "Bolton", False),
        (date(2021, 5, 3), "Bolton", False),  # the early May bank holiday
        (date(2020, 5, 4), "Bolton", True),  # it was moved that year
        (date(2020, 5, 8), "Bolton", False),
        (date(2022, 6, 3), "Bolton", False),  # proclaimed for once
        (date(2021, 12, 28), "Bolton", False),  # in place of Boxing Day, a Sunday
        (date(2021, 8, 2), "Bolton", True),  # a holiday in Scotland
        (date(2021, 10, 25), "Bolton", False),
        (date(2021, 10, 29), "bolton", False),
        (date(2021, 10, 25), "Wigan", True),
        (date(2021, 10, 25), None, True),
        (date(2021, 3, 30), "Wigan", False),
        (date(2021, 3, 30), None, False),
    ],
)
def test_a_working_day_is_one_on_which_the_authority_s_schools_are_at_work(day, authority, is_one):
    assert DAYS.is_one(day, authority) is is_one


def test_a_day_off_moves_to_the_nearest_working_day_either_way():
    assert DAYS.on_or_after(date(2021, 10, 23), "Bolton") == date(2021, 11, 1)
    assert DAYS.on_or_after(date(2021, 10, 23), "Wigan") == date(2021, 10, 25)
    assert DAYS.on_or_before(date(2021, 10, 31), "Bolton") == date(2021, 10, 22)
    assert DAYS.on_or_before(date(2021, 10, 22), "Bolton") == date(2021, 10, 22)


@pytest.mark.parametrize(
    ("at", "leaves_at"),
    [
        # In hours: at once.
        (datetime(2021, 9, 24, 7, 0, tzinfo=UTC), datetime(2021, 9, 24, 7, 0, tzinfo=UTC)),
        (datetime(2021, 9, 24, 16, 59, tzinfo=UTC), datetime(2021, 9, 24, 16, 59, tzinfo=UTC)),
        # Before hours, the same day: 8:00 is 7:00 UTC in summer.
        (datetime(2021, 9, 24, 6, 59, tzinfo=UTC), datetime(2021, 9, 24, 7, 0, tzinfo=UTC)),
        # After hours on a Friday: on Monday.
        (datetime(2021, 9, 24, 17, 0, tzinfo=UTC), datetime(2021, 9, 27, 7, 0, tzinfo=UTC)),
        # The clocks go back in between, on 31 October: 8:00 is 8:00 UTC then.
        (datetime(2021, 10, 22, 17, 0, tzinfo=UTC), datetime(2021, 11, 1, 8, 0, tzinfo=UTC)),
        # They go forward on 28 March, and Easter follows.
        (datetime(2021, 3, 26, 18, 0, tzinfo=UTC), datetime(2021, 4, 12, 7, 0, tzinfo=UTC)),
        # Just before midnight in England it is still the day before.
        (datetime(2021, 9, 26, 22, 59, tzinfo=UTC), datetime(2021, 9, 27, 7, 0, tzinfo=UTC)),
    ],
)
def test_a_letter_out_of_hours_waits_for_the_next(at, leaves_at):
    assert DAYS.from_moment(at, "Bolton") == leaves_at
