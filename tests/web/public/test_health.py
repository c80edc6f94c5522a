from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from flask.testing import FlaskClient

from survey_app import create_app
from survey_app.settings import Settings


def test_says_ok_while_the_record_answers(client: FlaskClient) -> None:
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.text == "ok\n"
    assert answer.content_type.startswith("text/plain")


def test_fails_when_the_record_does_not_answer(settings: Settings, tmp_path: Path) -> None:
    app = create_app(replace(settings, database_url=f"sqlite:///{tmp_path / 'empty.sqlite'}"))
    assert app.test_client().get("/health").status_code == 500
    app.extensions["survey"].database.dispose()
