"""Backups: the whole record in one file, with a manifest by which a restored copy is verified.

A backup is a folder: the file of the record, and `manifest.json` with the file's hash and, for
every table, how many rows it has and a hash of them. Keys are never in it, only their fingerprints.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from sqlalchemy import make_url

from survey_app.database.libpq import parameters_of
from survey_app.version import VERSION

Kind = Literal["sqlite", "postgresql"]

MANIFEST: Final = "manifest.json"
_FILES: Final[Mapping[Kind, str]] = {"sqlite": "record.sqlite", "postgresql": "record.dump"}
_FORMAT: Final = 1
_BLOCK: Final = 1024 * 1024
_LOCK_MILLISECONDS: Final = 30_000
_WAITS: Final = f"-clock_timeout={_LOCK_MILLISECONDS}"


class BackupError(Exception):
    """A backup cannot be made, or cannot be trusted, or must not be restored here."""


@dataclass(frozen=True, slots=True)
class Table:
    """What one table holds: how many rows, and a hash of them in the order of their key."""

    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself."""

    format: int
    kind: Kind
    made_at: str
    program: str
    revision: str
    file: str
    size: int
    sha256: str
    keys: Mapping[str, str]
    """Fingerprints of the keys in use when it was made, by purpose."""
    tables: Mapping[str, Table]

    @property
    def made(self) -> datetime:
        return datetime.fromisoformat(self.made_at)

    @property
    def n_rows(self) -> int:
        return sum(table.rows for table in self.tables.values())


def make_backup(
    url: str, directory: Path, *, keys: Mapping[str, Sequence[str]], at: datetime
) -> Path:
    """Write a backup into a new folder of a directory, whole or not at all; give the folder.

    The service may go on meanwhile: the file and the manifest are of one moment.
    """
    kind = _kind(url)
    final = directory / f"survey-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    if final.exists():
        raise BackupError(f"{final} exists already; a backup never replaces another.")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        # Made by mkdtemp, so nobody else on this machine can read it.
        unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=directory))
    except OSError as error:
        raise BackupError(f"{directory} cannot be written: {error.strerror}.") from error
    try:
        file = unfinished / _FILES[kind]
        tables = _copy_sqlite(url, file) if kind == "sqlite" else _dump_postgresql(url, file)
        manifest = Manifest(
            format=_FORMAT,
            kind=kind,
            made_at=at.astimezone(UTC).isoformat(timespec="seconds"),
            program=VERSION,
            revision=_revision(tables, url, file, kind),
            file=file.name,
            size=file.stat().st_size,
            sha256=_sha256(file),
            keys=fingerprints(keys),
            tables=tables,
        )
        (unfinished / MANIFEST).write_text(json.dumps(asdict(manifest), indent=2) + "\n")
        _onto_the_disk(unfinished)
        unfinished.rename(final)
    except OSError as error:
        raise BackupError(f"The backup cannot be written: {error.strerror}.") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return final


def read_manifest(backup: Path) -> Manifest:
    """Give what a backup says of itself; refuses what is no backup of ours."""
    path = backup / MANIFEST
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        tables = {name: Table(**table) for name, table in values.pop("tables").items()}
        manifest = Manifest(**values, tables=tables)
        _ = manifest.made
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BackupError(f"{path} is not the manifest of a backup.") from error
    if manifest.format != _FORMAT or _FILES.get(manifest.kind) != manifest.file:
        raise BackupError(f"{path} is of a form that this version does not know.")
    return manifest


def check_backup(backup: Path) -> Manifest:
    """Read a backup whole: its file has the hash of its manifest and, on SQLite, its rows do too.

    What a PostgreSQL backup holds is compared when it is restored.
    """
    manifest = read_manifest(backup)
    file = backup / manifest.file
    try:
        digest = _sha256(file)
    except OSError as error:
        raise BackupError(f"{file} cannot be read: {error.strerror}.") from error
    if digest != manifest.sha256:
        raise BackupError(
            f"{file} is damaged or was changed: its SHA-256 is {digest}; the manifest has "
            f"{manifest.sha256}."
        )
    if manifest.kind == "sqlite":
        with _opened_file(file) as connection:
            _compare(manifest.tables, _sqlite_tables(connection))
    else:
        _run(["pg_restore", "--list", str(file)], {})
    return manifest


def restore_backup(url: str, backup: Path, *, over: bool = False) -> Manifest:
    """Put a backup's record into the database of an address, and verify what is there then.

    The whole of it or nothing is written. Refuses a database that holds anything, unless `over`.
    """
    manifest = check_backup(backup)
    kind = _kind(url)
    if manifest.kind != kind:
        raise BackupError(
            f"The backup is of a {manifest.kind} database; SURVEY_DATABASE_URL names {kind}."
        )
    there = tables_of(url)
    held = sum(table.rows for table in there.values())
    if there and not over:
        raise BackupError(
            f"The database holds {len(there)} tables with {held:,} rows. Nothing was changed. "
            "Name an empty one in SURVEY_DATABASE_URL, or give --over to replace what it holds."
        )
    if kind == "sqlite":
        _restore_sqlite(url, backup / manifest.file)
    else:
        _restore_postgresql(url, backup / manifest.file, over=over, strangers=there.keys())
    _compare(manifest.tables, tables_of(url))
    return manifest


def newest_backup(directory: Path) -> Manifest | None:
    """Give the manifest of a directory's newest finished backup, if there is one."""
    found = [read_manifest(path.parent) for path in directory.glob(f"survey-*/{MANIFEST}")]
    return max(found, key=lambda manifest: manifest.made, default=None)


def fingerprints(keys: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Tell keys apart without telling them, newest first; they are long and random."""
    return {
        purpose: ",".join(
            hashlib.sha256(f"fingerprint of a key:{key}".encode()).hexdigest()[:12] for key in each
        )
        for purpose, each in keys.items()
    }


def tables_of(url: str) -> dict[str, Table]:
    """Count and hash every table of a database; none where there is none yet."""
    if _kind(url) == "sqlite":
        if not _sqlite_file(url).exists():
            return {}
        with _opened_file(_sqlite_file(url), writable=True) as connection:
            return _sqlite_tables(connection)
    with _connected(url) as server:
        return _postgresql_tables(server)


def _kind(url: str) -> Kind:
    return "sqlite" if make_url(url).get_backend_name() == "sqlite" else "postgresql"


def _compare(expected: Mapping[str, Table], found: Mapping[str, Table]) -> None:
    faults = [
        f"- {name}: {_in_words(found.get(name))}; the manifest has {_in_words(expected.get(name))}"
        for name in sorted({*expected, *found})
        if expected.get(name) != found.get(name)
    ]
    if faults:
        raise BackupError("The record is not what was backed up:\n" + "\n".join(faults))


def _in_words(table: Table | None) -> str:
    return "no such table" if table is None else f"{table.rows:,} rows ({table.sha256[:12]}…)"


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _onto_the_disk(folder: Path) -> None:
    for path in (*folder.iterdir(), folder):
        number = os.open(path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _revision(tables: Mapping[str, Table], url: str, file: Path, kind: Kind) -> str:
    if not any(name.endswith("alembic_version") for name in tables):
        raise BackupError("The database is not set up, so there is nothing to back up.")
    if kind == "sqlite":
        with _opened_file(file) as connection:
            return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])
    with _connected(url) as server:
        row = server.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row else ""


# SQLite: the copy is made and put back by SQLite itself, so a writer in between does no harm.


def _sqlite_file(url: str) -> Path:
    return Path(make_url(url).database or "")


@contextmanager
def _opened_file(file: Path, *, writable: bool = False) -> Iterator[sqlite3.Connection]:
    try:
        with closing(sqlite3.connect(file, timeout=_LOCK_MILLISECONDS / 1000)) as connection:
            if not writable:
                connection.execute("PRAGMA query_only=ON")
            yield connection
    except sqlite3.Error as error:
        raise BackupError(f"{file} cannot be used: {error}.") from error


def _copy_sqlite(url: str, file: Path) -> dict[str, Table]:
    origin = _sqlite_file(url)
    if not origin.exists():
        raise BackupError(f"There is no database at {origin}, so there is nothing to back up.")
    with (
        _opened_file(origin, writable=True) as source,
        _opened_file(file, writable=True) as copy,
    ):
        # All pages in one step: a copy in steps starts again whenever somebody writes.
        source.backup(copy, pages=-1)
        # One file by itself: the journal that a running service wants would stand beside it.
        copy.execute("PRAGMA journal_mode=DELETE")
        return _sqlite_tables(copy)


def _restore_sqlite(url: str, file: Path) -> None:
    target = _sqlite_file(url)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _opened_file(file) as source, _opened_file(target, writable=True) as database:
        source.backup(database, pages=-1)


def _sqlite_tables(connection: sqlite3.Connection) -> dict[str, Table]:
    (state,) = connection.execute("PRAGMA integrity_check").fetchone()
    if state != "ok":
        raise BackupError(f"The SQLite file is damaged: {state}.")
    names = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    return {name: _sqlite_table(connection, name) for (name,) in names.fetchall()}


def _sqlite_table(connection: sqlite3.Connection, name: str) -> Table:
    columns = connection.execute("SELECT name, pk FROM pragma_table_info(?)", (name,)).fetchall()
    key = [column for column, place in sorted(columns, key=lambda each: each[1]) if place]
    order = ", ".join(_quoted(column) for column in key or [column for column, _ in columns])
    digest, n = hashlib.sha256(), 0
    query = f"SELECT * FROM {_quoted(name)} ORDER BY {order}"  # noqa: S608  # its own names, quoted
    for row in connection.execute(query):
        digest.update(repr(row).encode())
        n += 1
    return Table(n, digest.hexdigest())


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


# PostgreSQL: pg_dump reads the snapshot that the manifest is counted in.


def _dump_postgresql(url: str, file: Path) -> dict[str, Table]:
    with _connected(url) as server:
        row = server.execute("SELECT pg_export_snapshot()").fetchone()
        assert row is not None  # noqa: S101  # a function gives one row
        _run(
            [
                *("pg_dump", "--format=custom", "--no-owner", f"--snapshot={row[0]}"),
                *(f"--file={file}", "--dbname=service=survey"),
            ],
            parameters_of(url, options=_WAITS),
        )
        return _postgresql_tables(server)


def _restore_postgresql(url: str, file: Path, *, over: bool, strangers: Any) -> None:
    listed = _run(["pg_restore", "--list", str(file)], {})
    unknown = sorted(name for name in strangers if f" {name.replace('.', ' ')} " not in listed)
    if unknown:
        raise BackupError(
            f"The database holds tables that the backup does not know: {', '.join(unknown)}. "
            "Nothing was changed. Restore into an empty database."
        )
    replace = ["--clean", "--if-exists"] if over else []
    _run(
        [
            *("pg_restore", "--single-transaction", "--exit-on-error", "--no-owner"),
            # The roles are the server's; `database roles` makes and grants them.
            *("--no-privileges", *replace),
            *("--dbname=service=survey", str(file)),
        ],
        parameters_of(url, options=_WAITS),
    )


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection[Any]]:
    try:
        with psycopg.connect(make_conninfo(**parameters_of(url)), connect_timeout=10) as server:
            server.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            server.read_only = True
            yield server
    except psycopg.Error as error:
        raise BackupError(f"The PostgreSQL server refused: {str(error).splitlines()[0]}") from error


def _postgresql_tables(server: psycopg.Connection[Any]) -> dict[str, Table]:
    # What a value looks like as text must not depend on the server or on who asks.
    server.execute(
        "SELECT set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO', true)"
    )
    names = server.execute(
        "SELECT schemaname, tablename FROM pg_tables"
        " WHERE schemaname NOT LIKE 'pg\\_%' AND schemaname <> 'information_schema'"
        " ORDER BY 1, 2"
    ).fetchall()
    return {f"{schema}.{name}": _postgresql_table(server, schema, name) for schema, name in names}


def _postgresql_table(server: psycopg.Connection[Any], schema: str, name: str) -> Table:
    # By the text of the whole row and byte by byte, which no collation changes.
    query = sql.SQL('COPY (SELECT * FROM {} AS each ORDER BY each::text COLLATE "C") TO STDOUT')
    digest, n = hashlib.sha256(), 0
    with server.cursor() as cursor, cursor.copy(query.format(sql.Identifier(schema, name))) as rows:
        for row in rows:
            digest.update(row)
            n += 1
    return Table(n, digest.hexdigest())


def _run(command: list[str], parameters: Mapping[str, str]) -> str:
    """Run a program of PostgreSQL; the password is in a file, never on the command line."""
    program = shutil.which(command[0])
    if program is None:
        raise BackupError(
            f"{command[0]} is not installed. It comes with PostgreSQL's client: "
            "apt install postgresql-client"
        )
    with tempfile.TemporaryDirectory() as folder:
        services = Path(folder) / "services"
        services.touch(mode=0o600)
        lines = [f"{name}={value}" for name, value in parameters.items()]
        services.write_text("\n".join(["[survey]", *lines]) + "\n", encoding="utf-8")
        done = subprocess.run(  # noqa: S603  # the program and its arguments are named above
            [program, *command[1:]],
            env={**os.environ, "PGSERVICEFILE": str(services), "LC_ALL": "C.UTF-8"},
            capture_output=True,
            check=False,
            text=True,
            errors="replace",
        )
    if done.returncode:
        # The first line says what is wrong; later ones may quote a row.
        because = next(iter(done.stderr.splitlines()), "it gave no reason")
        raise BackupError(f"{command[0]} failed: {because}")
    return done.stdout
