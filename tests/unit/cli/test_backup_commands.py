from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from looking import counts
from sqlalchemy import text
from trials import Trial


@pytest.fixture
def folder(app: Flask, tmp_path: Path) -> Path:
    """The directory of backups that the settings name."""
    parts = app.extensions["survey"]
    where = tmp_path / "backups"
    app.extensions["survey"] = replace(
        parts, settings=replace(parts.settings, backup_directory=where)
    )
    return where


def test_the_record_is_backed_up_checked_and_put_back(done, refused, trial: Trial, folder: Path):
    assert "keep them elsewhere" in done("backup", "make")
    (backup,) = folder.iterdir()
    assert "is as it was made" in done("backup", "check", backup)
    before = counts(trial.database)
    with trial.database.writing() as session:
        session.execute(text("DELETE FROM staff_role"))
    assert "Nothing was changed" in refused("backup", "restore", backup)
    told = done("backup", "restore", backup, "--over")
    assert "Restored and verified" in told
    assert "SECRET_KEY" not in told
    assert counts(trial.database) == before


def test_other_keys_than_those_of_the_backup_are_told(app: Flask, run, folder: Path, trial: Trial):
    run("backup", "make")
    (backup,) = folder.iterdir()
    parts = app.extensions["survey"]
    app.extensions["survey"] = replace(
        parts, settings=replace(parts.settings, secret_key="another key" * 4)
    )
    assert (
        "SURVEY_SECRET_KEY is not what it was" in run("backup", "restore", backup, "--over").stderr
    )


def test_a_backup_of_a_later_version_is_refused(refused, done, trial: Trial, folder: Path):
    done("backup", "make")
    (backup,) = folder.iterdir()
    manifest = backup / "manifest.json"
    lines = manifest.read_text().splitlines()
    manifest.write_text(
        "\n".join('"revision": "9999",' if '"revision"' in line else line for line in lines)
    )
    assert "of a later version" in refused("backup", "restore", backup, "--over")


def test_a_directory_is_asked_for_where_none_is_set(refused, trial: Trial):
    assert "SURVEY_BACKUP_DIR" in refused("backup", "make")
