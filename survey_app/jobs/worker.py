"""The worker: one process beside the web that sends letters and makes reports."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from huey import Huey

from survey_app.database.session import Database
from survey_app.database.stores import are_kept_apart
from survey_app.jobs.log_lines import JsonLines
from survey_app.jobs.queue import SCHEDULE, keep_heartbeat, make_queue, register_tasks
from survey_app.jobs.rehearsals import RehearseStudy
from survey_app.jobs.tasks import tasks_of
from survey_app.settings import Settings

_POLL_SECONDS = 1.0
_HEALTH_SECONDS = 10.0
_PATIENCE_SECONDS = 60

_log = logging.getLogger(__name__)


def run_worker(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    rehearse: RehearseStudy | None = None,
) -> None:
    """Work until told to stop, then end after the letter in hand. Needs the main thread.

    A report in the making gets a minute; one cut off is made again once its lease is over.
    """
    _log_to_stderr(settings)
    stop = threading.Event()
    database = Database(settings.database_url, keys=settings.encryption_keys)
    if not settings.is_sqlite and not are_kept_apart(database.engine):
        _log.warning(
            "Contacts and answers are not kept apart by the database: run flask --app wsgi "
            "database roles, then start the worker again."
        )
    queue = make_queue(settings, creates_tables=True)
    tasks = tasks_of(settings, database, clock=clock, stopping=stop.is_set, rehearse=rehearse)
    bells = register_tasks(queue, lambda name: tasks[name]())
    # A thread for each task, so that no letter waits for a report.
    consumer = queue.create_consumer(
        workers=len(SCHEDULE), max_delay=_POLL_SECONDS, shutdown_timeout=_PATIENCE_SECONDS
    )
    consumer.start()
    # After start, which sets handlers of its own: under them Ctrl-C would cut a letter off.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    for ring in bells.values():
        ring()
    _log.info("The worker has started.")
    _tell_it_lives(queue, clock)
    while not stop.wait(_HEALTH_SECONDS):
        consumer.check_worker_health()
        _tell_it_lives(queue, clock)
    # Asked a second time, it ends at once.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    consumer.stop(graceful=True)
    database.dispose()
    _log.info("The worker has ended.")


def _tell_it_lives(queue: Huey, clock: Callable[[], datetime]) -> None:
    try:
        keep_heartbeat(queue, at=clock())
    except Exception as error:
        # A database that is away for a while must not end the worker.
        _log.warning("The worker's sign of life was not kept (%s).", type(error).__name__)


def _log_to_stderr(settings: Settings) -> None:
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    if settings.log_format == "json":
        for handler in logging.getLogger().handlers:
            handler.setFormatter(JsonLines())
    # The command that starts the worker has given the service a handler of its own by then.
    logging.getLogger("survey_app").handlers.clear()
    # One names every task it looks at, every minute; the others every page and font of a report.
    for talkative in ("huey", "weasyprint", "fontTools"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
