"""A task never runs beside itself, and no asking is forgotten."""

from __future__ import annotations

import threading

from survey_app.jobs.tasks import OneAtATime


def test_it_runs_each_time_it_is_asked():
    runs: list[int] = []
    task = OneAtATime("count", lambda: runs.append(1))
    task()
    task()
    assert len(runs) == 2


def test_asked_while_it_runs_it_runs_once_more_and_never_beside_itself():
    begun, go_on = threading.Event(), threading.Event()
    runs: list[int] = []
    at_once: list[int] = []

    def work() -> None:
        at_once.append(1)
        runs.append(len(at_once))
        begun.set()
        assert go_on.wait(timeout=10)
        at_once.pop()

    task = OneAtATime("work", work)
    thread = threading.Thread(target=task)
    thread.start()
    assert begun.wait(timeout=10)
    for _ in range(5):
        task()
    go_on.set()
    thread.join(timeout=10)
    assert runs == [1, 1]


def test_a_task_that_fails_is_logged_without_its_words_and_runs_again(caplog):
    def fails() -> None:
        raise ValueError("dev@school.example")

    task = OneAtATime("fails", fails)
    task()
    task()
    assert caplog.text.count("The task fails failed.") == 2
    assert "builtins.ValueError" in caplog.text
    assert "dev@" not in caplog.text
