"""Starting the service: the web server and the worker, together or alone."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from types import FrameType
from typing import TYPE_CHECKING

import click
from flask.cli import AppGroup

from survey_app.cli.door import expect_current_record, parts
from survey_app.settings import Settings, SettingsError
from survey_app.web import access_log

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from survey_app.database.models import Study
    from survey_app.jobs.rehearsals import Rehearsed, Say

group = AppGroup("service", help="Start the service.")

_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_POLL_SECONDS = 0.2
_PATIENCE_SECONDS = 90


HOST = click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
PORT = click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))


@group.command("start")
@HOST
@PORT
def start(host: str, port: int) -> None:
    """Start the web server and the worker, and end both with Ctrl-C."""
    settings = parts().settings
    expect_current_record()
    _refuse_if_taken(host, port)
    children = {
        "web server": _start(web_command(settings, host=host, port=port)),
        "worker": _start([sys.executable, "-m", "flask", "--app", "wsgi", "service", "worker"]),
    }
    ended = _watch(children, host=host, port=port, settings=settings)
    _end(tuple(children.values()))
    if ended:
        raise click.ClickException(f"The {ended} ended by itself; what it said stands above.")


@group.command("web")
@HOST
@PORT
def web(host: str, port: int) -> None:
    """Run the web server alone, in place of this command."""
    settings = parts().settings
    expect_current_record()
    _refuse_if_taken(host, port)
    command = web_command(settings, host=host, port=port)
    parts().database.dispose()
    os.execv(command[0], command)  # noqa: S606  # made above


@group.command("worker", with_appcontext=False)
def worker() -> None:
    """Run the worker alone: it sends letters and makes reports."""
    # The worker's half of the program, which a web server's command need not load.
    from survey_app.jobs.worker import run_worker

    try:
        run_worker(Settings.from_environment(os.environ), rehearse=_rehearse)
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def _rehearse(session: Session, *, study: Study, seed: str) -> Callable[[Say], Rehearsed]:
    # Loads what simulates, so only once there is something to rehearse.
    from survey_app.rehearsal.on_record import rehearsal_of

    return rehearsal_of(session, study=study, seed=seed)


def web_command(settings: Settings, *, host: str, port: int) -> list[str]:
    """Give the command that serves the pages.

    SQLite gets one process only: several that write to one file starve each other.
    """
    log = access_log.JsonAccessLog if settings.log_format == "json" else access_log.AccessLog
    processes, threads = (1, 16) if settings.is_sqlite else (os.cpu_count() or 1, 8)
    return [
        *(sys.executable, "-m", "gunicorn", "wsgi:app"),
        *("--bind", f"[{host}]:{port}" if ":" in host else f"{host}:{port}"),
        *("--worker-class", "gthread"),
        *("--workers", str(processes)),
        *("--threads", str(threads)),
        *("--timeout", "60", "--graceful-timeout", "20"),
        *("--logger-class", f"{access_log.__name__}.{log.__name__}"),
        *("--access-logfile", "-", "--access-logformat", access_log.FORMAT),
        "--no-control-socket",
    ]


def _start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    # In a session of its own, so that Ctrl-C reaches it through us, as a request to end in order.
    return subprocess.Popen(command, start_new_session=True)  # noqa: S603  # made above


def _refuse_if_taken(host: str, port: int) -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(found[0], socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(found[4])
    except OSError as error:
        raise click.ClickException(
            f"Cannot listen on {host}:{port} ({error.strerror}). Is the service running already? "
            "Another port can be given with --port, or as in: make run PORT=8001"
        ) from None


def _watch(
    children: dict[str, subprocess.Popen[bytes]], *, host: str, port: int, settings: Settings
) -> str:
    """Wait until told to stop, or until a child ends; give the name of that child."""
    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in _STOPS:
        signal.signal(number, ask_to_stop)
    announced = False
    while not stop.wait(_POLL_SECONDS):
        for name, child in children.items():
            if child.poll() is not None:
                return name
        if not announced and _answers(host, port):
            announced = True
            click.echo(_announcement(settings, host=host, port=port))
    return ""


def _announcement(settings: Settings, *, host: str, port: int) -> str:
    here = f"http://{host}:{port}"
    if here == settings.base_url:
        return f"The service answers at {here} (Ctrl-C ends it)."
    return (
        f"The service answers at {here} (Ctrl-C ends it). "
        f"Links in letters lead to SURVEY_BASE_URL, {settings.base_url}."
    )


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("HEAD", "/")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def _end(children: Sequence[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    for child in children:
        try:
            child.wait(timeout=_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
