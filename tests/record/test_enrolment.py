"""A roster comes onto the record: nobody doubled, nobody lost, and nothing that was randomised."""

from __future__ import annotations

from dataclasses import replace

import pytest
from allocations import BLOCKS, allocating
from looking import events, everything, rows
from trials import BY, KEY, ROSTER, SLUG, Clock, Trial

from survey_app.database.models import Allocation, Authority, Contact, Invitation, School
from survey_app.database.models import Participant as Person
from survey_app.database.queries.schools import roster_counts
from survey_app.database.session import Database
from survey_app.operations.enrolment import RosterSummary, import_roster
from survey_app.operations.studies import register_study
from survey_app.operations.turnover import leave_role
from survey_app.trial.design import load_ready_made
from survey_app.trial.errors import RosterError
from survey_app.trial.roster import RosterRow, read_roster

ROW = RosterRow(
    line=2,
    authority="Bolton",
    school="School 1",
    urn="100001",
    phase="primary",
    mainstream=True,
    dsl_name="Person 1",
    dsl_email="person1@school1.example",
    dsl_role="DSL",
)
DEPUTY = replace(
    ROW, line=3, dsl_name="Deputy One", dsl_email="deputy1@school1.example", dsl_role="deputy"
)
NEW_SCHOOL = replace(
    ROW, line=9, school="New", urn="100050", dsl_name="Nia New", dsl_email="nia@new.example"
)


def bring_in(trial: Trial, *roster: RosterRow) -> RosterSummary:
    trial.clock.move(days=1)
    with trial.database.writing() as session:
        return import_roster(
            session, study=trial.study(session), rows=roster, key=KEY, by=BY, at=trial.clock()
        )


def people(database: Database) -> dict[str, tuple[str, str, str]]:
    """Name, address and role of everybody, by the code that never changes."""
    with database.reading() as session:
        contacts = session.query(Contact).all()
        return {
            c.participant.code: (c.name, c.email, c.participant.role)
            for c in sorted(contacts, key=lambda c: c.participant.code)
        }


def test_every_school_and_person_of_a_roster_is_on_record(database: Database, clock: Clock):
    definition = load_ready_made()[SLUG]
    roster = read_roster(ROSTER, phases=definition.study.phases)
    with database.writing() as session:
        study = register_study(session, definition=definition, by=BY, at=clock())
        summary = import_roster(session, study=study, rows=roster.rows, key=KEY, by=BY, at=clock())
        counts = roster_counts(session, study)
    assert summary == RosterSummary(
        schools_added=9,
        schools_updated=0,
        people_added=11,
        people_updated=0,
        people_unchanged=0,
        schools_not_eligible=1,
    )
    assert (counts.authorities, counts.schools, counts.schools_eligible, counts.people) == (
        1,
        9,
        8,
        11,
    )
    assert [s.code for s in rows(database, School)] == [f"S{n:04d}" for n in range(1, 10)]
    assert list(people(database)) == [f"P{n:05d}" for n in range(1, 12)]
    (event,) = events(database, "roster_imported")
    assert event.detail == {"schools_added": 9, "people_added": 11, "people_updated": 0}


def test_the_same_roster_again_adds_nobody(trial: Trial):
    before = people(trial.database)
    roster = read_roster(ROSTER, phases=trial.definition.study.phases)
    summary = bring_in(trial, *roster.rows)
    assert (summary.schools_added, summary.people_added, summary.people_updated) == (0, 0, 0)
    assert summary.people_unchanged == 11
    assert people(trial.database) == before
    assert len(rows(trial.database, School)) == 9


def test_a_new_address_of_somebody_known_by_name_is_an_update(trial: Trial):
    summary = bring_in(trial, replace(ROW, dsl_email="p.one@school1.example"))
    assert (summary.people_added, summary.people_updated) == (0, 1)
    assert people(trial.database)["P00001"] == ("Person 1", "p.one@school1.example", "DSL")
    assert len(people(trial.database)) == 11


def test_a_new_name_or_role_at_a_known_address_is_an_update(trial: Trial):
    summary = bring_in(trial, replace(ROW, dsl_name="Person Married", dsl_role="deputy"))
    assert (summary.people_added, summary.people_updated) == (0, 1)
    assert people(trial.database)["P00001"] == (
        "Person Married",
        "person1@school1.example",
        "deputy",
    )


def test_two_people_of_one_name_stay_two(trial: Trial):
    first = replace(ROW, dsl_name="Sam Same", dsl_email="sam.a@school1.example")
    second = replace(first, line=3, dsl_email="sam.b@school1.example")
    for _ in range(2):
        bring_in(trial, first, second)
        addresses = [
            email for name, email, _ in people(trial.database).values() if name == "Sam Same"
        ]
        assert addresses == ["sam.a@school1.example", "sam.b@school1.example"]


def test_an_address_handed_on_while_its_owner_gets_another_loses_nobody(trial: Trial):
    bring_in(
        trial,
        replace(ROW, dsl_email="new@school1.example"),
        replace(ROW, line=3, dsl_name="Bea After"),
    )
    found = {(name, email) for name, email, _ in people(trial.database).values()}
    assert ("Person 1", "new@school1.example") in found
    assert ("Bea After", "person1@school1.example") in found


def test_two_people_can_change_addresses_with_each_other(trial: Trial):
    bring_in(
        trial,
        replace(ROW, dsl_email=DEPUTY.dsl_email),
        replace(DEPUTY, dsl_email=ROW.dsl_email),
    )
    found = {(name, email) for name, email, _ in people(trial.database).values()}
    assert ("Person 1", DEPUTY.dsl_email) in found
    assert ("Deputy One", ROW.dsl_email) in found
    assert len(people(trial.database)) == 11


def test_a_school_not_eligible_stays_on_the_roster_with_its_reason(trial: Trial):
    special = next(s for s in rows(trial.database, School) if s.urn == "100009")
    assert special.exclusion == "Not a mainstream school"
    bring_in(trial, replace(NEW_SCHOOL, phase="secondary"))
    other = next(s for s in rows(trial.database, School) if s.urn == "100050")
    assert other.exclusion == "Phase secondary: the study is of primary schools"


def test_a_school_not_eligible_is_never_invited_or_randomised(trial: Trial):
    assert trial.invite() == 10
    trial.randomise()
    special = next(s for s in rows(trial.database, School) if s.urn == "100009")
    with trial.database.reading() as session:
        invited = {i.participant.school_id for i in session.query(Invitation)}
    assert special.id not in invited
    assert special.id not in {a.school_id for a in rows(trial.database, Allocation)}
    assert len(rows(trial.database, Allocation)) == 8


def test_before_randomisation_a_school_may_move_and_become_eligible(trial: Trial):
    bring_in(
        trial,
        replace(ROW, authority="Bury", school="School One", line=2),
        replace(
            ROW,
            line=3,
            urn="100009",
            school="Special School",
            dsl_name="Person 9",
            dsl_email="person9@school9.example",
        ),
    )
    with trial.database.reading() as session:
        schools = {s.urn: (s.name, s.authority.name, s.exclusion) for s in session.query(School)}
        counts = roster_counts(session, trial.study(session))
    assert schools["100001"] == ("School One", "Bury", "")
    assert schools["100009"] == ("Special School", "Bolton", "")
    assert counts.schools_eligible == 9


def test_an_authority_that_no_school_is_in_any_more_is_not_counted(trial: Trial):
    bring_in(
        trial,
        *(
            replace(row, authority="Boulton")
            for row in read_roster(ROSTER, phases=trial.definition.study.phases).rows
        ),
    )
    with trial.database.reading() as session:
        assert roster_counts(session, trial.study(session)).authorities == 1
    assert {a.name for a in rows(trial.database, Authority)} == {"Bolton", "Boulton"}


def test_an_address_of_another_school_is_refused(trial: Trial):
    before = everything(trial.database)
    with pytest.raises(RosterError) as refused:
        bring_in(trial, replace(NEW_SCHOOL, dsl_email="person2@school2.example"))
    assert tuple(str(fault) for fault in refused.value.faults) == (
        "line 9, dsl_email: this address belongs to Person 2 of the school with URN 100002; "
        "expected an address of one person.",
    )
    assert everything(trial.database) == before


def notes(summary: RosterSummary) -> str:
    return " | ".join(note.message for note in summary.notes)


def test_a_person_in_the_file_at_another_school_is_moved_and_reported(trial: Trial):
    moved = replace(NEW_SCHOOL, dsl_name="Person 2", dsl_email="person2@school2.example")
    summary = bring_in(trial, moved)
    assert (summary.people_added, summary.people_moved, summary.people_updated) == (0, 1, 0)
    assert "Person 2 (P00002) moved here from School 2" in notes(summary)
    with trial.database.reading() as session:
        person = session.query(Person).filter_by(code="P00002").one()
        assert person.school.urn == "100050"
    assert len(people(trial.database)) == 11


def test_after_randomisation_a_person_at_another_school_is_a_fault(trial: Trial):
    trial.randomise()
    moved = replace(ROW, dsl_name="Person 2", dsl_email="person2@school2.example")
    with pytest.raises(RosterError, match="record the move on that person's page"):
        bring_in(trial, moved)


def test_a_person_shared_by_two_schools_takes_part_for_the_one_on_record(trial: Trial):
    elsewhere = replace(ROW, line=2, school="School 2", urn="100002")
    for _ in range(2):
        summary = bring_in(trial, elsewhere, replace(ROW, line=3))
    assert (summary.people_added, summary.people_moved, summary.people_shared) == (0, 0, 0)
    with trial.database.reading() as session:
        person = session.query(Person).filter_by(code="P00001").one()
        assert person.school.urn == "100001"
    assert trial.invite() == 10


def test_nobody_is_taken_off_for_being_missing_and_everybody_missing_is_named(trial: Trial):
    summary = bring_in(trial, ROW)
    assert notes(summary) == (
        "Deputy One (P00009) of School 1 is not in the file and stays on the roster; if they left, "
        "record that on their page"
    )
    assert len(people(trial.database)) == 11


def test_nobody_who_left_is_brought_back_by_a_file(trial: Trial):
    with trial.database.writing() as session:
        person = session.query(Person).filter_by(code="P00001").one()
        leave_role(
            session,
            participant=person,
            because="not_known",
            on=trial.clock().date(),
            by=BY,
            at=trial.clock(),
        )
    summary = bring_in(trial, ROW, DEPUTY)
    assert (summary.people_added, summary.people_unchanged) == (0, 1)
    assert "Person 1 (P00001) left on 2019-09-16 and was not brought back" in notes(summary)
    new = bring_in(trial, replace(ROW, dsl_name="Bea After"), DEPUTY)
    assert (new.people_added, new.people_updated) == (1, 0)


def test_a_name_that_changes_altogether_is_reported(trial: Trial):
    assert "If that is somebody new" in notes(bring_in(trial, replace(ROW, dsl_name="Bea After")))
    assert "If that is somebody new" not in notes(
        bring_in(trial, replace(ROW, dsl_name="Bea Married-After"))
    )


def test_a_trust_is_kept_and_only_a_file_that_names_one_changes_it(trial: Trial):
    bring_in(trial, replace(ROW, trust="Beacon Trust"))
    bring_in(trial, ROW)
    assert next(s for s in rows(trial.database, School) if s.urn == "100001").trust == (
        "Beacon Trust"
    )
    bring_in(trial, replace(ROW, trust=""))
    assert next(s for s in rows(trial.database, School) if s.urn == "100001").trust == ""


def test_after_randomisation_every_row_at_fault_is_listed_and_nothing_written(trial: Trial):
    trial = allocating(trial, f'{BLOCKS}late_schools = "refused"\n')
    trial.randomise()
    before = everything(trial.database)
    with pytest.raises(RosterError) as refused:
        bring_in(
            trial,
            replace(ROW, line=2, dsl_name="Good Row"),
            replace(NEW_SCHOOL, line=3),
            replace(ROW, line=4, urn="100002", authority="Bury", dsl_email="x@2.example"),
            replace(ROW, line=5, urn="100003", mainstream=False, dsl_email="x@3.example"),
            replace(ROW, line=6, urn="100009", dsl_email="x@9.example"),
        )
    assert [str(fault).split(":")[0] for fault in refused.value.faults] == [
        "line 3, urn",
        "line 4, authority",
        "line 5, phase or mainstream",
        "line 6, phase or mainstream",
    ]
    assert everything(trial.database) == before


def test_after_randomisation_people_may_still_come_and_be_corrected(trial: Trial):
    trial.randomise()
    summary = bring_in(
        trial,
        replace(ROW, dsl_name="Person Corrected", school="School 1 (renamed)"),
        replace(ROW, line=3, dsl_name="Nell New", dsl_email="nell@school1.example"),
    )
    assert (summary.people_added, summary.people_updated, summary.schools_updated) == (1, 1, 1)


def test_a_newcomer_is_dated_and_gets_the_next_code(trial: Trial):
    bring_in(trial, replace(ROW, dsl_name="Nell New", dsl_email="nell@school1.example"))
    newest = rows(trial.database, Person)[-1]
    assert (newest.code, newest.added_at) == ("P00012", trial.clock())
