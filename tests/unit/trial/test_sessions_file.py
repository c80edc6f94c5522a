"""A file of sessions is read whole, or refused with every fault in it."""

from __future__ import annotations

from datetime import date

import pytest

from survey_app.trial.design import load_ready_made
from survey_app.trial.errors import RosterError
from survey_app.trial.sessions_file import SessionRow, read_sessions

TODAY = date(2020, 6, 1)


def read(text: str, study: str = "bolton-primary") -> tuple[SessionRow, ...]:
    return read_sessions(text.encode(), definition=load_ready_made()[study], today=TODAY)


def faults(text: str, study: str = "bolton-primary") -> list[tuple[int, str]]:
    with pytest.raises(RosterError) as refused:
        read(text, study)
    return [(fault.line, fault.column) for fault in refused.value.faults]


def test_what_the_file_does_not_say_is_taken_from_the_study():
    (row,) = read("URN;Session;Outcome\n105160;2;Attended\n")
    assert (row.urn, row.line) == ("105160", 2)
    assert row.facts.planned_on == date(2019, 12, 6)
    assert (row.facts.part, row.facts.model) == ("supervision", "one_to_one")


def test_every_column_is_read():
    (row,) = read(
        "urn,part,session,outcome,planned_on,held_on,kind,group,supervisor,reason,attended_by\n"
        "105160,supervision,1,attended,06/11/2019,2019-11-08,group,North,Ann,,"
        "A@x.example b@x.example\n"
    )
    assert (row.facts.planned_on, row.facts.held_on) == (date(2019, 11, 6), date(2019, 11, 8))
    assert (row.facts.model, row.facts.group, row.facts.supervisor) == ("group", "North", "Ann")
    assert row.attended_by == ("a@x.example", "b@x.example")


def test_every_fault_of_every_row_is_told_with_line_and_column():
    found = faults(
        "urn,session,outcome,planned_on,reason,kind,attended_by\n"
        "12,9x,perhaps,soon,,pairs,nobody\n"
        "105160,7,attended,,,,\n"
        "105160,1,cancelled,,,,a@x.example\n"
        "105161,1,attended,02/06/2020,,,\n"
        "105162,1,attended,,,,\n"
        "105162,1,missed,,,,\n"
    )
    assert found == [
        (2, "urn"),
        (2, "session"),
        (2, "outcome"),
        (2, "planned_on"),
        (2, "kind"),
        (2, "attended_by"),
        (3, "session"),
        (4, "attended_by"),
        (4, "reason"),
        (5, "planned_on"),
        (7, ""),
    ]


def test_where_two_kinds_are_delivered_the_file_must_say_which():
    text = "urn,session,outcome\n105160,1,attended\n"
    with pytest.raises(RosterError) as refused:
        read_sessions(
            text.encode(),
            definition=load_ready_made()["greater-manchester-secondary"],
            today=date(2022, 1, 1),
        )
    assert [(f.line, f.column) for f in refused.value.faults] == [(2, "kind")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [(0, "")]),
        ("urn,session\n105160,1\n", [(1, "outcome")]),
        ("urn,session,outcome\n", [(0, "")]),
        ("urn,urn,session,outcome\n105160,105160,1,planned\n", [(1, "urn")]),
        ("urn,session,outcome\n105160,1\n", [(2, ""), (2, "outcome")]),
        ("urn,session,outcome\n105160,1,=1+1\n", [(2, "outcome")]),
    ],
)
def test_a_file_that_is_none_is_refused(text: str, found: list[tuple[int, str]]):
    assert faults(text) == found
