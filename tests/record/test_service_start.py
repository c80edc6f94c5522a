"""`service start`: web server and worker begin together, answer, and end together."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from letterboxes import recipients_in, states
from mail_servers import free_port
from trials import KEY, Trial

WSGI = """
from survey_app import create_app

app = create_app()
"""


class Running:
    """A started service and what it has said."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.port = free_port()
        self.output = folder / "output.log"
        (folder / "wsgi.py").write_text(WSGI)
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "flask", "--app", "wsgi", "service", "start"),
                    *("--port", str(self.port)),
                ],
                cwd=folder,
                env={
                    **os.environ,
                    "PYTHONPATH": str(Path.cwd()),
                    "PYTHONUNBUFFERED": "1",
                    "SURVEY_MODE": "demonstration",
                    "SURVEY_SECRET_KEY": KEY,
                    "SURVEY_DATA_DIR": str(folder / "var"),
                    "SURVEY_DATABASE_URL": database_url,
                    "SURVEY_BASE_URL": f"http://127.0.0.1:{self.port}",
                },
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def said(self) -> str:
        return self.output.read_text()

    def until(self, is_so, *, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < deadline, self.said
            time.sleep(0.1)

    def children(self) -> dict[str, int]:
        """The processes it started, by what they do."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return {
            ("web" if b"gunicorn" in Path(f"/proc/{pid}/cmdline").read_bytes() else "worker"): int(
                pid
            )
            for pid in listed.split()
        }

    def get(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()


def is_running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


@pytest.fixture
def service(trial: Trial, database_url: str, tmp_path: Path) -> Iterator[Running]:
    """The service over the small trial, everyone invited, as soon as it answers."""
    trial.invite()
    running = Running(tmp_path, database_url)
    try:
        running.until(lambda: "The service answers at" in running.said)
        running.until(lambda: "worker has started" in running.said)
        yield running
    finally:
        if running.process.poll() is None:
            running.process.terminate()
        running.process.wait(timeout=60)


# Three processes begin for each of these tests, so each database has one way of ending only.
@pytest.mark.parametrize(
    ("database_kind", "number"),
    [
        ("sqlite", signal.SIGINT),
        pytest.param("postgresql", signal.SIGTERM, marks=pytest.mark.postgresql),
    ],
)
def test_it_answers_and_sends_and_ends_in_order(service, trial, tmp_path, number):
    children = service.children()
    assert set(children) == {"web", "worker"}
    assert f"http://127.0.0.1:{service.port} (Ctrl-C ends it)" in service.said
    assert service.get("/") == 200
    token = trial.token(1)
    assert service.get(f"/link/{token}?from=mail") == 200
    # The wave of the small trial closed years ago, and this worker's clock is the real one.
    service.until(lambda: states(trial.database) == ["cancelled"] * 10)
    assert recipients_in(tmp_path / "var" / "mailbox") == []
    service.process.send_signal(number)
    assert service.process.wait(timeout=60) == 0
    assert not any(is_running(pid) for pid in children.values())
    assert "The worker has ended." in service.said
    assert "GET /link/*** HTTP/1.1 200" in service.said
    assert token not in service.said
    assert "Traceback" not in service.said


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_when_the_worker_dies_the_web_server_is_ended(service):
    children = service.children()
    os.kill(children["worker"], signal.SIGKILL)
    assert service.process.wait(timeout=60) == 1
    assert "The worker ended by itself" in service.said
    assert not any(is_running(pid) for pid in children.values())
