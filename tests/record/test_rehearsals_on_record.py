"""Rehearsals asked for: lived through by the worker with its progress, kept, failed and deleted."""

from __future__ import annotations

import pytest
from looking import events, everything, only, rows
from trials import BY, Trial

from survey_app.database.models import Rehearsal, Study
from survey_app.jobs.rehearsals import Rehearsed, make_rehearsals
from survey_app.operations.errors import OperationError
from survey_app.operations.rehearsals import (
    LEASE,
    MOST_ATTEMPTS,
    claim_rehearsal,
    delete_rehearsal,
    request_rehearsal,
)

DONE = Rehearsed({"waves": [["Before", 10, 6, 5]]}, b"<p>report</p>", b"%PDF", "")


def ask(trial: Trial, seed: str = "s") -> int:
    with trial.database.writing() as session:
        return request_rehearsal(
            session, study=trial.study(session), seed=seed, by=BY, at=trial.clock()
        ).id


def live(trial: Trial, *progress: str, fails: Exception | None = None) -> int:
    seen = []

    def rehearse(session, *, study: Study, seed: str):
        assert (study.slug, seed) == (trial.slug, "s")

        def live_through(say):
            for words in progress:
                say(words)
                seen.append(only(trial.database, Rehearsal).progress)
            if fails is not None:
                raise fails
            return DONE

        return live_through

    worked_on = make_rehearsals(trial.database, clock=trial.clock, rehearse=rehearse)
    assert seen == list(progress)
    return worked_on


def test_one_is_lived_through_and_kept_with_its_progress_on_the_way(trial: Trial) -> None:
    ask(trial)
    assert live(trial, "10 people enrolled.", "Lived through “Before”.") == 1
    found = only(trial.database, Rehearsal)
    assert (found.state, found.figures) == ("ready", DONE.figures)
    assert found.finished_at == trial.clock()
    assert live(trial) == 0
    assert len(events(trial.database, "rehearsal_made")) == 1


def test_while_one_waits_no_other_is_begun(trial: Trial) -> None:
    assert ask(trial) == ask(trial, "another")
    assert only(trial.database, Rehearsal).seed == "s"


def test_nothing_of_the_study_is_touched(trial: Trial) -> None:
    def study_alone() -> dict:
        apart = ("rehearsal", "audit_event")
        found = everything(trial.database)
        return {name: rows for name, rows in found.items() if name not in apart}

    before = study_alone()
    ask(trial)
    live(trial, "Begun.")
    assert study_alone() == before


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OperationError("The roster is empty."), "The roster is empty."),
        (ValueError("an answer"), "A fault in the program stopped it"),
    ],
)
def test_one_that_fails_says_why(trial: Trial, caplog, error: Exception, says: str) -> None:
    ask(trial)
    assert live(trial, fails=error) == 1
    found = only(trial.database, Rehearsal)
    assert found.state == "failed"
    assert found.error.startswith(says)
    assert "an answer" not in caplog.text


def test_one_whose_worker_died_is_begun_again_and_given_up_in_the_end(trial: Trial) -> None:
    ask(trial)
    for _ in range(MOST_ATTEMPTS):
        with trial.database.writing() as session:
            assert claim_rehearsal(session, by=BY, at=trial.clock()) is not None
            assert claim_rehearsal(session, by=BY, at=trial.clock()) is None
        trial.clock.move(seconds=LEASE.total_seconds() + 1)
    with trial.database.writing() as session:
        assert claim_rehearsal(session, by=BY, at=trial.clock()) is None
    assert only(trial.database, Rehearsal).state == "failed"


def test_one_is_deleted_with_its_report_but_not_while_it_is_under_way(trial: Trial) -> None:
    ask(trial)
    with trial.database.writing() as session:
        claim_rehearsal(session, by=BY, at=trial.clock())
    with trial.database.writing() as session, pytest.raises(OperationError, match="under way"):
        delete(trial, session)
    trial.clock.move(seconds=LEASE.total_seconds() + 1)
    live(trial)
    with trial.database.writing() as session:
        delete(trial, session)
    assert rows(trial.database, Rehearsal) == []
    assert len(events(trial.database, "rehearsal_deleted")) == 1


def delete(trial: Trial, session) -> None:
    found = session.get_one(Rehearsal, only(trial.database, Rehearsal).id)
    delete_rehearsal(session, rehearsal=found, by=BY, at=trial.clock())
