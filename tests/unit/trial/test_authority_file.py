"""A file of counts is read whole, or refused with every fault in it."""

from __future__ import annotations

from datetime import date

import pytest

from survey_app.trial.authority_file import CountsFile, read_counts
from survey_app.trial.authority_months import (
    Period,
    gaps,
    months_in_words,
    period_of,
)
from survey_app.trial.design import load_ready_made
from survey_app.trial.errors import RosterError

PERIOD = Period(date(2019, 10, 1), date(2020, 7, 1), date(2019, 11, 1))


def read(text: str) -> CountsFile:
    return read_counts(text.encode(), period=PERIOD)


def faults(text: str) -> list[tuple[int, str]]:
    with pytest.raises(RosterError) as refused:
        read(text)
    return [(fault.line, fault.column) for fault in refused.value.faults]


@pytest.mark.parametrize(
    "month",
    ["2019-10", "2019-10-31", "10/2019", "01/10/2019", "October 2019", "Oct 2019", "Oct-19"],
)
def test_a_month_is_read_in_every_usual_way(month: str) -> None:
    (row,) = read(f"urn,month,contacts\n105160,{month},3\n").rows
    assert row.month == date(2019, 10, 1)


def test_an_empty_cell_is_no_count_and_not_zero() -> None:
    (row,) = read('URN,Month,Contacts,NFA,ICPC\n105160,2019-10,"1,203",,0\n').rows
    assert row.counts == {
        "contacts": 1203,
        "no_further_action": None,
        "referrals": None,
        "child_in_need_plans": None,
        "initial_conferences": 0,
    }


def test_every_fault_of_every_row_is_told_with_line_and_column() -> None:
    found = faults(
        "urn,month,contacts,no_further_action,referrals\n"
        "12,2019-09,-1,2.5,<5\n"
        "105160,2020-08,3,4,0\n"
        "105160,2019-10,3,1,\n"
        "105160,Oct 2019,2,,\n"
        "105161,2019-10,,,\n"
        "105162,soon,10000,,\n"
    )
    assert found == [
        (2, "urn"),
        (2, "contacts"),
        (2, "no_further_action"),
        (2, "referrals"),
        (2, "month"),
        (3, "month"),
        (3, "no_further_action"),
        (5, ""),
        (6, "contacts"),
        (7, "month"),
        (7, "contacts"),
    ]


def test_gaps_between_a_schools_months_are_findings_and_no_faults() -> None:
    found = read(
        "urn,month,contacts\n105160,2019-10,1\n105160,2020-01,1\n105160,2020-03,1\n"
        "105161,2020-07,0\n"
    )
    assert found.notes == ("105160 has no row for November 2019 to December 2019, February 2020.",)


def test_months_run_over_the_years_end() -> None:
    assert len(PERIOD.months) == 10
    assert gaps({date(2019, 12, 1), date(2020, 2, 1)}) == (date(2020, 1, 1),)
    assert gaps(set()) == ()
    assert months_in_words([date(2020, 2, 1), date(2019, 12, 1), date(2020, 1, 1)]) == (
        "December 2019 to February 2020"
    )


def test_the_months_of_a_study_are_its_files_or_from_its_first_wave_to_its_last() -> None:
    bolton = load_ready_made()["bolton-primary"]
    assert period_of(bolton).first == date(2019, 10, 1)
    assert period_of(bolton).supervised_from == date(2019, 11, 1)
    without = bolton.model_copy(update={"authority_counts": None})
    assert period_of(without).first == date(2019, 9, 1)
    assert period_of(without).last == bolton.waves[-1].closes_on.replace(day=1)
