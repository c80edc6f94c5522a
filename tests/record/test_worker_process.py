"""The worker as a process of its own: woken, told to stop, stopped with a letter in hand."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from letterboxes import recipients_in, settings_for, states
from mail_servers import Post, serving
from trials import Trial

from survey_app.jobs import queue as queues
from survey_app.jobs.queue import heartbeats, wake
from survey_app.settings import Settings

PEOPLE = 10

WORKER = """
import sys
from datetime import datetime
from pathlib import Path
from letterboxes import settings_for
from mail_servers import reached_at
from survey_app.jobs.worker import run_worker

url, folder, port, at = sys.argv[1:]
server = reached_at(int(port)) if port != "0" else None
settings = settings_for(url, Path(folder), mail_server=server)
run_worker(settings, clock=lambda: datetime.fromisoformat(at))
"""


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Iterator[Settings]:
    made = settings_for(database_url, tmp_path / "var")
    yield made
    for bell in queues._bells(made).values():
        bell.huey.storage.close()
    queues._bells.cache_clear()


@contextmanager
def working(
    settings: Settings, trial: Trial, tmp_path: Path, *, port: int = 0
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker; its log is the file worker.log."""
    arguments = [
        *(settings.database_url, str(settings.data_directory), str(port)),
        trial.clock().isoformat(),
    ]
    paths = os.pathsep.join([str(Path.cwd()), str(Path.cwd() / "tests" / "support")])
    with (tmp_path / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", WORKER, *arguments],
            env={**os.environ, "PYTHONPATH": paths},
            stderr=log,
        )
    try:
        eventually(lambda: "has started" in (tmp_path / "worker.log").read_text())
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def eventually(is_so: Callable[[], bool], *, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_sends_what_waits_when_it_starts_and_ends_when_told(settings, trial, tmp_path, number):
    trial.invite()
    with working(settings, trial, tmp_path) as worker:
        eventually(lambda: states(trial.database) == ["sent"] * PEOPLE)
        worker.send_signal(number)
        assert worker.wait(timeout=30) == 0
    assert len(recipients_in(settings.mailbox_directory)) == PEOPLE
    assert heartbeats(settings) == {socket.gethostname(): trial.clock()}
    log = (tmp_path / "worker.log").read_text()
    assert "has ended" in log
    assert "Traceback" not in log
    assert "@" not in log


def test_woken_it_does_not_wait_for_the_minute(settings, trial, tmp_path):
    with working(settings, trial, tmp_path):
        trial.invite()
        before = time.monotonic()
        wake(settings, "deliver_letters")
        eventually(lambda: states(trial.database) == ["sent"] * PEOPLE, seconds=20)
        assert time.monotonic() - before < 20


def test_told_to_stop_it_finishes_the_letter_in_hand_and_no_other(settings, trial, tmp_path):
    trial.invite()
    post = Post(hangs_after=2, hangs_for_seconds=3)
    with (
        serving(post) as server,
        working(settings, trial, tmp_path, port=server.port) as worker,
    ):
        assert post.hanging.wait(timeout=30)
        worker.terminate()
        assert worker.wait(timeout=30) == 0
    assert sorted(states(trial.database)) == ["sent"] * 3 + ["waiting"] * (PEOPLE - 3)
    assert len(post.received) == 3
