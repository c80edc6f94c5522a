"""Two people in the same moment: one wins and the other is told, and nothing is lost."""

from __future__ import annotations

from functools import partial

import pytest
from answering import answer, save, send, start
from at_once import at_once
from letterboxes import outbox
from looking import events, only, rows
from trials import BY, KEY, ROSTER, Trial

from survey_app.database.models import (
    Coding,
    Comment,
    Invitation,
    Participant,
    Randomisation,
    Report,
    Response,
    School,
    Submission,
)
from survey_app.operations.coding import add_code, code_comment
from survey_app.operations.enrolment import import_roster
from survey_app.operations.errors import OperationError, RandomisationError
from survey_app.operations.redaction import release_comment
from survey_app.operations.report_requests import request_report
from survey_app.operations.studies import unmask_study
from survey_app.trial.roster import read_roster

ITEMS = [f"gad7_{n}" for n in range(1, 8)]


@pytest.fixture
def invited(trial: Trial) -> Trial:
    trial.invite()
    return trial


def refused(results: list) -> list[Exception]:
    return [result for result in results if isinstance(result, Exception)]


def test_of_two_who_randomise_at_once_one_is_told(trial: Trial):
    results = at_once(trial, lambda each: each.randomise("one"), lambda each: each.randomise("two"))
    (told,) = refused(results)
    assert isinstance(told, RandomisationError)
    assert only(trial.database, Randomisation).seed in {"one", "two"}
    assert len(events(trial.database, "schools_randomised")) == 1


def test_two_who_invite_at_once_invite_everybody_once(trial: Trial):
    results = at_once(trial, lambda each: each.invite(), lambda each: each.invite())
    assert refused(results) == []
    assert len(rows(trial.database, Invitation)) == 10
    assert len(outbox(trial.database)) == 10


def test_two_imports_at_once_add_everybody_once(trial: Trial):
    newcomers = ROSTER + b"Bolton,School 50,100050,primary,yes,Nia New,nia@new.example,DSL\n"
    parsed = read_roster(newcomers, phases=trial.definition.study.phases)

    def bring_in(each: Trial) -> int:
        with each.database.writing() as session:
            study = each.study(session)
            return import_roster(
                session, study=study, rows=parsed.rows, key=KEY, by=BY, at=each.clock()
            ).people_added

    assert sorted(at_once(trial, bring_in, bring_in)) == [0, 1]
    assert len(rows(trial.database, School)) == 10
    assert len(rows(trial.database, Participant)) == 12


def test_two_tabs_that_start_at_once_leave_one_submission(invited: Trial):
    results = at_once(invited, start, start)
    assert refused(results) == []
    assert set(results) == {only(invited.database, Submission).id}
    assert len(events(invited.database, "answering_started")) == 1


def test_two_pages_saved_at_once_are_both_kept(invited: Trial):
    start(invited)
    pages = {"gad7": dict.fromkeys(ITEMS, 2), "pss10": {"pss10_1": 4}}
    acts = [partial(save, page=page, values=values) for page, values in pages.items()]
    assert refused(at_once(invited, *acts)) == []
    saved = {r.item: r.value for r in rows(invited.database, Response)}
    assert saved["gad7_7"] == 2
    assert saved["pss10_1"] == 4


def test_two_devices_that_answer_one_page_at_once_each_keep_their_answer(invited: Trial):
    start(invited)
    acts = [
        partial(
            save,
            page="gad7",
            values={item: 2},
            untouched=[other for other in ITEMS if other != item],
            is_draft=True,
        )
        for item in ITEMS[:2]
    ]
    assert refused(at_once(invited, *acts)) == []
    saved = {r.item: (r.value, r.is_draft) for r in rows(invited.database, Response)}
    assert saved == {"gad7_1": (2, True), "gad7_2": (2, True)}


def test_one_page_saved_twice_at_once_is_one_whole_page(invited: Trial):
    start(invited)
    acts = [partial(save, page="gad7", values=dict.fromkeys(ITEMS, value)) for value in (1, 2)]
    assert refused(at_once(invited, *acts)) == []
    assert {r.value for r in rows(invited.database, Response)} in ({1}, {2})
    assert len(rows(invited.database, Response)) == 7


def test_two_who_submit_at_once_get_one_receipt(invited: Trial):
    start(invited)
    results = at_once(invited, lambda each: send(each, person=1), lambda each: send(each, person=1))
    assert refused(results) == []
    assert set(results) == {only(invited.database, Submission).receipt}
    assert [letter.kind for letter in outbox(invited.database)].count("thanks") == 1
    assert len(events(invited.database, "answers_submitted")) == 1


def test_a_page_saved_while_another_tab_submits_is_kept_or_told(invited: Trial):
    start(invited)
    results = at_once(invited, send, partial(save, page="gad7", values=dict.fromkeys(ITEMS, 3)))
    saved = [r.value for r in rows(invited.database, Response)]
    if refused(results):
        assert saved == []
    else:
        assert saved == [3] * 7
    assert only(invited.database, Submission).receipt is not None


def test_of_two_who_release_a_comment_at_once_one_is_told(invited: Trial):
    answer(invited, 1, text="Words.")
    comment_id = rows(invited.database, Comment)[0].id

    def release(each: Trial, words: str) -> None:
        staff = each.staff_with("redactor")
        with each.database.writing() as session:
            release_comment(
                session,
                comment=session.get_one(Comment, comment_id),
                redacted=words,
                staff_id=staff.id,
                by=BY,
                at=each.clock(),
            )

    (told,) = refused(
        at_once(invited, partial(release, words="One."), partial(release, words="Two."))
    )
    assert isinstance(told, OperationError)
    assert len(events(invited.database, "comment_released")) == 1


def test_a_coder_with_two_windows_leaves_each_code_once(invited: Trial):
    answer(invited, 1, text="Words.")
    comment_id = rows(invited.database, Comment)[0].id
    redactor, coder = invited.staff_with("redactor"), invited.staff_with("researcher")
    with invited.database.writing() as session:
        parts = {"by": BY, "at": invited.clock()}
        comment = session.get_one(Comment, comment_id)
        release_comment(session, comment=comment, redacted="W.", staff_id=redactor.id, **parts)
        study = invited.study(session)
        code_id = add_code(session, study=study, label="L", definition="D", **parts).id

    def code(each: Trial) -> None:
        with each.database.writing() as session:
            code_comment(
                session,
                comment=session.get_one(Comment, comment_id),
                code_ids={code_id},
                staff_id=coder.id,
                by=BY,
                at=each.clock(),
            )

    assert refused(at_once(invited, code, code)) == []
    assert only(invited.database, Coding).code_id == code_id


def test_two_who_ask_for_a_report_at_once_ask_for_one(trial: Trial):
    def ask(each: Trial) -> int:
        with each.database.writing() as session:
            return request_report(
                session, study=each.study(session), by="staff:1", at=each.clock()
            ).id

    assert set(at_once(trial, ask, ask)) == {only(trial.database, Report).id}


def test_of_two_who_release_the_arms_at_once_one_is_told(trial: Trial):
    def unmask(each: Trial) -> None:
        with each.database.writing() as session:
            study = each.study(session)
            unmask_study(session, study=study, because="Done.", by=BY, at=each.clock())

    assert len(refused(at_once(trial, unmask, unmask))) == 1
    assert len(events(trial.database, "study_unmasked")) == 1
