"""What the worker does, by name. Each task is safe to run at any time and any number of times."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime

from survey_app.database.session import Database
from survey_app.jobs.bounces import read_bounces
from survey_app.jobs.delivery import deliver_letters
from survey_app.jobs.failures import without_words
from survey_app.jobs.link_requests import queue_new_links
from survey_app.jobs.outlook import work_out_outlook
from survey_app.jobs.queue import TaskName
from survey_app.jobs.rehearsals import RehearseStudy, make_rehearsals
from survey_app.jobs.reminders import queue_reminders
from survey_app.jobs.reports import make_reports
from survey_app.jobs.sealing import seal_audit_trail
from survey_app.jobs.staff_letters import deliver_staff_letters
from survey_app.settings import Settings

_log = logging.getLogger(__name__)


class OneAtATime:
    """A task that never runs beside itself; asked for meanwhile, it runs once more afterwards."""

    def __init__(self, name: str, run: Callable[[], object]) -> None:
        self._name = name
        self._run = run
        self._state = threading.Lock()
        self._running = False
        self._asked_again = False

    def __call__(self) -> None:
        with self._state:
            if self._running:
                self._asked_again = True
                return
            self._running = True
        while True:
            try:
                self._run()
            except Exception as error:
                _log.error("The task %s failed.\n%s", self._name, without_words(error))
            with self._state:
                if not self._asked_again:
                    self._running = False
                    return
                self._asked_again = False


def tasks_of(
    settings: Settings,
    database: Database,
    *,
    clock: Callable[[], datetime],
    stopping: Callable[[], bool],
    rehearse: RehearseStudy | None = None,
) -> Mapping[TaskName, OneAtATime]:
    """Give every task, ready to be called, of one worker.

    How a study is rehearsed is given from above, since it uses what the worker does.
    """

    letters, analysis = database.of_part("letters"), database.of_part("analysis")

    def remind_and_deliver() -> None:
        if queue_reminders(settings, letters, clock=clock):
            tasks["deliver_letters"]()

    def deliver() -> None:
        deliver_staff_letters(settings, letters, clock=clock, stopping=stopping)
        queue_new_links(settings, letters, clock=clock)
        deliver_letters(settings, letters, clock=clock, stopping=stopping)

    def report() -> None:
        make_reports(database, reading=analysis, clock=clock, stopping=stopping)

    def seal() -> None:
        seal_audit_trail(database, clock=clock, stopping=stopping)

    def bounced() -> None:
        read_bounces(settings, letters, clock=clock, stopping=stopping)

    def look_ahead() -> None:
        work_out_outlook(database, reading=analysis, clock=clock, stopping=stopping)

    def live_through() -> None:
        if rehearse is not None:
            make_rehearsals(database, clock=clock, rehearse=rehearse, stopping=stopping)

    tasks: dict[TaskName, OneAtATime] = {
        "deliver_letters": OneAtATime("deliver_letters", deliver),
        "queue_reminders": OneAtATime("queue_reminders", remind_and_deliver),
        "make_reports": OneAtATime("make_reports", report),
        "seal_audit_trail": OneAtATime("seal_audit_trail", seal),
        "read_bounces": OneAtATime("read_bounces", bounced),
        "work_out_outlook": OneAtATime("work_out_outlook", look_ahead),
        "make_rehearsals": OneAtATime("make_rehearsals", live_through),
    }
    return tasks
