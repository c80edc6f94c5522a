"""How a command reaches the record, and how what goes wrong is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar, cast

import click
from flask import current_app
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from instruments.errors import DefinitionError
from reports.errors import ReportsError
from survey_app.database import schema
from survey_app.database.models import Study
from survey_app.database.queries.studies import all_studies, study_by_slug
from survey_app.database.session import Database
from survey_app.operations.errors import OperationError
from survey_app.settings import Settings, SettingsError
from survey_app.trial.errors import TrialError

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

BY = "command"


class Parts(Protocol):
    """What a command needs of the running service."""

    settings: Settings
    database: Database
    clock: Callable[[], datetime]
    rng: Any


def parts() -> Parts:
    """Give the parts of the service this command belongs to, or say why it cannot run."""
    found = current_app.extensions["survey"]
    if isinstance(found, SettingsError):
        raise click.ClickException(str(found))
    return cast(Parts, found)


@contextmanager
def reading() -> Iterator[Session]:
    """Give a session that cannot write."""
    expect_current_record()
    with parts().database.reading() as session:
        yield session


@contextmanager
def writing() -> Iterator[Session]:
    """Give a session that commits once, at the end of its block."""
    expect_current_record()
    with parts().database.writing() as session:
        yield session


def expect_current_record() -> None:
    """Refuse to go on with a database that does not answer or is of another version."""
    try:
        is_current = schema.is_current(parts().database.engine)
    except (OperationalError, ProgrammingError) as error:
        raise _no_answer(error) from error
    if not is_current:
        refuse_later_record()
        raise click.ClickException(
            "The database is not set up for this version. Run: flask --app wsgi database upgrade"
        )


def refuse_later_record() -> None:
    """Refuse a database that a later version has changed: this one would not understand it."""
    if schema.is_of_a_later_version(parts().database.engine):
        raise click.ClickException(
            "The database was set up by a later version of this program. "
            "Use that version, or another database."
        )


def _no_answer(error: OperationalError | ProgrammingError) -> click.ClickException:
    return click.ClickException(f"The database does not answer: {error.orig}")


def the_study(session: Session, slug: str) -> Study:
    """Give the study of this slug, or say which there are."""
    study = study_by_slug(session, slug)
    if study is None:
        known = ", ".join(s.slug for s in all_studies(session)) or "none yet"
        raise click.ClickException(f"There is no study {slug}. Studies on record: {known}.")
    return study


def read_file(path: Path) -> bytes:
    """Give a file's bytes, or say why it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise click.ClickException(f"{path} cannot be read: {error.strerror}") from error


def write_file(path: Path, content: bytes) -> None:
    """Write a file and say so, or say why it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from error
    click.echo(f"Written: {path}")


def told(command: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Turn what the service refuses into a message and exit code 1, without a traceback."""

    @wraps(command)
    def wrapped(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return command(*args, **kwargs)
        except (OperationError, TrialError, DefinitionError, ReportsError) as error:
            raise click.ClickException(str(error)) from error
        except OperationalError as error:
            raise _no_answer(error) from error

    return wrapped
