"""Reminders go into the outbox on their day, in daytime, once."""

from __future__ import annotations

from datetime import datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from letterboxes import Remembering, outbox, settings_for
from trials import Trial

from survey_app.jobs import reminders
from survey_app.jobs.delivery import deliver_letters
from survey_app.jobs.reminders import queue_reminders
from survey_app.operations import versions
from survey_app.settings import Settings
from survey_app.trial.letter_plan import letter_days

PEOPLE = 10


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return settings_for(database_url, tmp_path)


@pytest.fixture
def invited(trial: Trial, settings: Settings) -> Trial:
    """Everyone was invited on the first day, and has the letter."""
    trial.invite()
    deliver_letters(settings, trial.database, clock=trial.clock, transport=Remembering())
    return trial


def remind(settings: Settings, trial: Trial) -> int:
    return queue_reminders(settings, trial.database, clock=trial.clock)


def at_hour(trial: Trial, hour: int, minute: int = 0) -> None:
    wave = trial.definition.wave("baseline")
    day = letter_days(trial.definition, wave, "Bolton").reminders[0]
    trial.clock.at = datetime.combine(day, time(hour, minute), ZoneInfo("Europe/London"))


def test_nobody_is_reminded_before_the_day(settings, invited):
    invited.clock.move(days=1)
    assert remind(settings, invited) == 0


def test_everyone_who_has_not_answered_is_reminded_once(settings, invited):
    at_hour(invited, 9)
    assert remind(settings, invited) == PEOPLE
    assert remind(settings, invited) == 0
    assert [letter.kind for letter in outbox(invited.database)].count("reminder") == PEOPLE


def test_a_worker_just_started_sends_letters_and_reminds(
    settings, trial, monkeypatch: pytest.MonkeyPatch
):
    def start() -> None:
        monkeypatch.setattr(versions, "_FROZEN", {})
        versions._read.cache_clear()

    trial.invite()
    start()
    sent = deliver_letters(settings, trial.database, clock=trial.clock, transport=Remembering())
    assert (sent.sent, sent.delayed) == (PEOPLE, 0)
    at_hour(trial, 9)
    start()
    assert remind(settings, trial) == PEOPLE


@pytest.mark.parametrize(("hour", "minute"), [(0, 5), (7, 59), (18, 0), (23, 5)])
def test_nobody_is_reminded_at_night(settings, invited, hour, minute):
    at_hour(invited, hour, minute)
    assert remind(settings, invited) == 0


def test_the_hours_are_those_of_england(settings, invited):
    at_hour(invited, 8)
    assert invited.clock().astimezone(ZoneInfo("UTC")).hour == 7
    assert remind(settings, invited) == PEOPLE


def test_a_fault_in_one_study_is_logged_without_its_words(settings, invited, monkeypatch, caplog):
    def fails(*_, **__):
        raise RuntimeError("person1@school1.example")

    monkeypatch.setattr(reminders, "queue_due_letters", fails)
    at_hour(invited, 9)
    assert remind(settings, invited) == 0
    assert "No reminders for bolton-primary" in caplog.text
    assert "person1@" not in caplog.text
