"""Waking the worker once what it is to do is on record."""

from __future__ import annotations

from werkzeug.wrappers import Response

from survey_app.jobs.queue import TaskName, wake
from survey_app.web.service import service


def wake_worker_after(response: Response, task: TaskName) -> Response:
    """Give the response, which wakes the worker when it has left.

    By then the request's changes are committed: a worker woken before would find nothing to do.
    """
    settings = service().settings
    response.call_on_close(lambda: wake(settings, task))
    return response
