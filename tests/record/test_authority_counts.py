"""Counts held by authorities come in, and a later import counts without losing an earlier one."""

from __future__ import annotations

from datetime import date

import pytest
from looking import events, rows
from trials import BY, Trial

from survey_app.database.models import CountsImport, SchoolMonth
from survey_app.database.queries.authority_counts import (
    completeness,
    counts_now,
    eligible_by_authority,
    months_by_school,
)
from survey_app.database.queries.schools import school_by_urn
from survey_app.operations.authority_counts import CountsSummary, import_counts
from survey_app.trial.authority_file import read_counts
from survey_app.trial.authority_months import period_of
from survey_app.trial.errors import RosterError

FIRST = "urn,month,contacts,nfa\n100001,2019-10,3,1\n100001,2019-11,2,2\n100002,2019-10,0,0\n"


def take(trial: Trial, text: str, name: str = "counts.csv") -> CountsSummary:
    with trial.database.writing() as session:
        file = read_counts(text.encode(), period=period_of(trial.definition))
        return import_counts(
            session, study=trial.study(session), file=file, name=name, by=BY, at=trial.clock()
        )


def contacts(trial: Trial, urn: str, month: date) -> int | None:
    with trial.database.reading() as session:
        study = trial.study(session)
        school = school_by_urn(session, study, urn)
        assert school is not None
        return counts_now(session, study)[school.id, month].contacts


def test_counts_come_in_with_who_when_and_which_file(trial: Trial):
    assert take(trial, FIRST) == CountsSummary(3, 0, 0, schools_left_out=6)
    (taken,) = rows(trial.database, CountsImport)
    assert (taken.imported_by, taken.imported_at) == (BY, trial.clock())
    assert (taken.file_name, len(taken.file_sha256)) == ("counts.csv", 64)
    (event,) = events(trial.database, "counts_imported")
    assert event.detail == {"sha256": taken.file_sha256, "new": 3, "changed": 0}
    assert contacts(trial, "100001", date(2019, 10, 1)) == 3


def test_the_same_file_again_changes_nothing(trial: Trial):
    take(trial, FIRST)
    assert take(trial, FIRST) == CountsSummary(0, 0, 3, schools_left_out=6)
    assert len(rows(trial.database, CountsImport)) == 1
    assert len(rows(trial.database, SchoolMonth)) == 3


def test_a_later_import_counts_and_the_earlier_stays_on_record(trial: Trial):
    take(trial, FIRST)
    later = "urn,month,contacts,nfa\n100001,2019-10,4,1\n100001,2019-11,2,2\n100001,2019-12,1,0\n"
    assert take(trial, later) == CountsSummary(1, 1, 1, schools_left_out=7)
    assert contacts(trial, "100001", date(2019, 10, 1)) == 4
    assert contacts(trial, "100002", date(2019, 10, 1)) == 0
    found = [r.contacts for r in rows(trial.database, SchoolMonth) if r.month == date(2019, 10, 1)]
    assert sorted(found) == [0, 3, 4]
    assert take(trial, FIRST).changed == 1
    assert contacts(trial, "100001", date(2019, 10, 1)) == 3


def test_a_count_no_longer_given_is_a_change(trial: Trial):
    take(trial, FIRST)
    assert take(trial, "urn,month,contacts,nfa\n100001,2019-10,3,\n").changed == 1


def test_an_unknown_school_refuses_the_whole_file(trial: Trial):
    with pytest.raises(RosterError) as refused:
        take(trial, FIRST + "999999,2019-10,1,0\n888888,2019-10,1,0\n")
    assert [(f.line, f.column) for f in refused.value.faults] == [(5, "urn"), (6, "urn")]
    assert rows(trial.database, SchoolMonth) == []


def test_completeness_counts_schools_by_authority_and_month(trial: Trial):
    take(trial, FIRST)
    with trial.database.reading() as session:
        study = trial.study(session)
        found = [(c.authority, c.month.month, c.schools) for c in completeness(session, study)]
        assert found == [("Bolton", 10, 2), ("Bolton", 11, 1)]
        assert eligible_by_authority(session, study) == {"Bolton": 8}
        months = {school.urn: len(m) for school, m in months_by_school(session, study)}
        assert (months["100001"], months["100002"], months["100003"]) == (2, 1, 0)
        assert "100009" not in months
