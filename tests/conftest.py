"""What every test may ask for: fresh databases of both kinds, a small trial, programs of others."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from databases import PostgresqlSource, SqliteSource, migrate, missing
from flask import Flask
from trials import KEY, KEYS, Clock, Trial, load_trial, loaded_trial

from survey_app import create_app
from survey_app.database.session import Database
from survey_app.settings import Settings


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say for each reason how many tests were skipped, once: a missing server would fill pages."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    for reason, n in reasons.most_common():
        terminalreporter.write_line(f"SKIPPED {n}: {reason.splitlines()[0]}")


@pytest.fixture(scope="session")
def sqlite_source(tmp_path_factory: pytest.TempPathFactory) -> SqliteSource:
    return SqliteSource(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgresql_source() -> Iterator[PostgresqlSource]:
    reason = PostgresqlSource.reason_unavailable()
    if reason is not None:
        missing(reason)
    source = PostgresqlSource()
    yield source
    source.remove()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Both databases in turn; a test that needs one only can override it."""
    return request.param


@pytest.fixture
def database_url(
    database_kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[str]:
    source = request.getfixturevalue(f"{database_kind}_source")
    # A trial is copied from one on record already, which is quicker than loading it again.
    fill = load_trial if "trial" in request.fixturenames else migrate
    with source.fresh(tmp_path, fill=fill) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url, keys=KEYS)
    yield opened
    opened.dispose()


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2019, 9, 16, 11, tzinfo=UTC))


@pytest.fixture
def trial(database: Database, clock: Clock) -> Trial:
    return loaded_trial(database, clock)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        mode="demonstration",
        secret_key=KEY,
        data_directory=tmp_path / "var",
        database_url=database_url,
        base_url="http://127.0.0.1:8000",
        mail_from="Survey <survey@trial.example>",
        mail_server=None,
    )


@pytest.fixture
def app(settings: Settings, clock: Clock) -> Iterator[Flask]:
    made = create_app(settings, clock=clock, rng=random.Random(2))
    # Forged requests are tried on purpose in their own tests, with the check switched on.
    made.config.update(TESTING=False, WTF_CSRF_ENABLED=False)
    yield made
    made.extensions["survey"].database.dispose()


@pytest.fixture(scope="session")
def require_r() -> str:
    """The path of Rscript."""
    path = shutil.which("Rscript")
    if path is None:
        missing("no R: Rscript is not installed")
    assert path is not None
    return path
