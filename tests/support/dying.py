"""A server that is killed in the middle of a request: a process of its own, and SIGKILL."""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Callable, Iterable
from typing import Any

from respondents import Respondent
from sqlalchemy import event
from trials import Clock
from werkzeug.test import TestResponse

from survey_app import create_app
from survey_app.database.session import Database
from survey_app.settings import Settings

BEFORE_COMMIT = "commit"
BEFORE_REPLY = "reply"


def killed(
    dev: Respondent,
    settings: Settings,
    clock: Clock,
    *,
    at: str,
    act: Callable[[Respondent], TestResponse],
) -> bytes:
    """Let a server of its own answer until it is killed at a point; give what the browser got.

    The point is the beginning of a statement, or one of the two names above.
    """
    dev.trial.database.dispose()
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # The child runs one thread and opens connections of its own.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            app = create_app(settings, clock=clock)
            app.config.update(TESTING=False, WTF_CSRF_ENABLED=False)
            _arm(app, at)
            browser = Respondent.__new__(Respondent)
            browser.__dict__.update(dev.__dict__)
            browser.client = app.test_client()
            browser.client._cookies = dev.client._cookies
            os.write(writing, act(browser).get_data())
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        received = pipe.read()
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "it was not killed: the point was never reached"
    assert os.WTERMSIG(status) == signal.SIGKILL
    return received


def _arm(app: Any, at: str) -> None:
    database: Database = app.extensions["survey"].database
    if at == BEFORE_REPLY:
        answer = app.wsgi_app

        def answer_and_die(environ: Any, start: Any) -> Iterable[bytes]:
            answer(environ, start)
            return _die()

        app.wsgi_app = answer_and_die
    elif at == BEFORE_COMMIT:
        event.listen(database.engine, "commit", lambda _connection: _die())
    else:

        def die_at(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if statement.startswith(at):
                _die()

        event.listen(database.engine, "before_cursor_execute", die_at)


def _die() -> list[bytes]:
    os.kill(os.getpid(), signal.SIGKILL)
    return []
