"""The doctor says of each thing the service needs how it is, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from mail_servers import Post, serving
from sqlalchemy import text
from trials import PASSWORD, Clock, Trial

from survey_app.cli import commands_alone, doctor
from survey_app.database.backups import make_backup
from survey_app.jobs.queue import keep_heartbeat, make_queue
from survey_app.jobs.sealing import seal_audit_trail
from survey_app.settings import Settings, SettingsError

Change = Callable[..., Settings]


@pytest.fixture
def change(app: Flask) -> Change:
    def apply(**settings: object) -> Settings:
        parts = app.extensions["survey"]
        app.extensions["survey"] = replace(parts, settings=replace(parts.settings, **settings))
        return app.extensions["survey"].settings

    return apply


@pytest.fixture
def alive(settings: Settings, clock: Clock) -> None:
    """A worker gave a sign of life just now."""
    queue = make_queue(settings, creates_tables=True)
    keep_heartbeat(queue, at=clock())
    queue.storage.close()


def line(told: str, about: str) -> str:
    """Give what was said about one thing, with its advice."""
    lines = told.splitlines()
    (at,) = [n for n, each in enumerate(lines) if each.split()[1:2] == [about]]
    return "\n".join(lines[at : at + 2])


def test_a_sound_service_is_found_to_be_so(
    done, change: Change, trial: Trial, settings: Settings, tmp_path: Path
):
    seal_audit_trail(trial.database, clock=trial.clock, stopping=lambda: False)
    keys = change(backup_directory=tmp_path).keys_by_name
    make_backup(settings.database_url, tmp_path, keys=keys, at=trial.clock())
    queue = make_queue(settings, creates_tables=True)
    keep_heartbeat(queue, at=trial.clock())
    queue.storage.close()
    told = done("doctor")
    assert "0 wrong" in told
    for about in ("database", "keys", "mail", "backups", "worker", "letters", "trail"):
        assert line(told, about).startswith("ok"), about


def test_settings_that_cannot_be_used_are_each_told():
    app = commands_alone(SettingsError(["SURVEY_ONE is wrong", "SURVEY_TWO is wrong"]))
    result = app.test_cli_runner().invoke(args=["doctor"])
    assert result.exit_code == 1
    assert "SURVEY_ONE is wrong" in result.output
    assert "2 wrong" in result.output


def test_a_database_that_is_not_set_up_is_told_with_the_command(refused, trial: Trial, alive: None):
    with trial.database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert "database upgrade" in line(refused("doctor"), "database")
    with trial.database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert "a later version" in line(refused("doctor"), "database")


def test_a_database_that_does_not_answer_stops_no_other_check(
    settings: Settings, clock: Clock, tmp_path: Path
):
    from survey_app import create_app

    app = create_app(
        replace(settings, database_url="postgresql+psycopg://nobody@127.0.0.1:1/nothing"),
        clock=clock,
    )
    result = app.test_cli_runner().invoke(args=["doctor"])
    app.extensions["survey"].database.dispose()
    assert result.exit_code == 1
    assert "does not answer" in line(result.output, "database")
    assert line(result.output, "disk").startswith(("ok", "wrong"))
    assert "no worker has run" in line(result.output, "worker")


def test_a_mail_server_is_spoken_to(run, change: Change, trial: Trial, alive: None):
    with serving(Post()) as server:
        change(mail_server=server)
        assert line(run("doctor").output, "mail").startswith("ok")
    told = line(run("doctor").output, "mail")
    assert told.startswith("wrong")
    assert "does not answer" in told
    assert "SURVEY_SMTP" in told


def test_a_key_that_is_missing_is_told(app: Flask, refused, trial: Trial, alive: None):
    with trial.database.writing() as session:
        session.execute(text("UPDATE staff SET totp_secret = 'of another key'"))
    told = line(refused("doctor"), "keys")
    assert "No key for staff" in told
    assert "SURVEY_…_KEYS" in told


def test_a_worker_that_fell_silent_and_what_it_left_are_told(refused, trial: Trial, alive: None):
    trial.invite()
    trial.clock.move(days=3)
    told = refused("doctor")
    assert "silent on" in line(told, "worker")
    assert "service worker" in line(told, "worker")
    assert line(told, "letters").startswith("wrong")
    assert line(told, "trail").startswith("wrong")


def test_backups_that_are_missing_or_old_or_under_other_keys_are_told(
    run, change: Change, trial: Trial, settings: Settings, tmp_path: Path, alive: None
):
    assert "SURVEY_BACKUP_DIR is not set" in line(run("doctor").output, "backups")
    keys = change(backup_directory=tmp_path).keys_by_name
    assert "there is none" in line(run("doctor").output, "backups")
    make_backup(settings.database_url, tmp_path, keys={}, at=trial.clock())
    assert "keys were changed" in line(run("doctor").output, "backups")
    trial.clock.move(minutes=1)
    made = make_backup(settings.database_url, tmp_path, keys=keys, at=trial.clock())
    assert line(run("doctor").output, "backups").startswith("ok")
    trial.clock.move(days=2)
    assert line(run("doctor").output, "backups").startswith(
        "look   backups    the newest is 2 days"
    )
    (made / "manifest.json").write_text("{}")
    assert line(run("doctor").output, "backups").startswith("wrong")


def test_a_disk_that_is_nearly_full_is_told(
    refused, trial: Trial, alive: None, monkeypatch: pytest.MonkeyPatch
):
    full = SimpleNamespace(free=10 * 1024**2, total=100 * 1024**3)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: full)
    assert "Make room" in line(refused("doctor"), "disk")


def test_a_clock_behind_the_record_is_told(refused, trial: Trial, alive: None):
    trial.clock.move(hours=-5)
    told = line(refused("doctor"), "clock")
    assert "in the future" in told
    assert "NTP" in told


def test_a_file_of_keys_that_others_may_read_is_told(
    run, trial: Trial, alive: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    file = tmp_path / ".env"
    file.write_text(f"SURVEY_SECRET_KEY={PASSWORD}\n")
    file.chmod(0o644)
    monkeypatch.setattr(doctor, "_ENVIRONMENT_FILE", file)
    told = run("doctor").output
    assert f"chmod 600 {file}" in told
    assert PASSWORD not in told
    file.chmod(0o600)
    assert "chmod" not in run("doctor").output


def test_what_was_silent_is_told_in_words_that_fit():
    assert doctor._long(timedelta(seconds=3)) == "3 seconds"
    assert doctor._long(timedelta(minutes=3)) == "3 minutes"
    assert doctor._long(timedelta(hours=3)) == "3 hours"
