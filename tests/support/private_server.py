"""A PostgreSQL server of a test's own, so that it can be stopped without harm to anybody."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import psycopg
from databases import missing

_PROGRAMS = Path("/usr/lib/postgresql")
_PATIENCE_SECONDS = "60"

How = Literal["fast", "immediate"]


class PrivateServer:
    """A server in a folder of its own, at a free port of this machine."""

    def __init__(self, folder: Path, programs: Path, user: str | None) -> None:
        self._folder, self._programs, self._user = folder, programs, user
        self._run("initdb", "--username=postgres", "--auth=trust", "--no-sync", "--locale=C.UTF-8")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        # A killed server is no power cut: what was handed to the system is on its disk.
        options = f"-p {self.port} -h 127.0.0.1 -k {folder} -c fsync=off"
        self._control("start", "-o", options)

    def url(self, name: str) -> str:
        """Make a database and give its address."""
        plain = f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres"
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def restart(self, how: How) -> None:
        """End the server and begin it again: in order, or as if it had been killed."""
        self._control("restart", "-m", how)

    def stop(self) -> None:
        self._control("stop", "-m", "immediate")

    def _control(self, what: str, *more: str) -> None:
        log = str(self._folder / "server.log")
        self._run("pg_ctl", what, "--wait", "-t", _PATIENCE_SECONDS, "--log", log, *more)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments, "-D", str(self._folder / "data")]
        # Nothing is read from a pipe: the server would hold it open.
        with (self._folder / f"{program}.log").open("wb") as log:
            subprocess.run(  # made above
                command, check=True, cwd="/", user=self._user, stdout=log, stderr=log
            )


@contextmanager
def private_server() -> Iterator[PrivateServer]:
    """Run a server for a while; skip the test, with the reason, where there can be none."""
    found = shutil.which("initdb")
    there = [Path(found).resolve().parent] if found else []
    programs = [*there, *sorted(_PROGRAMS.glob("*/bin"), reverse=True)]
    if not programs:
        missing("no initdb: the programs of a PostgreSQL server are not installed")
    folder, user = Path(tempfile.mkdtemp(prefix="survey-postgresql-")), None
    try:
        # PostgreSQL refuses to be run by root.
        if os.geteuid() == 0:
            if "postgres" not in {each.pw_name for each in pwd.getpwall()}:
                missing("no user named postgres: root may not run a PostgreSQL server")
            user = "postgres"
            shutil.chown(folder, user)
        server = PrivateServer(folder, programs[0], user)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
