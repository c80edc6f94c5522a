from __future__ import annotations

from datetime import UTC, date, datetime

from survey_app.web.dates import day_in_words, moment_in_words


def test_a_day_is_given_in_words() -> None:
    assert day_in_words(date(2020, 3, 3)) == "3 March 2020"


def test_a_moment_is_given_by_the_clocks_of_england() -> None:
    assert moment_in_words(datetime(2020, 1, 31, 9, 5, tzinfo=UTC)) == "31 January 2020 at 09:05"
    assert moment_in_words(datetime(2020, 6, 30, 23, 5, tzinfo=UTC)) == "1 July 2020 at 00:05"
