"""How the web server is started, and when it is not."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from pathlib import Path

import click
import pytest

from survey_app.cli.service import _announcement, _refuse_if_taken, web_command
from survey_app.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_environment(
        {
            "SURVEY_MODE": "demonstration",
            "SURVEY_SECRET_KEY": "a key for tests, and for nothing else at all",
            "SURVEY_DATA_DIR": str(tmp_path),
        }
    )


def option(command: list[str], name: str) -> str:
    return command[command.index(name) + 1]


def test_sqlite_gets_one_process(settings):
    command = web_command(settings, host="127.0.0.1", port=8000)
    assert option(command, "--workers") == "1"
    assert option(command, "--threads") == "16"
    assert option(command, "--bind") == "127.0.0.1:8000"


def test_postgresql_gets_a_process_for_each_core(settings):
    on_server = replace(settings, database_url="postgresql+psycopg://survey@db/survey")
    command = web_command(on_server, host="::1", port=8000)
    assert option(command, "--workers") == str(os.cpu_count())
    assert option(command, "--threads") == "8"
    assert option(command, "--bind") == "[::1]:8000"


def test_the_access_log_is_the_one_that_hides_tokens(settings):
    command = web_command(settings, host="127.0.0.1", port=8000)
    assert option(command, "--logger-class") == "survey_app.web.access_log.AccessLog"


def test_lines_of_json_are_chosen_by_the_settings(settings):
    command = web_command(replace(settings, log_format="json"), host="127.0.0.1", port=8000)
    assert option(command, "--logger-class") == "survey_app.web.access_log.JsonAccessLog"


def test_a_port_in_use_is_refused_in_words():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(click.ClickException, match="running already"):
            _refuse_if_taken("127.0.0.1", port)
    _refuse_if_taken("127.0.0.1", port)


def test_a_host_that_is_not_ours_is_refused_in_words():
    with pytest.raises(click.ClickException, match=r"Cannot listen on 192\.0\.2\.1:8000"):
        _refuse_if_taken("192.0.2.1", 8000)


def test_it_says_where_links_lead_when_that_is_elsewhere(settings):
    assert "SURVEY_BASE_URL" not in _announcement(settings, host="127.0.0.1", port=8000)
    assert "http://127.0.0.1:8000" in _announcement(settings, host="127.0.0.1", port=9000)
