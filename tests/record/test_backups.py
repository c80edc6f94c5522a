"""The record is backed up, and put back whole: every table is counted and hashed, on both kinds."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from looking import everything
from sqlalchemy import text
from trials import KEY, KEYS, Trial

from survey_app.database.backups import (
    BackupError,
    Manifest,
    check_backup,
    make_backup,
    newest_backup,
    read_manifest,
    restore_backup,
    tables_of,
)
from survey_app.database.session import Database

BY_NAME = {"SURVEY_SECRET_KEY": (KEY,)}


@pytest.fixture
def backup(trial: Trial, database_url: str, tmp_path: Path) -> Path:
    """A backup of the small trial with its letters queued."""
    trial.invite()
    return make_backup(database_url, tmp_path / "backups", keys=BY_NAME, at=trial.clock())


@pytest.fixture
def empty_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    source = request.getfixturevalue(f"{database_kind}_source")
    with source.empty(tmp_path) as url:
        yield url


def change_manifest(backup: Path, **values: object) -> None:
    path = backup / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_what_is_restored_is_what_was_backed_up(
    trial: Trial, backup: Path, database_url: str, empty_url: str
):
    manifest = restore_backup(empty_url, backup)
    restored = Database(empty_url, keys=KEYS)
    assert everything(restored) == everything(trial.database)
    restored.dispose()
    assert tables_of(empty_url) == tables_of(database_url) == manifest.tables
    letters = next(table for name, table in manifest.tables.items() if name.endswith("letter"))
    assert letters.rows == 10


def test_a_backup_is_for_its_owner_alone_and_holds_no_key(backup: Path):
    assert stat.S_IMODE(backup.stat().st_mode) == 0o700
    for file in backup.iterdir():
        assert KEY.encode() not in file.read_bytes()
    assert not list(backup.parent.glob(".unfinished*"))


def test_a_database_that_holds_anything_is_not_restored_over_without_being_told(
    trial: Trial, backup: Path, database_url: str
):
    with trial.database.writing() as session:
        session.execute(text("DELETE FROM letter"))
    before = everything(trial.database)
    with pytest.raises(BackupError, match=r"holds \d+ tables with [\d,]+ rows.*--over"):
        restore_backup(database_url, backup)
    assert everything(trial.database) == before
    trial.database.dispose()
    restore_backup(database_url, backup, over=True)
    assert tables_of(database_url) == read_manifest(backup).tables


def test_a_table_that_the_backup_does_not_know_stops_or_goes_and_never_stays(
    trial: Trial, backup: Path, database_url: str, database_kind: str
):
    with trial.database.writing() as session:
        session.execute(text("CREATE TABLE of_a_later_version (id INTEGER)"))
    trial.database.dispose()
    if database_kind == "sqlite":
        restore_backup(database_url, backup, over=True)
        assert "of_a_later_version" not in tables_of(database_url)
    else:
        with pytest.raises(BackupError, match="of_a_later_version"):
            restore_backup(database_url, backup, over=True)
        assert "public.of_a_later_version" in tables_of(database_url)


def test_a_file_that_was_changed_is_not_restored(backup: Path, empty_url: str):
    file = backup / read_manifest(backup).file
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    for refuses in (check_backup, lambda backup: restore_backup(empty_url, backup)):
        with pytest.raises(BackupError, match="damaged or was changed"):
            refuses(backup)
    assert tables_of(empty_url) == {}


def test_rows_that_are_not_those_of_the_manifest_are_named(backup: Path, empty_url: str):
    tables = json.loads((backup / "manifest.json").read_text())["tables"]
    name = next(name for name in tables if name.endswith("letter"))
    change_manifest(backup, tables=tables | {name: {"rows": 11, "sha256": "0" * 64}})
    with pytest.raises(BackupError, match=rf"{name}: 10 rows .* the manifest has 11 rows"):
        restore_backup(empty_url, backup)


def test_what_is_no_backup_is_said_to_be_none(backup: Path, tmp_path: Path):
    with pytest.raises(BackupError, match="cannot be read"):
        read_manifest(tmp_path)
    change_manifest(backup, format=2)
    with pytest.raises(BackupError, match="does not know"):
        read_manifest(backup)
    (backup / "manifest.json").write_text("{}")
    with pytest.raises(BackupError, match="not the manifest"):
        read_manifest(backup)


def test_a_backup_of_the_other_kind_is_refused(backup: Path, tmp_path: Path, database_kind: str):
    other = (
        "postgresql+psycopg://nobody@127.0.0.1:1/none"
        if database_kind == "sqlite"
        else f"sqlite:///{tmp_path / 'other.sqlite'}"
    )
    with pytest.raises(BackupError, match=f"is of a {database_kind} database"):
        restore_backup(other, backup)


def test_a_database_that_is_not_set_up_is_not_backed_up(
    trial: Trial, empty_url: str, tmp_path: Path
):
    with pytest.raises(BackupError, match="nothing to back up"):
        make_backup(empty_url, tmp_path / "none", keys=BY_NAME, at=trial.clock())
    assert not list((tmp_path / "none").iterdir())


def test_the_newest_is_found_and_none_replaces_another(
    trial: Trial, backup: Path, database_url: str
):
    with pytest.raises(BackupError, match="exists already"):
        make_backup(database_url, backup.parent, keys=BY_NAME, at=trial.clock())
    later = trial.clock() + timedelta(days=1)
    make_backup(database_url, backup.parent, keys=BY_NAME, at=later)
    newest = newest_backup(backup.parent)
    assert isinstance(newest, Manifest)
    assert newest.made == later
    assert newest_backup(backup / "nothing-here") is None


def test_writing_goes_on_while_a_backup_is_made(
    trial: Trial, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from survey_app.database import backups

    counting = backups._sqlite_tables, backups._postgresql_tables

    def write_and_count(which: int):
        def count(connection):
            with trial.database.writing() as session:
                session.execute(text("DELETE FROM staff_role"))
            return counting[which](connection)

        return count

    before = tables_of(database_url)
    monkeypatch.setattr(backups, "_sqlite_tables", write_and_count(0))
    monkeypatch.setattr(backups, "_postgresql_tables", write_and_count(1))
    made = make_backup(database_url, tmp_path / "backups", keys=BY_NAME, at=trial.clock())
    assert read_manifest(made).tables == before
