"""Two people, or two workers, doing something in the same moment, each over a connection apart."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from trials import KEYS, Trial

from survey_app.database.session import Database

Result = TypeVar("Result")


def at_once(trial: Trial, *acts: Callable[[Trial], Result]) -> list[Result | Exception]:
    """Start every act in the same moment; give what each returned, or what it raised."""
    together = threading.Barrier(len(acts))
    results: list[Result | Exception | None] = [None] * len(acts)

    def run(number: int, act: Callable[[Trial], Result]) -> None:
        address = trial.database.engine.url.render_as_string(hide_password=False)
        database = Database(address, keys=KEYS)
        try:
            # The connection is made first, so that the acts themselves meet.
            database.engine.connect().close()
            together.wait(timeout=20)
            results[number] = act(replace(trial, database=database))
        except Exception as error:
            results[number] = error
        finally:
            database.dispose()

    threads = [threading.Thread(target=run, args=(number, act)) for number, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    return [result for result in results if result is not None]
