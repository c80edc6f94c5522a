"""What programs that watch the service are told: alive, ready, and counts of nobody."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from looking import everything, rows
from sqlalchemy import text
from trials import Trial

from survey_app import create_app
from survey_app.database.models import Contact, School
from survey_app.jobs.queue import keep_heartbeat, make_queue
from survey_app.settings import Settings

TOKEN = "a token for whoever collects metrics"
SHOWN = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def watched(app: Flask) -> FlaskClient:
    parts = app.extensions["survey"]
    app.extensions["survey"] = replace(parts, settings=replace(parts.settings, metrics_token=TOKEN))
    return app.test_client()


def numbers(client: FlaskClient) -> dict[str, float]:
    answer = client.get("/metrics", headers=SHOWN)
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_ready_while_the_record_answers_and_is_of_this_version(
    client: FlaskClient, trial: Trial
) -> None:
    assert client.get("/health/ready").text == "ok\n"
    with trial.database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.text) == (503, "the record is of another version\n")
    assert client.get("/health/live").text == "ok\n"


@pytest.fixture
def unreachable(settings: Settings) -> Iterator[Flask]:
    made = create_app(
        replace(settings, database_url="postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    )
    yield made
    made.extensions["survey"].database.dispose()


def test_alive_and_not_ready_while_the_record_does_not_answer(unreachable: Flask) -> None:
    client = unreachable.test_client()
    assert client.get("/health/live").status_code == 200
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.text) == (503, "the record does not answer\n")


def test_no_metrics_without_a_token_or_with_a_wrong_one(
    app: Flask, client: FlaskClient, trial: Trial
) -> None:
    assert client.get("/metrics", headers=SHOWN).status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
    parts = app.extensions["survey"]
    app.extensions["survey"] = replace(parts, settings=replace(parts.settings, metrics_token=TOKEN))
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer no"}).status_code == 401


def test_the_metrics_count_what_waits(watched: FlaskClient, trial: Trial) -> None:
    before = numbers(watched)
    assert before['survey_letters{state="waiting"}'] == 0
    assert before["survey_workers_seen"] == 0
    assert "survey_worker_last_alive_seconds" not in before
    trial.invite()
    trial.clock.move(days=3)
    told = numbers(watched)
    assert told['survey_letters{state="waiting"}'] == 10
    assert told["survey_letter_longest_due_seconds"] > timedelta(days=1).total_seconds()
    assert told["survey_audit_longest_unsealed_seconds"] >= timedelta(days=3).total_seconds()
    assert told['survey_submissions{state="submitted"}'] == 0
    assert told["survey_disk_free_bytes"] > 0


def test_the_metrics_tell_when_a_worker_was_last_alive(
    watched: FlaskClient, trial: Trial, settings: Settings
) -> None:
    queue = make_queue(settings, creates_tables=True)
    keep_heartbeat(queue, at=trial.clock())
    queue.storage.close()
    trial.clock.move(minutes=5)
    told = numbers(watched)
    assert told["survey_workers_seen"] == 1
    assert told["survey_worker_last_alive_seconds"] == 300


def test_the_metrics_name_nobody_and_change_nothing(watched: FlaskClient, trial: Trial) -> None:
    trial.invite()
    before = everything(trial.database)
    told = watched.get("/metrics", headers=SHOWN).text
    assert everything(trial.database) == before
    named = [
        *(contact.email for contact in rows(trial.database, Contact)),
        *(contact.name for contact in rows(trial.database, Contact)),
        *(school.name for school in rows(trial.database, School)),
        trial.slug,
        *(arm.label for arm in trial.definition.arms),
    ]
    assert [each for each in named if each in told] == []


def test_a_fault_is_logged_as_a_line_of_json_where_the_settings_say_so(
    settings: Settings, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    logger = logging.getLogger("survey_app")
    handlers, filters = list(logger.handlers), list(logger.filters)
    app = create_app(
        replace(settings, log_format="json", database_url=f"sqlite:///{tmp_path / 'none.sqlite'}")
    )
    try:
        assert app.test_client().get("/health?words=Kayleigh").status_code == 500
    finally:
        logger.handlers, logger.filters = handlers, filters
        app.extensions["survey"].database.dispose()
    (line,) = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert told["message"] == "Exception on /health [GET]"
    assert "sqlalchemy" in told["raised"]
