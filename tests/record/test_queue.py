"""The queue that wakes the worker, on SQLite's file and on the record's PostgreSQL server."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from huey import Huey, PostgresHuey, SqliteHuey
from letterboxes import settings_for

from survey_app.jobs import queue as queues
from survey_app.jobs.queue import SCHEDULE, make_queue, register_tasks, wake
from survey_app.settings import Settings


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return settings_for(database_url, tmp_path / "var")


@pytest.fixture
def queue(settings: Settings) -> Iterator[Huey]:
    """The worker's end of the queue."""
    made = make_queue(settings, creates_tables=True)
    made.storage.blocking = False
    yield made
    made.storage.close()
    close_bells(settings)


def close_bells(settings: Settings) -> None:
    """Close the connection that `wake` keeps for a process's life."""
    for bell in queues._bells(settings).values():
        bell.huey.storage.close()
    queues._bells.cache_clear()


def run_all(queue: Huey) -> list[str]:
    ran: list[str] = []
    register_tasks(queue, ran.append)
    while (task := queue.dequeue()) is not None:
        queue.execute(task)
    return ran


def test_each_record_has_its_own_kind_of_queue(settings, queue):
    assert type(queue) is (SqliteHuey if settings.is_sqlite else PostgresHuey)
    assert (settings.data_directory / "queue.sqlite").exists() is settings.is_sqlite


@pytest.mark.parametrize("name", SCHEDULE)
def test_a_name_that_is_woken_runs_in_the_worker(settings, queue, name):
    wake(settings, name)
    assert run_all(queue) == [name]
    assert queue.dequeue() is None


def test_names_run_in_the_order_they_were_woken(settings, queue):
    for name in ("make_reports", "deliver_letters", "make_reports"):
        wake(settings, name)
    assert run_all(queue) == ["make_reports", "deliver_letters", "make_reports"]


def test_waking_from_many_threads_loses_nothing(settings, queue):
    threads = [threading.Thread(target=wake, args=(settings, "deliver_letters")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(run_all(queue)) == 8
    assert queues._bells.cache_info().misses == 1


def test_every_task_has_its_time(queue):
    register_tasks(queue, lambda _: None)

    def due(hour: int, minute: int) -> set[str]:
        at = datetime(2019, 9, 16, hour, minute)  # noqa: DTZ001  # huey asks so
        return {type(task).__name__ for task in queue.read_periodic(at)}

    assert due(9, 30) == set(SCHEDULE)
    assert due(9, 10) == set(SCHEDULE) - {"work_out_outlook"}
    assert due(9, 6) == {"deliver_letters", "make_reports", "make_rehearsals", "seal_audit_trail"}


def test_a_queue_that_cannot_be_reached_fails_nobody(settings, tmp_path, caplog):
    if settings.is_sqlite:
        (tmp_path / "a-file").write_text("")
        unreachable = replace(settings, data_directory=tmp_path / "a-file" / "var")
    else:
        # The server is there, and the worker has not made its tables yet.
        unreachable = settings
    wake(unreachable, "deliver_letters")
    assert "was not woken for deliver_letters" in caplog.text
    if not settings.is_sqlite:
        close_bells(settings)


def test_two_workers_that_start_together_make_the_tables_once(settings):
    start = threading.Barrier(2)
    faults: list[Exception] = []
    made: list[Huey] = []

    def begin() -> None:
        start.wait(timeout=10)
        try:
            made.append(make_queue(settings, creates_tables=True))
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=begin) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    for each in made:
        each.storage.close()
    assert faults == []
    assert len(made) == 2


def test_a_task_never_runs_in_a_web_process(settings, queue, caplog):
    caplog.set_level(logging.CRITICAL)
    wake(settings, "deliver_letters")
    web = next(iter(queues._bells(settings).values())).huey
    web.storage.blocking = False
    task = web.dequeue()
    with pytest.raises(RuntimeError, match="worker alone"):
        task.execute()
