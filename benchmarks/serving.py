"""The service as it runs for real, over a record full of invited people, and what it costs.

The web server is started by the command `service start` starts it with, one process on SQLite and
one a core on PostgreSQL. Processor time and memory are read from /proc.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal
from uuid import uuid4

import psycopg
from sqlalchemy import make_url, select

from survey_app.cli.service import web_command
from survey_app.database import schema
from survey_app.database.models import Invitation, Letter
from survey_app.database.session import Database
from survey_app.jobs.queue import make_queue
from survey_app.links import token_for_letter
from survey_app.operations.enrolment import import_roster
from survey_app.operations.invitations import invite_wave
from survey_app.operations.studies import register_study
from survey_app.operations.waves import day_in_england
from survey_app.settings import MailServer, Settings
from survey_app.trial.design import StudyDefinition, read_study
from survey_app.trial.roster import read_roster

Kind = Literal["sqlite", "postgresql"]

SERVER: Final = os.environ.get(
    "TEST_POSTGRESQL_URL", "postgresql+psycopg://postgres@127.0.0.1:5432"
)
BY: Final = "command:benchmark"
PEOPLE_OF_A_SCHOOL: Final = 2
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PATIENCE_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Stage:
    """A record with invited people in it, and the settings of a service over it."""

    kind: Kind
    settings: Settings
    database: Database
    tokens: tuple[str, ...]


@contextmanager
def stage(
    kind: Kind,
    *,
    people: int,
    wave: str = "whole",
    at: datetime | None = None,
    mail_server: MailServer | None = None,
) -> Iterator[Stage]:
    """Make a record in which so many people are invited to a wave that opens then, or now."""
    invited_at = at or datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder, _address(kind, Path(folder)) as url:
        settings = Settings(
            mode="demonstration",
            secret_key=secrets.token_urlsafe(32),
            data_directory=Path(folder) / "var",
            database_url=url,
            base_url=f"http://127.0.0.1:{free_port()}",
            mail_from="Survey <survey@benchmark.example>",
            mail_server=mail_server,
        )
        settings.data_directory.mkdir()
        database = Database(url, keys=settings.encryption_keys)
        try:
            schema.upgrade(database.engine)
            make_queue(settings, creates_tables=True)
            tokens = _invite(database, settings, people=people, wave=wave, at=invited_at)
            yield Stage(kind, settings, database, tokens)
        finally:
            database.dispose()


def kinds_to_measure() -> tuple[Kind, ...]:
    """SQLite, and PostgreSQL where a server answers; stderr says so where none does."""
    try:
        psycopg.connect(_plain(SERVER), connect_timeout=3).close()
    except psycopg.OperationalError as error:
        print(f"PostgreSQL is left out: none at TEST_POSTGRESQL_URL. {error}", file=sys.stderr)
        return ("sqlite",)
    return ("sqlite", "postgresql")


@contextmanager
def _address(kind: Kind, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'survey.sqlite'}"
        return
    name = f"survey_bench_{os.getpid()}_{uuid4().hex[:8]}"
    _run(f'CREATE DATABASE "{name}"')
    try:
        yield make_url(SERVER).set(database=name).render_as_string(hide_password=False)
    finally:
        _run(f'DROP DATABASE "{name}" WITH (FORCE)')


def _definition(wave: str, at: datetime) -> StudyDefinition:
    text = (Path(__file__).parent / "answering.toml").read_text(encoding="utf-8")
    planned = read_study(text, "answering.toml")
    return planned.shifted((day_in_england(at) - planned.wave(wave).opens_on).days)


def _invite(
    database: Database, settings: Settings, *, people: int, wave: str, at: datetime
) -> tuple[str, ...]:
    definition = _definition(wave, at)
    lines = ["authority,school,urn,phase,mainstream,dsl_name,dsl_email,dsl_role"]
    for n in range(people):
        school, role = n // PEOPLE_OF_A_SCHOOL, "deputy" if n % PEOPLE_OF_A_SCHOOL else "DSL"
        lines.append(
            f"Authority,School {school},{100_000 + school},primary,yes,"
            f"Person {n},person{n}@benchmark.example,{role}"
        )
    roster = read_roster("\n".join(lines).encode(), phases=definition.study.phases)
    with database.writing() as session:
        study = register_study(session, definition=definition, by=BY, at=at)
        import_roster(session, study=study, rows=roster.rows, key=settings.secret_key, by=BY, at=at)
    with database.writing() as session:
        invite_wave(
            session,
            study=session.merge(study),
            wave=wave,
            key=settings.secret_key,
            by=BY,
            at=at,
            rng=secrets.SystemRandom(),
        )
    with database.reading() as session:
        letters = session.scalars(
            select(Letter.id).join(Invitation).where(Letter.kind == "invitation")
        )
        return tuple(token_for_letter(each, key=settings.secret_key) for each in letters)


def environment_of(settings: Settings) -> dict[str, str]:
    """Give the surroundings in which a process of the service finds these settings."""
    server = settings.mail_server
    mail = (
        {
            "SURVEY_SMTP_HOST": server.host,
            "SURVEY_SMTP_PORT": str(server.port),
            "SURVEY_SMTP_ENCRYPTION": server.encryption,
        }
        if server
        else {}
    )
    return {
        **os.environ,
        "SURVEY_MODE": settings.mode,
        "SURVEY_SECRET_KEY": settings.secret_key,
        "SURVEY_DATA_DIR": str(settings.data_directory),
        "SURVEY_DATABASE_URL": settings.database_url,
        "SURVEY_BASE_URL": settings.base_url,
        "SURVEY_MAIL_FROM": settings.mail_from,
        **mail,
    }


@dataclass(frozen=True, slots=True)
class Served:
    """A web server that answers, and the processes that it and its database are made of."""

    port: int
    pids: Callable[[], list[int]]

    def cpu_seconds(self) -> float:
        """Processor time that they have used so far."""
        return sum(map(cpu_seconds, self.pids()))

    def memory_mib(self) -> float:
        """Memory that they hold, what is shared counted once."""
        return sum(map(_pss_kib, self.pids())) / 1024


@contextmanager
def serving(on: Stage) -> Iterator[Served]:
    """Run the web server of a record for a while."""
    port = int(on.settings.base_url.rsplit(":", 1)[1])
    log = on.settings.data_directory / "web.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            web_command(on.settings, host="127.0.0.1", port=port),
            cwd=Path(__file__).parent.parent,
            env=environment_of(on.settings),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_it_answers(port, process, log)
        yield Served(port, lambda: [process.pid, *_children(process.pid), *_backends(on)])
    finally:
        process.terminate()
        process.wait(timeout=_PATIENCE_SECONDS)


def _wait_until_it_answers(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    sys.exit(f"The web server did not start:\n{log.read_text()}")


def _backends(on: Stage) -> list[int]:
    """The processes of PostgreSQL that work for this record: its connections and the server's own.

    What works for other databases of the same server is left out.
    """
    if on.kind == "sqlite":
        return []
    with on.database.engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() OR datname IS NULL"
        )
        return [pid for (pid,) in rows if Path(f"/proc/{pid}").exists()]


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used so far; 0 once it has ended."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(after_name[11]) + int(after_name[12])) / _TICKS


def _pss_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def busy_seconds() -> float:
    """Processor time that everything on this machine has used so far."""
    first = Path("/proc/stat").read_text().partition("\n")[0].split()[1:]
    user, nice, system, _idle, _waiting, *interrupts = map(int, first[:8])
    return (user + nice + system + sum(interrupts)) / _TICKS


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def free_port() -> int:
    """Give a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(statement: str) -> None:
    with psycopg.connect(_plain(SERVER), autocommit=True) as connection:
        connection.execute(statement)


def _plain(url: str) -> str:
    address = make_url(url).set(drivername="postgresql")
    return address.set(database=address.database or "postgres").render_as_string(
        hide_password=False
    )
