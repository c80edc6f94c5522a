"""Invitations a second that the real worker sends through an SMTP server on this machine.

The worker is a process of its own with a clock that stands on a Tuesday morning in term, when
letters may go. The server takes every letter and keeps none; it is timed from the first it took to
the last.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from aiosmtpd.controller import Controller

from benchmarks.measuring import print_line
from benchmarks.serving import (
    Kind,
    Stage,
    cpu_seconds,
    environment_of,
    free_port,
    kinds_to_measure,
    stage,
)
from survey_app.settings import MailServer

N_LETTERS: Final = 500
ON: Final = datetime(2026, 1, 13, 10, tzinfo=UTC)
_PATIENCE_SECONDS: Final = 120

_WORKER: Final = """
import os
from datetime import datetime
from survey_app.jobs.worker import run_worker
from survey_app.settings import Settings

at = datetime.fromisoformat(os.environ["BENCHMARK_CLOCK"])
run_worker(Settings.from_environment(os.environ), clock=lambda: at)
"""


class Sink:
    """Takes letters, and notes when each came."""

    def __init__(self, n_expected: int) -> None:
        self.taken_at: list[float] = []
        self.has_all = threading.Event()
        self._n_expected = n_expected

    async def handle_DATA(self, _server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802
        self.taken_at.append(time.perf_counter())
        if len(self.taken_at) == self._n_expected:
            self.has_all.set()
        return "250 OK"


@contextmanager
def working(on: Stage) -> Iterator[subprocess.Popen[bytes]]:
    """Run the worker of a record for a while."""
    log = on.settings.data_directory / "worker.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", _WORKER],
            cwd=Path(__file__).parent.parent,
            env={**environment_of(on.settings), "BENCHMARK_CLOCK": ON.isoformat()},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=_PATIENCE_SECONDS)


def measure(kind: Kind) -> None:
    """Measure one database."""
    sink, port = Sink(N_LETTERS), free_port()
    server = Controller(sink, hostname="127.0.0.1", port=port)
    server.start()
    reached = MailServer("127.0.0.1", port, "none", "", "")
    try:
        with stage(kind, people=N_LETTERS, at=ON, mail_server=reached) as on, working(on) as worker:
            if not sink.has_all.wait(timeout=_PATIENCE_SECONDS):
                log = on.settings.data_directory / "worker.log"
                sys.exit(
                    f"only {len(sink.taken_at)} of {N_LETTERS} letters came:\n{log.read_text()}"
                )
            cpu = cpu_seconds(worker.pid)
    finally:
        server.stop()
    per_second = (N_LETTERS - 1) / (sink.taken_at[-1] - sink.taken_at[0])
    name = "letters.smtp" if kind == "sqlite" else f"letters.smtp.{kind}"
    print_line(f"{name}.per_s", round(per_second, 1), "1/s", N_LETTERS)
    print_line(f"{name}.worker_cpu_ms", round(cpu * 1000 / N_LETTERS, 2), "ms", N_LETTERS)


def main() -> None:
    """Measure every database there is."""
    for kind in kinds_to_measure():
        measure(kind)


if __name__ == "__main__":
    main()
