"""Two records of one person or of one school become one, and nothing that was answered is lost."""

from __future__ import annotations

import pytest
from answering import answer
from looking import everything, rows
from trials import BY, KEY, Trial

from survey_app.database.models import Invitation, Participant, School, Submission
from survey_app.database.queries.invitations import counts_by_wave, visit_by_token
from survey_app.database.queries.people import person_by_code, places_of
from survey_app.database.queries.schools import roster_counts, school_by_urn
from survey_app.links import token_hash
from survey_app.operations.enrolment import import_roster
from survey_app.operations.errors import OperationError
from survey_app.operations.merging import MergedPeople, merge_people, merge_schools
from survey_app.trial.roster import read_roster


def merge(trial: Trial, kept: str, other: str) -> MergedPeople:
    with trial.database.writing() as session:
        study = trial.study(session)
        one, two = (person_by_code(session, study, code) for code in (kept, other))
        assert one is not None
        assert two is not None
        return merge_people(session, kept=one, other=two, by=BY, at=trial.clock())


def answers_of(trial: Trial, code: str) -> list[str]:
    with trial.database.reading() as session:
        found = person_by_code(session, trial.study(session), code)
        assert found is not None
        return [
            each.wave
            for each in rows(trial.database, Submission)
            if each.participant_id == found.id
        ]


def invited(trial: Trial) -> tuple[int, int]:
    with trial.database.reading() as session:
        (wave,) = counts_by_wave(session, trial.study(session))
        return wave.invited, wave.submitted


def test_answers_of_the_record_that_goes_come_along(trial: Trial):
    trial.invite()
    answer(trial, 9)
    assert merge(trial, "P00001", "P00009") == MergedPeople(taken_over=("baseline",), twice=())
    assert answers_of(trial, "P00001") == ["baseline"]
    assert invited(trial) == (9, 1)
    with trial.database.reading() as session:
        counts = roster_counts(session, trial.study(session))
    assert (counts.people, counts.people_in_role) == (10, 10)


def test_the_links_that_still_count_work_and_the_others_do_not(trial: Trial):
    trial.invite()
    answer(trial, 9)
    tokens = trial.token(1), trial.token(9)
    merge(trial, "P00001", "P00009")
    with trial.database.reading() as session:
        visits = [visit_by_token(session, token_hash(token)) for token in tokens]
        assert visits[0] is None
        assert visits[1] is not None
        assert visits[1].name == "Person 1"


def test_where_both_answered_those_of_the_record_kept_count(trial: Trial):
    trial.invite()
    answer(trial, 1)
    answer(trial, 9)
    assert merge(trial, "P00001", "P00009") == MergedPeople(taken_over=(), twice=("baseline",))
    assert answers_of(trial, "P00001") == ["baseline"]
    assert answers_of(trial, "P00009") == ["baseline"]
    assert invited(trial) == (9, 1)


def test_people_of_two_schools_become_one_who_is_at_both(trial: Trial):
    merge(trial, "P00001", "P00002")
    with trial.database.reading() as session:
        kept = person_by_code(session, trial.study(session), "P00001")
        assert kept is not None
        assert [place.school.urn for place in places_of(session, kept)] == ["100001", "100002"]
    assert trial.invite() == 9


@pytest.mark.parametrize(("kept", "other"), [("P00001", "P00001"), ("P00003", "P00001")])
def test_a_merge_that_makes_no_sense_is_refused(trial: Trial, kept: str, other: str):
    merge(trial, "P00002", "P00001")
    before = everything(trial.database)
    with pytest.raises(OperationError):
        merge(trial, kept, other)
    assert everything(trial.database) == before


def test_who_has_withdrawn_is_not_merged_with_who_has_not(trial: Trial):
    with trial.database.writing() as session:
        session.query(Participant).filter_by(code="P00001").one().withdrawn_at = trial.clock()
    with pytest.raises(OperationError, match="has withdrawn"):
        merge(trial, "P00002", "P00001")


def merged_schools(trial: Trial, kept: str, other: str) -> int:
    with trial.database.writing() as session:
        study = trial.study(session)
        one, two = (school_by_urn(session, study, urn) for urn in (kept, other))
        assert one is not None
        assert two is not None
        return merge_schools(session, kept=one, other=two, by=BY, at=trial.clock())


def test_a_school_on_record_twice_becomes_one_with_all_its_people(trial: Trial):
    assert merged_schools(trial, "100001", "100002") == 2
    with trial.database.reading() as session:
        counts = roster_counts(session, trial.study(session))
    assert (counts.schools, counts.schools_eligible, counts.people) == (8, 7, 11)
    trial.randomise()
    assert trial.invite() == 10
    assert len({each.participant_id for each in rows(trial.database, Invitation)}) == 10


def test_a_roster_that_still_names_the_number_that_went_changes_nothing(trial: Trial):
    merged_schools(trial, "100001", "100002")
    trial.randomise()
    text = b"authority,school,urn,phase,mainstream,dsl_name,dsl_email,dsl_role\n"
    text += b"Bolton,Old name,100002,primary,yes,Person 2,person2@school2.example,DSL\n"
    roster = read_roster(text, phases=trial.definition.study.phases)
    with trial.database.writing() as session:
        summary = import_roster(
            session, study=trial.study(session), rows=roster.rows, key=KEY, by=BY, at=trial.clock()
        )
    assert (summary.schools_added, summary.schools_updated, summary.people_moved) == (0, 0, 0)
    assert {s.urn: s.name for s in rows(trial.database, School)}["100001"] == "School 1"


def test_a_school_that_was_randomised_cannot_go(trial: Trial):
    trial.randomise()
    before = everything(trial.database)
    with pytest.raises(OperationError, match="has to be the one that is kept"):
        merged_schools(trial, "100001", "100002")
    assert everything(trial.database) == before
    assert merged_schools(trial, "100001", "100009") == 1
