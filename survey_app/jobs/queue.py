"""The queue that wakes the worker. It holds names of tasks and nothing else.

Nothing depends on it: what there is to do stands in the record, and the worker looks there every
minute. A name put here only spares a letter or a report that minute. Pages load this module, so
it imports no task.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from huey import Huey, PostgresHuey, SqliteHuey, crontab
from huey.storage import PostgresStorage
from psycopg.conninfo import make_conninfo

from survey_app.database.libpq import parameters_of
from survey_app.settings import Settings

TaskName = Literal[
    "deliver_letters",
    "queue_reminders",
    "make_reports",
    "seal_audit_trail",
    "read_bounces",
    "work_out_outlook",
    "make_rehearsals",
]

SCHEDULE: Final[Mapping[TaskName, Callable[[Any], bool]]] = {
    "deliver_letters": crontab(),
    "queue_reminders": crontab(minute="*/10"),
    "make_reports": crontab(),
    "seal_audit_trail": crontab(),
    "read_bounces": crontab(minute="*/5"),
    "work_out_outlook": crontab(minute="*/30"),
    "make_rehearsals": crontab(),
}

_NAME = "survey"
_HEARTBEAT = "heartbeat:"
_LOCK_FOR_TABLES = 7_306_114_881
_ONE_MAKES_IT = threading.Lock()

_log = logging.getLogger(__name__)


class _OnRecordsServer(PostgresStorage):  # type: ignore[misc]  # huey publishes no types
    """huey's tables beside the record's; two workers that start together make them once."""

    def initialize_schema(self) -> None:
        with self.db(commit=True, close=True) as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", (_LOCK_FOR_TABLES,))
            for statement in self.ddl:
                cursor.execute(statement)


def make_queue(settings: Settings, *, creates_tables: bool = False) -> Huey:
    """Give the queue; on PostgreSQL only the worker makes its tables."""
    if settings.is_sqlite:
        settings.data_directory.mkdir(parents=True, exist_ok=True)
        return SqliteHuey(_NAME, results=False, filename=str(_sqlite_queue(settings)))
    return PostgresHuey(
        _NAME,
        results=False,
        storage_class=_OnRecordsServer,
        dsn=make_conninfo(**parameters_of(settings.database_url)),
        create_tables=creates_tables,
    )


def _sqlite_queue(settings: Settings) -> Path:
    return settings.data_directory / "queue.sqlite"


def register_tasks(
    queue: Huey, run: Callable[[TaskName], object]
) -> Mapping[TaskName, Callable[[], object]]:
    """Make the tasks known to a queue; calling one of those given back enqueues it."""
    return {
        name: queue.periodic_task(when, name=name)(_named(name, run))
        for name, when in SCHEDULE.items()
    }


def wake(settings: Settings, name: TaskName) -> None:
    """Have the worker run a task now. Called after the commit; never fails what was committed."""
    try:
        # `cache` lets threads that come first together make a queue each, and drops all but one.
        with _ONE_MAKES_IT:
            bells = _bells(settings)
        bells[name]()
    except Exception as error:
        _log.warning(
            "The worker was not woken for %s (%s); it looks by itself every minute.",
            name,
            type(error).__name__,
        )


def keep_heartbeat(queue: Huey, *, at: datetime) -> None:
    """Leave word that a worker of this host is alive."""
    queue.storage.put_data(f"{_HEARTBEAT}{socket.gethostname()}", at.isoformat().encode())


def heartbeats(settings: Settings) -> dict[str, datetime]:
    """Give when the worker of each host was last alive; none where no worker ever ran."""
    if settings.is_sqlite and not _sqlite_queue(settings).exists():
        return {}
    queue = make_queue(settings)
    try:
        kept = queue.storage.result_items()
    except Exception as error:
        # Without a worker there are no tables yet. What is wrong otherwise, the record tells too.
        _log.info("The queue holds no word of a worker (%s).", type(error).__name__)
        return {}
    finally:
        queue.storage.close()
    names = {key.decode() if isinstance(key, bytes) else str(key): kept[key] for key in kept}
    return {
        name.removeprefix(_HEARTBEAT): datetime.fromisoformat(bytes(value).decode())
        for name, value in names.items()
        if name.startswith(_HEARTBEAT)
    }


@cache
def _bells(settings: Settings) -> Mapping[TaskName, Callable[[], object]]:
    return register_tasks(make_queue(settings), _only_in_the_worker)


def _only_in_the_worker(name: TaskName) -> None:
    raise RuntimeError(f"{name} runs in the worker alone")


def _named(name: TaskName, run: Callable[[TaskName], object]) -> Callable[[], None]:
    def task() -> None:
        run(name)

    return task
