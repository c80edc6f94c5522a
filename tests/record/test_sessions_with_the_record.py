"""A reading session cannot write, and a writing one that fails leaves nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from looking import everything, rows
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError, StatementError
from trials import Trial

from survey_app.database.models import Letter, School, Study
from survey_app.database.queries.staff import staff_by_email
from survey_app.database.queries.studies import study_by_slug
from survey_app.database.session import Database


@pytest.mark.parametrize(
    "statement",
    [
        update(Study).values(slug="changed"),
        delete(Letter),
        text("CREATE TABLE invented (id INTEGER)"),
        text("DROP TABLE letter"),
    ],
    ids=["update", "delete", "create", "drop"],
)
def test_a_reading_session_cannot_write(trial: Trial, statement):
    before = everything(trial.database)
    with (
        trial.database.reading() as session,
        pytest.raises(DBAPIError, match=r"read-?only"),
    ):
        session.execute(statement)
    assert everything(trial.database) == before


def test_a_reading_session_cannot_commit_what_it_changed(trial: Trial):
    with trial.database.reading() as session:
        trial.study(session).slug = "changed"
        with pytest.raises(DBAPIError, match=r"read-?only"):
            session.commit()


def test_after_a_writing_session_the_connection_reads_only_again(trial: Trial):
    for _ in range(3):
        with trial.database.writing() as session:
            session.execute(update(Study).values(slug="bolton-primary"))
        with trial.database.reading() as session, pytest.raises(DBAPIError):
            session.execute(update(Study).values(slug="changed"))


def test_a_writing_session_that_fails_leaves_nothing(trial: Trial):
    before = everything(trial.database)

    def change_and_fail() -> None:
        with trial.database.writing() as session:
            session.execute(update(School).values(name="changed"))
            session.flush()
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError):
        change_and_fail()
    assert everything(trial.database) == before


def test_a_row_that_leads_nowhere_is_refused(trial: Trial):
    with pytest.raises(DBAPIError), trial.database.writing() as session:
        session.execute(update(School).values(authority_id=999))


def test_moments_come_back_aware_and_in_utc(trial: Trial):
    summer = datetime(2020, 7, 1, 12, 30, tzinfo=timezone(timedelta(hours=1)))
    with trial.database.writing() as session:
        session.execute(update(Study).values(unmasked_at=summer))
    kept = rows(trial.database, Study)[0].unmasked_at
    assert kept == summer
    assert kept is not None
    assert kept.tzinfo is UTC


def test_a_moment_without_a_time_zone_is_refused(trial: Trial):
    naive = datetime(2020, 7, 1)  # noqa: DTZ001  # what is refused
    with (
        pytest.raises(StatementError, match="aware moments only"),
        trial.database.writing() as session,
    ):
        session.execute(update(Study).values(unmasked_at=naive))


def test_the_folder_of_a_sqlite_file_is_made(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'new' / 'folder' / 'survey.sqlite'}")
    with database.engine.connect() as connection:
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
    database.dispose()


def test_a_nul_is_replaced_in_what_is_kept_and_in_what_is_asked(trial: Trial):
    with trial.database.reading() as session:
        assert study_by_slug(session, "bolton\x00primary") is None
        assert staff_by_email(session, "eve\x00@trial.example") is None
    with trial.database.writing() as session:
        session.execute(update(School).values(name="a\x00b"))
    assert {s.name for s in rows(trial.database, School)} == {"a\N{REPLACEMENT CHARACTER}b"}
