"""No line the web server writes holds a link's secret, a query, or where an answer came from."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from gunicorn.config import Config

from survey_app.jobs.log_lines import JsonLines
from survey_app.links import token_for_letter
from survey_app.web.access_log import FORMAT, AccessLog, JsonAccessLog
from survey_app.web.logs import without_secrets

TOKEN = token_for_letter(1, key="a key for tests, and for nothing else at all")
ADDRESS = "192.0.2.7"


@pytest.fixture
def log(caplog):
    config = Config()
    config.set("accesslog", "-")
    config.set("access_log_format", FORMAT)
    made = AccessLog(config)
    # gunicorn keeps its lines from the root logger, where caplog listens.
    for logger in (made.access_log, made.error_log):
        logger.addHandler(caplog.handler)
    for own in made.error_log.handlers:
        for hide in list(own.filters):
            caplog.handler.addFilter(hide)
    yield made
    for logger in (made.access_log, made.error_log):
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
    caplog.handler.filters.clear()


def request(
    path: str, query: str = "", method: str = "GET"
) -> tuple[object, object, dict, timedelta]:
    raw = f"{path}?{query}" if query else path
    environ = {
        "REQUEST_METHOD": method,
        "RAW_URI": raw,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": ADDRESS,
        "HTTP_REFERER": f"https://webmail.example/?open={TOKEN}",
        "HTTP_USER_AGENT": "A browser",
        "HTTP_COOKIE": "visit=secret",
    }
    response = SimpleNamespace(status="200 OK", sent=12, headers=[("Set-Cookie", "visit=secret")])
    headers = SimpleNamespace(headers=[("COOKIE", "visit=secret")])
    return response, headers, environ, timedelta(milliseconds=5)


@pytest.mark.parametrize(
    ("path", "written"),
    [
        (f"/link/{TOKEN}", "/link/***"),
        (f"/link/{TOKEN}/", "/link/***"),
        (f"/link/{TOKEN}/not-me", "/link/***"),
        (f"/link//{TOKEN}", "/link/***"),
        (f"/LINK/{TOKEN}", "/LINK/***"),
        (f"/lnik/{TOKEN}", "/lnik/***"),
        (f"/{TOKEN}", "/***"),
        ("/link/too-short", "/link/***"),
        ("/code/AB12-CD34-EF56", "/code/***"),
        ("/studies/bolton-primary/letters", "/studies/bolton-primary/letters"),
        ("/answer/abcdefghjkmn/pages/gad-7", "/answer/abcdefghjkmn/pages/gad-7"),
    ],
)
def test_a_line_has_stars_where_the_token_was(log, caplog, path, written):
    log.access(*request(path))
    assert f" GET {written} HTTP/1.1 200 12 5ms" in caplog.messages[-1]
    assert TOKEN not in caplog.text


def test_a_line_has_no_query_no_referrer_no_browser_and_no_cookie(log, caplog):
    log.access(*request("/mailbox", query="search=dev%40school.example"))
    for left_out in ("search", "dev", "webmail", "browser", "secret", "?"):
        assert left_out not in caplog.messages[-1]


def test_no_format_can_bring_back_what_is_left_out(log, caplog):
    log.cfg.set("access_log_format", "%(r)s %(q)s %(f)s %(a)s %({cookie}i)s %({raw_uri}e)s")
    log.access(*request(f"/link/{TOKEN}", query="a=b"))
    assert caplog.messages[-1] == "GET /link/*** HTTP/1.1 - - - - -"


@pytest.mark.parametrize("path", [f"/link/{TOKEN}", "/answer/abc/pages/gad-7"])
def test_where_a_participant_came_from_is_not_written(log, caplog, path):
    log.access(*request(path))
    assert ADDRESS not in caplog.messages[-1]


def test_where_staff_came_from_is_written(log, caplog):
    log.access(*request("/sign-in", method="POST"))
    assert f"] {ADDRESS} POST /sign-in" in caplog.messages[-1]


def test_a_request_that_fails_outside_the_service_is_told_without_its_token(log, caplog):
    log.exception("Error handling request %s", f"/link/{TOKEN}?x={TOKEN}")
    assert "Error handling request /link/***" in caplog.text
    assert TOKEN not in caplog.text


def test_every_handler_of_errors_hides_secrets(log):
    own = [h for h in log.error_log.handlers if isinstance(h, logging.StreamHandler)]
    assert own
    assert all(handler.filters for handler in own)


def test_tokens_of_the_service_look_like_tokens_to_the_log():
    for letter_id in range(200):
        token = token_for_letter(letter_id, key="another key for tests, and nothing else")
        assert token not in without_secrets(f"anything {token} anywhere")


def test_a_line_of_json_says_no_more_than_the_line_of_text(log, caplog):
    as_json = JsonAccessLog(log.cfg)
    as_json.access_log.addHandler(caplog.handler)
    with caplog.at_level(logging.INFO):
        as_json.access(*request(f"/link/{TOKEN}", query=f"again={TOKEN}"))
    (record,) = [each for each in caplog.records if each.name == "gunicorn.access"]
    assert json.loads(JsonLines().format(record)) == {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": "INFO",
        "logger": "gunicorn.access",
        "process": record.process,
        "message": "request",
        "client": "-",
        "method": "GET",
        "path": "/link/***",
        "status": 200,
        "bytes": 12,
        "milliseconds": 5,
    }
