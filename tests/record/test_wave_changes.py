"""Waves are opened early, kept open longer and closed early, and everything follows their days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from at_once import at_once
from looking import events, everything, rows
from sqlalchemy import select
from trials import BY, KEY, Trial

from survey_app.database.models import Letter, Study, WaveChange
from survey_app.jobs.delivery import deliver_letters
from survey_app.operations.errors import WaveNotOpenError
from survey_app.operations.invitations import queue_due_letters
from survey_app.operations.reporting import take_snapshot
from survey_app.operations.studies import definition_of, register_study, unmask_study
from survey_app.operations.wave_changes import (
    WaveDaysError,
    close_wave,
    extend_wave,
    open_wave,
)
from survey_app.trial.design import read_study


def change(trial: Trial, act, wave: str = "baseline", because: str = "The board agreed.", **more):
    with trial.database.writing() as session:
        study = trial.study(session)
        act(session, study=study, wave=wave, because=because, by=BY, at=trial.clock(), **more)


def days_of(trial: Trial, wave: str = "baseline") -> tuple[date, date]:
    with trial.database.reading() as session:
        found = definition_of(trial.study(session)).wave(wave)
        return found.opens_on, found.closes_on


def today(trial: Trial) -> date:
    return trial.clock().date()


def test_a_wave_closed_early_takes_nobody_more_from_the_next_day_on(trial: Trial) -> None:
    opens_on, planned = days_of(trial)
    change(trial, close_wave, closes_on=today(trial))
    assert days_of(trial) == (opens_on, today(trial))
    assert trial.invite() == 10
    trial.clock.move(days=1)
    with pytest.raises(WaveNotOpenError, match="is closed"):
        trial.invite()
    (event,) = events(trial.database, "wave_closed_early")
    assert event.detail["because"] == "The board agreed."
    assert event.detail["before"] == f"{opens_on} to {planned}"
    (kept,) = rows(trial.database, WaveChange)
    assert (kept.closed_on, kept.closes_on, kept.changed_by) == (planned, opens_on, BY)


def test_letters_that_wait_are_not_sent_once_the_wave_closed(trial: Trial, settings) -> None:
    trial.invite()
    change(trial, close_wave, closes_on=today(trial))
    trial.clock.move(days=1)
    assert deliver_letters(settings, trial.database, clock=trial.clock).not_needed == 10
    assert {each.state for each in rows(trial.database, Letter)} == {"cancelled"}


def test_the_last_call_follows_the_new_last_day(trial: Trial, settings) -> None:
    before = trial.definition.letters.last_call_days_before_close
    trial.invite()
    deliver_letters(settings, trial.database, clock=trial.clock)
    trial.clock.move(days=14)
    monday = today(trial)
    change(trial, close_wave, closes_on=monday + timedelta(days=before))
    with trial.database.writing() as session:
        queued = queue_due_letters(
            session, study=trial.study(session), key=KEY, by=BY, at=trial.clock()
        )
        kinds = set(session.scalars(select(Letter.kind).where(Letter.kind != "invitation")))
    assert queued == 10
    assert kinds == {"last_call"}


def test_a_wave_is_kept_open_longer_and_opened_again(trial: Trial) -> None:
    _, planned = days_of(trial)
    change(trial, extend_wave, closes_on=planned + timedelta(days=7))
    assert days_of(trial)[1] == planned + timedelta(days=7)
    trial.clock.noon_on(planned + timedelta(days=10))
    with pytest.raises(WaveNotOpenError):
        trial.invite()
    change(trial, extend_wave, closes_on=planned + timedelta(days=12))
    assert trial.invite() == 10


def test_a_wave_is_opened_early_once_the_one_before_has_closed(trial: Trial) -> None:
    trial.invite()
    trial.randomise()
    _, planned = days_of(trial, "follow_up")
    with pytest.raises(WaveDaysError, match="two waves are not open on one day"):
        change(trial, open_wave, wave="follow_up")
    trial.clock.noon_on(days_of(trial)[1] + timedelta(days=3))
    change(trial, open_wave, wave="follow_up")
    assert days_of(trial, "follow_up") == (today(trial), planned)
    assert trial.invite("follow_up") == 10


def test_a_wave_that_asks_by_arm_waits_for_the_arms(trial: Trial) -> None:
    trial.clock.noon_on(days_of(trial)[1] + timedelta(days=3))
    with pytest.raises(WaveDaysError, match="not randomised yet"):
        change(trial, open_wave, wave="follow_up")


@pytest.mark.parametrize(
    ("act", "more", "says"),
    [
        (open_wave, {}, "opened on 2019-09-16"),
        (close_wave, {"closes_on": date(2019, 9, 15)}, "can close early at the end of 2019-09-16"),
        (close_wave, {"closes_on": date(2019, 10, 18)}, "found 2019-10-18"),
        (extend_wave, {"closes_on": date(2019, 10, 18)}, "a later last day than 2019-10-18"),
        (extend_wave, {"closes_on": date(2021, 1, 1)}, "two waves are not open on one day"),
        (close_wave, {"closes_on": date(2019, 9, 20), "because": " "}, "Say why"),
        (close_wave, {"closes_on": date(2019, 9, 20), "because": "x" * 1001}, "1000 characters"),
        (close_wave, {"closes_on": date(2019, 9, 20), "wave": "follow_up"}, "is not open today"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    trial: Trial, act, more, says: str
) -> None:
    before = everything(trial.database)
    with pytest.raises(WaveDaysError, match=says):
        change(trial, act, **more)
    assert everything(trial.database) == before


def test_of_two_that_close_a_wave_at_once_the_later_sees_the_earlier(trial: Trial) -> None:
    def close(trial: Trial) -> str:
        change(trial, close_wave, closes_on=date(2019, 9, 20))
        return "done"

    results = at_once(trial, close, close)
    assert [each for each in results if each == "done"] == ["done"]
    assert [type(each) for each in results if each != "done"] == [WaveDaysError]
    assert len(rows(trial.database, WaveChange)) == 1


def test_an_amended_file_keeps_the_days_unless_it_changes_them(trial: Trial) -> None:
    trial.invite()
    change(trial, close_wave, closes_on=date(2019, 9, 20))
    source = trial.definition.source.replace('title = "Before', 'title = "Just before', 1)
    amend(trial, source)
    assert days_of(trial)[1] == date(2019, 9, 20)
    amend(trial, source.replace("closes_on = 2019-10-18", "closes_on = 2019-10-25", 1))
    assert days_of(trial)[1] == date(2019, 10, 25)


def amend(trial: Trial, source: str) -> None:
    assert source != trial.definition.source
    with trial.database.writing() as session:
        register_study(
            session,
            definition=read_study(source, file="a.toml"),
            by=BY,
            at=trial.clock(),
            because="Amended.",
        )


def test_the_report_says_that_days_were_changed_and_why_once_arms_are_released(
    trial: Trial,
) -> None:
    change(trial, close_wave, closes_on=date(2019, 9, 20))
    with trial.database.writing() as session:
        study = trial.study(session)
        title = definition_of(study).wave("baseline").title
        masked = take_snapshot(session, study=study, at=trial.clock())
        unmask_study(session, study=study, because="Done.", by=BY, at=trial.clock())
        released = take_snapshot(session, study=study, at=trial.clock())
    days = "2019-09-16 to 2019-10-18 became 2019-09-16 to 2019-09-20"
    assert masked.provenance[f"Days of {title}, change 1"] == days
    assert released.provenance[f"Days of {title}, change 1"] == f"{days}: The board agreed."
    assert masked.study.waves[0].closes_on == date(2019, 9, 20)


def test_days_are_kept_in_the_record_by_wave(trial: Trial) -> None:
    change(trial, close_wave, closes_on=date(2019, 9, 20))
    (study,) = rows(trial.database, Study)
    assert study.moved_waves == {"baseline": ["2019-09-16", "2019-09-20"]}
