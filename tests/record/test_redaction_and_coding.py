"""Comments leave quarantine redacted, and nobody codes what they redacted."""

from __future__ import annotations

from datetime import datetime

import pytest
from answering import answer, save, start
from changeable import let_change
from looking import events, everything, only, rows
from sqlalchemy import select
from trials import Trial

from survey_app.database.models import Code, Coding, Comment, Staff
from survey_app.database.queries.comments import (
    comment_counts,
    comment_to_redact,
    comments_to_code,
    next_to_redact,
)
from survey_app.operations.coding import add_code, code_comment
from survey_app.operations.errors import AlreadySubmittedError, OperationError
from survey_app.operations.redaction import release_comment
from survey_app.operations.staff import actor

QUESTIONS = ("most_stressful", "would_help")


@pytest.fixture
def told(trial: Trial) -> Trial:
    """One person has submitted two comments; another has written one and not submitted."""
    trial.invite()
    answer(trial, 1, text="Kayleigh in Year 4 was hard.")
    start(trial, 2)
    save(trial, "in-your-own-words", person=2, texts={"most_stressful": "Unfinished."})
    return trial


def release(
    trial: Trial,
    comment_id: int,
    redacted: str,
    role: str = "redactor",
    as_saved_at: datetime | None = None,
) -> None:
    staff = trial.staff_with(role)
    with trial.database.writing() as session:
        release_comment(
            session,
            comment=session.get_one(Comment, comment_id),
            redacted=redacted,
            as_saved_at=as_saved_at,
            staff_id=staff.id,
            by=actor(staff),
            at=trial.clock(),
        )


def test_a_comment_changed_after_submission_is_read_again_and_once_released_stays(trial: Trial):
    changeable = let_change(trial)
    changeable.invite()
    answer(changeable, 1, text="First.")
    (comment, *_) = (c for c in rows(trial.database, Comment) if c.question == QUESTIONS[0])
    changeable.clock.move(minutes=1)
    words = {QUESTIONS[0]: "Second.", QUESTIONS[1]: "First."}
    assert save(changeable, "in-your-own-words", texts=words) == 1
    with pytest.raises(OperationError, match="has changed it since"):
        release(changeable, comment.id, "First.", as_saved_at=comment.saved_at)
    release(changeable, comment.id, "Second.", as_saved_at=changeable.clock())
    before = everything(changeable.database)
    with pytest.raises(AlreadySubmittedError):
        save(changeable, "in-your-own-words", texts={**words, QUESTIONS[0]: "Third."})
    assert everything(changeable.database) == before
    (event,) = events(changeable.database, "submitted_page_changed")
    assert event.detail == {"answers": 1}


def make_code(trial: Trial, label: str = "Workload", definition: str = "Too little time.") -> int:
    with trial.database.writing() as session:
        return add_code(
            session,
            study=trial.study(session),
            label=label,
            definition=definition,
            by="test",
            at=trial.clock(),
        ).id


def code(trial: Trial, comment_id: int, *code_ids: int, role: str = "researcher") -> None:
    staff = trial.staff_with(role)
    with trial.database.writing() as session:
        code_comment(
            session,
            comment=session.get_one(Comment, comment_id),
            code_ids=code_ids,
            staff_id=staff.id,
            by=actor(staff),
            at=trial.clock(),
        )


def first_comment(trial: Trial) -> int:
    return rows(trial.database, Comment)[0].id


def waiting(trial: Trial) -> list[int]:
    found: list[int] = []
    with trial.database.reading() as session:
        study = trial.study(session)
        while comment := next_to_redact(session, study, after=found[-1] if found else 0):
            found.append(comment.id)
    return found


def to_code(trial: Trial, role: str = "researcher") -> list[tuple[int, int]]:
    with trial.database.reading() as session:
        found = comments_to_code(
            session,
            trial.study(session),
            questions=QUESTIONS,
            staff_id=trial.staff_with(role).id,
        )
    return [(comment.id, n_codes) for comment, n_codes in found]


def test_only_submitted_comments_wait_for_a_redactor(told: Trial):
    with told.database.reading() as session:
        study = told.study(session)
        counts = comment_counts(session, study)
        (unfinished,) = (c for c in session.scalars(select(Comment)) if c.body == "Unfinished.")
        assert comment_to_redact(session, study, unfinished.id) is None
        assert comment_to_redact(session, study, first_comment(told)) is not None
    assert (counts.submitted, counts.waiting, counts.released) == (2, 2, 0)
    assert len(waiting(told)) == 2
    assert unfinished.id not in waiting(told)


def test_releasing_keeps_the_words_as_written_and_the_redacted_words_apart(told: Trial):
    comment_id = first_comment(told)
    release(told, comment_id, "[child A] in Year 4 was hard.\r\n")
    comment = rows(told.database, Comment)[0]
    assert comment.body == "Kayleigh in Year 4 was hard."
    assert comment.redacted == "[child A] in Year 4 was hard."
    assert (comment.released_at, comment.released_by) == (
        told.clock(),
        told.staff_with("redactor").id,
    )
    (event,) = events(told.database, "comment_released")
    assert event.detail == {"changed": True}
    assert comment_id not in waiting(told)


def test_a_comment_is_released_once(told: Trial):
    release(told, first_comment(told), "First reading.")
    before = everything(told.database)
    with pytest.raises(OperationError, match="already released"):
        release(told, first_comment(told), "Second reading.")
    assert everything(told.database) == before


@pytest.mark.parametrize("words", ["", "  \n "])
def test_nothing_is_released_empty(told: Trial, words):
    with pytest.raises(OperationError, match="empty"):
        release(told, first_comment(told), words)
    assert rows(told.database, Comment)[0].released_at is None


def test_a_comment_not_submitted_is_not_released(told: Trial):
    (unfinished,) = (c for c in rows(told.database, Comment) if c.body == "Unfinished.")
    with pytest.raises(OperationError, match="not submitted"):
        release(told, unfinished.id, "Unfinished.")


def test_a_code_has_a_label_and_a_definition_and_stands_at_the_end(trial: Trial):
    for label in ("Workload", "Isolation", "Covid"):
        make_code(trial, label, "What it means.")
    assert [(c.label, c.position) for c in rows(trial.database, Code)] == [
        ("Workload", 1),
        ("Isolation", 2),
        ("Covid", 3),
    ]
    assert [e.detail["label"] for e in events(trial.database, "code_added")] == [
        "Workload",
        "Isolation",
        "Covid",
    ]


@pytest.mark.parametrize(
    ("label", "definition", "said"),
    [
        ("", "Meaning.", "needs a label"),
        ("Label", " ", "needs a label and a definition"),
        ("WORKLOAD ", "Again.", "already has a code"),
    ],
)
def test_a_code_that_cannot_be_told_apart_is_refused(trial: Trial, label, definition, said):
    make_code(trial)
    with pytest.raises(OperationError, match=said):
        make_code(trial, label, definition)
    assert len(rows(trial.database, Code)) == 1


def test_only_released_comments_can_be_coded(told: Trial):
    assert to_code(told) == []
    with pytest.raises(OperationError, match="not released"):
        code(told, first_comment(told), make_code(told))
    assert rows(told.database, Coding) == []


def test_a_coder_gives_changes_and_takes_back_codes(told: Trial):
    comment_id = first_comment(told)
    release(told, comment_id, "Redacted.")
    workload, isolation = make_code(told), make_code(told, "Isolation")
    code(told, comment_id, workload, isolation)
    assert to_code(told) == [(comment_id, 2)]
    code(told, comment_id, isolation)
    assert [c.code_id for c in rows(told.database, Coding)] == [isolation]
    code(told, comment_id)
    assert rows(told.database, Coding) == []
    assert [e.detail["codes"] for e in events(told.database, "comment_coded")] == [2, 1, 0]


def test_the_same_codes_again_change_nothing(told: Trial):
    release(told, first_comment(told), "Redacted.")
    workload = make_code(told)
    code(told, first_comment(told), workload)
    before = everything(told.database)
    code(told, first_comment(told), workload)
    assert everything(told.database) == before


def test_nobody_codes_what_they_redacted(told: Trial):
    release(told, first_comment(told), "Redacted.", role="researcher")
    assert to_code(told) == []
    with pytest.raises(OperationError, match="Nobody codes"):
        code(told, first_comment(told), make_code(told))


def test_coders_do_not_touch_each_others_codes(told: Trial):
    release(told, first_comment(told), "Redacted.")
    workload, isolation = make_code(told), make_code(told, "Isolation")
    code(told, first_comment(told), workload)
    code(told, first_comment(told), isolation, role="evaluator")
    code(told, first_comment(told), role="evaluator")
    coding = only(told.database, Coding)
    assert (coding.code_id, coding.staff_id) == (workload, told.staff_with("researcher").id)


def test_a_code_of_another_codebook_is_refused(told: Trial):
    release(told, first_comment(told), "Redacted.")
    with pytest.raises(OperationError, match="codebook changed"):
        code(told, first_comment(told), 999)


def test_coding_does_not_name_who_is_coded_in_the_trail(told: Trial):
    release(told, first_comment(told), "Redacted.")
    code(told, first_comment(told), make_code(told))
    told_by_trail = str([vars(e) for e in events(told.database, "comment_coded")])
    assert "Redacted" not in told_by_trail
    assert told.staff_with("researcher").email not in told_by_trail
    assert {s.email for s in rows(told.database, Staff)}
