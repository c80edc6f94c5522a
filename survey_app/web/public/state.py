"""How the service is: alive, ready, and in numbers, for programs that watch it."""

from __future__ import annotations

import hmac
import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime

from flask import Response, request
from sqlalchemy.exc import SQLAlchemyError

from survey_app.database.queries.service_state import ServiceState, service_state
from survey_app.database.schema import newest_revision, revision_of
from survey_app.jobs.queue import heartbeats
from survey_app.version import VERSION
from survey_app.web.access import public
from survey_app.web.public.views import blueprint
from survey_app.web.service import now, record, service

_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


@blueprint.get("/health/live")
@public
def live() -> Response:
    """Say that this process answers, whatever the record does."""
    return _plain("ok\n")


@blueprint.get("/health/ready")
@public
def ready() -> Response:
    """Say whether requests may be sent here: the record answers, and is of this version."""
    try:
        revision = revision_of(record().connection())
    except SQLAlchemyError:
        return _plain("the record does not answer\n", status=503)
    if revision != newest_revision():
        return _plain("the record is of another version\n", status=503)
    return _plain("ok\n")


@blueprint.get("/metrics")
@public
def metrics() -> Response:
    """Give counts and ages over the whole service, to who shows the token of the settings."""
    token = service().settings.metrics_token
    if not token:
        return Response(status=404)
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return Response(status=401, headers={"WWW-Authenticate": "Bearer"})
    return Response("".join(_lines()), content_type=_PROMETHEUS)


def _plain(text: str, *, status: int = 200) -> Response:
    return Response(text, status=status, content_type="text/plain; charset=utf-8")


def _lines() -> Iterator[str]:
    state = service_state(record(), at=now())
    disk = shutil.disk_usage(service().settings.data_disk)
    yield from _metric("info", "The version that runs.", {f'version="{VERSION}"': 1})
    yield from _metric(
        "letters", "Letters in each state.", _by("state", state.letters, _LETTER_STATES)
    )
    yield from _metric(
        "letters_delayed", "Letters tried and waiting to be tried again.", state.n_delayed_letters
    )
    yield from _metric(
        "letter_longest_due_seconds",
        "For how long the letter has been due that has waited longest.",
        _age(state.oldest_due_at),
    )
    yield from _metric(
        "reports", "Reports in each state.", _by("state", state.reports, _REPORT_STATES)
    )
    yield from _submissions(state)
    yield from _metric(
        "audit_longest_unsealed_seconds",
        "How old the oldest event of the trail is that is under no seal.",
        _age(state.oldest_unsealed_at),
    )
    seen = heartbeats(service().settings).values()
    yield from _metric("workers_seen", "Hosts whose worker has ever been alive.", len(seen))
    if seen:
        yield from _metric(
            "worker_last_alive_seconds",
            "For how long no worker has given a sign of life.",
            _age(max(seen)),
        )
    yield from _metric("disk_free_bytes", "Free space where data are kept.", disk.free)
    yield from _metric("disk_size_bytes", "Size of the disk where data are kept.", disk.total)


_LETTER_STATES = ("waiting", "sending", "sent", "refused", "cancelled")
_REPORT_STATES = ("waiting", "making", "ready", "failed")


def _submissions(state: ServiceState) -> Iterator[str]:
    begun = state.n_submissions - state.n_submitted
    yield from _metric(
        "submissions",
        "Questionnaires begun and not submitted, and submitted.",
        {'state="begun"': begun, 'state="submitted"': state.n_submitted},
    )


def _by(label: str, counts: Mapping[str, int], known: tuple[str, ...]) -> dict[str, int]:
    # A state that nothing is in counts 0: an alarm cannot watch a number that is not there.
    return {f'{label}="{each}"': counts.get(each, 0) for each in (*known, *counts)}


def _age(since: datetime | None) -> float:
    return 0 if since is None else max((now() - since).total_seconds(), 0)


def _metric(name: str, words: str, values: float | Mapping[str, float]) -> Iterator[str]:
    yield f"# HELP survey_{name} {words}\n# TYPE survey_{name} gauge\n"
    if isinstance(values, Mapping):
        yield from (f"survey_{name}{{{labels}}} {value:.0f}\n" for labels, value in values.items())
    else:
        yield f"survey_{name} {values:.0f}\n"
