"""The commands as the flask program runs them, on SQLite, with the small trial on record or not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import Result
from flask import Flask

Run = Callable[..., Result]


@pytest.fixture(params=["sqlite"])
def database_kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def run(app: Flask) -> Run:
    """Run a command; whatever happens, it must not end in a traceback."""

    def invoke(*arguments: object, **more: object) -> Result:
        result = app.test_cli_runner().invoke(args=[str(each) for each in arguments], **more)
        assert result.exception is None or isinstance(result.exception, SystemExit), (
            result.exception
        )
        assert "Traceback" not in result.output
        return result

    return invoke


@pytest.fixture
def refused(run: Run) -> Callable[..., str]:
    """Run a command that is to be refused; give what it says."""

    def invoke(*arguments: object, **more: object) -> str:
        result = run(*arguments, **more)
        assert result.exit_code != 0, result.output
        return result.output

    return invoke


@pytest.fixture
def done(run: Run) -> Callable[..., str]:
    """Run a command that is to succeed; give what it says."""

    def invoke(*arguments: object, **more: object) -> str:
        result = run(*arguments, **more)
        assert result.exit_code == 0, result.output
        return result.output

    return invoke
