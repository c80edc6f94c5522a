"""The outlook is worked out once a change, put on record, and one study's fault is its own."""

from __future__ import annotations

from looking import events, only, rows
from rooms import comment_by
from trials import Trial

from reports.outlook import OutcomeOutlook
from survey_app.database.models import Outlook
from survey_app.jobs.outlook import work_out_outlook

FOUND = (OutcomeOutlook("Stress", "After", known_from="Before", response=0.5, smallest=0.8),)


def work_out(trial: Trial, look_ahead=lambda *_, **__: FOUND) -> int:
    return work_out_outlook(trial.database, clock=trial.clock, look_ahead=look_ahead)


def test_it_is_worked_out_once_and_again_after_an_answer(trial: Trial) -> None:
    trial.invite()
    assert work_out(trial) == 1
    assert work_out(trial) == 0
    assert len(events(trial.database, "outlook_worked_out")) == 1
    trial.clock.move(hours=1)
    comment_by(trial, "Time.", person=1, is_submitted=False)
    assert work_out(trial) == 0
    comment_by(trial, "Time.", person=2)
    assert work_out(trial) == 1
    assert only(trial.database, Outlook).worked_out_at == trial.clock()


def test_what_is_not_known_is_kept_as_nothing(trial: Trial) -> None:
    work_out(trial)
    (figures,) = only(trial.database, Outlook).figures
    assert (figures["label"], figures["response"], figures["smallest"]) == ("Stress", 0.5, 0.8)
    assert figures["icc"] is None


def test_the_real_one_says_that_too_few_answered(trial: Trial) -> None:
    trial.invite()
    comment_by(trial, "Time.", person=1)
    assert work_out_outlook(trial.database, clock=trial.clock) == 1
    figures = only(trial.database, Outlook).figures
    assert len(figures) == len(trial.definition.plan.outcomes)
    assert all(each["reason"].startswith("Too few have answered yet") for each in figures)


def test_a_fault_is_logged_and_leaves_nothing(trial: Trial, caplog) -> None:
    def fails(*_, **__):
        raise ValueError("an answer")

    assert work_out(trial, fails) == 0
    assert rows(trial.database, Outlook) == []
    assert "No outlook for study" in caplog.text
    assert "an answer" not in caplog.text
