"""`doctor`: looks at all that the service needs, and says what is wrong and what to do."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from survey_app.cli.door import Parts, parts
from survey_app.database.backups import BackupError, fingerprints, newest_backup
from survey_app.database.encryption import KeyMissingError
from survey_app.database.queries.service_state import (
    ServiceState,
    read_what_is_encrypted,
    service_state,
)
from survey_app.database.schema import known_revisions, newest_revision, revision_of
from survey_app.jobs.queue import heartbeats
from survey_app.mail.bounce_mailbox import unseen_messages
from survey_app.mail.errors import MailServerUnavailable
from survey_app.mail.transport import transport_for
from survey_app.operations.audit_seals import LONGEST_UNSEALED
from survey_app.settings import SettingsError

Verdict = Literal["ok", "look", "wrong"]

_ENVIRONMENT_FILE = Path(__file__).parents[2] / ".env"
_OLDEST_POSTGRESQL = 15
_LEAST_FREE_BYTES = 1024**3
_LEAST_FREE_SHARE = 0.05
_MOST_APART = timedelta(seconds=5)
_LONGEST_SILENCE = timedelta(minutes=2)
_LONGEST_DUE = timedelta(minutes=30)
_OLDEST_BACKUP = timedelta(hours=26)
_START_WORKER = "Start one on each host that should have one: flask --app wsgi service worker"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: how it is, and what to do where it is not as it should be."""

    about: str
    verdict: Verdict
    words: str
    advice: str = ""


@click.command("doctor")
@with_appcontext
def command() -> None:
    """Check settings, database, keys, mail, clock, disk, worker and backups.

    Exit code 1 where anything is wrong; what is only worth a look leaves it 0.
    """
    verdicts = []
    for finding in _findings():
        verdicts.append(finding.verdict)
        click.echo(f"{finding.verdict:<6} {finding.about:<10} {finding.words}")
        if finding.advice:
            click.echo(f"{'':<18}{finding.advice}")
    n_wrong, n_look = verdicts.count("wrong"), verdicts.count("look")
    click.echo(f"\n{n_wrong} wrong, {n_look} worth a look, {verdicts.count('ok')} ok.")
    if n_wrong:
        raise click.exceptions.Exit(1)


def _findings() -> Iterator[Finding]:
    found = current_app.extensions["survey"]
    if isinstance(found, SettingsError):
        for fault in found.faults:
            yield Finding("settings", "wrong", fault, "The README lists every setting.")
        yield Finding("others", "look", "nothing else can be looked at without settings")
        return
    yield from _settings(parts())
    for check in CHECKS:
        yield from check(parts())
    state = _state(parts())
    yield from _worker(parts(), state)
    yield from _clock(parts(), state)


def _settings(service: Parts) -> Iterator[Finding]:
    if service.settings.is_demonstration:
        yield Finding(
            "settings",
            "look",
            "this is a demonstration, where anybody signs in with one click",
            "For a real study set SURVEY_MODE=production.",
        )
    else:
        yield Finding("settings", "ok", "production")
    if _ENVIRONMENT_FILE.exists() and _ENVIRONMENT_FILE.stat().st_mode & 0o077:
        yield Finding(
            "settings",
            "look",
            f"{_ENVIRONMENT_FILE} holds keys, and others on this machine may read it",
            f"chmod 600 {_ENVIRONMENT_FILE}",
        )


def _database(service: Parts) -> Iterator[Finding]:
    try:
        with service.database.reading() as session:
            revision = revision_of(session.connection())
            version = ""
            if not service.settings.is_sqlite:
                version = str(session.scalar(text("SHOW server_version")))
    except (SQLAlchemyError, OSError) as error:
        words = str(getattr(error, "orig", error)).splitlines()[0]
        advice = "Check SURVEY_DATABASE_URL, and that the server runs and lets this host in."
        yield Finding("database", "wrong", f"it does not answer: {words}", advice)
        return
    kind = f"PostgreSQL {version}" if version else "SQLite"
    if revision != newest_revision():
        if revision is None or revision in known_revisions():
            words = f"it is not set up for this version ({revision or 'empty'})"
            advice = "flask --app wsgi database upgrade"
        else:
            words = f"a later version of this program set it up ({revision})"
            advice = "Use that version, or another database."
        yield Finding("database", "wrong", words, advice)
        return
    if version and int(version.split(".")[0]) < _OLDEST_POSTGRESQL:
        yield Finding("database", "wrong", kind, f"Use version {_OLDEST_POSTGRESQL} or newer.")
    elif not version and not service.settings.is_demonstration:
        words = f"{kind}, at revision {revision}: one web process on one host"
        yield Finding("database", "look", words, "PostgreSQL is for more than a small study.")
    else:
        yield Finding("database", "ok", f"{kind}, at revision {revision}")


def _keys(service: Parts) -> Iterator[Finding]:
    try:
        with service.database.reading() as session:
            n_read = read_what_is_encrypted(session)
    except KeyMissingError as error:
        advice = "Put the key it was written with back into SURVEY_…_KEYS, after the newest."
        yield Finding("keys", "wrong", str(error), advice)
    except SQLAlchemyError:
        yield Finding("keys", "look", "not looked at, because the database is not as it should be")
    else:
        words = "what is encrypted can be read" if n_read else "nothing is encrypted yet"
        yield Finding("keys", "ok", words)


def _mail(service: Parts) -> Iterator[Finding]:
    settings = service.settings
    if settings.notify is not None:
        # Asking Notify anything else than to send would tell no more than that it is there.
        words = "letters leave by GOV.UK Notify, which can only be tried by sending"
        yield Finding("mail", "look", words, "A coordinator can send a test letter to oneself.")
    elif settings.mail_server is None:
        words = f"letters go into {settings.mailbox_directory} and to nobody"
        verdict: Verdict = "ok" if settings.is_demonstration else "wrong"
        yield Finding("mail", verdict, words)
    else:
        where = f"{settings.mail_server.host}:{settings.mail_server.port}"
        try:
            with transport_for(settings) as transport:
                transport.ready()
        except MailServerUnavailable as error:
            advice = "Check SURVEY_SMTP_…, and that the firewall lets this host out to it."
            yield Finding("mail", "wrong", f"{where}: {error}", advice)
        else:
            yield Finding("mail", "ok", f"{where} takes letters from us")
    if settings.bounces is None or settings.bounces.mailbox is None:
        words = "letters that come back are not read"
        if not settings.is_demonstration and settings.notify is None:
            yield Finding("bounces", "look", words, "Set SURVEY_BOUNCE_ADDRESS and …_MAILBOX.")
        return
    try:
        with unseen_messages(settings.bounces.mailbox):
            yield Finding("bounces", "ok", "their mailbox can be read")
    except MailServerUnavailable as error:
        yield Finding("bounces", "wrong", str(error), "Check SURVEY_BOUNCE_MAILBOX and …_PASSWORD.")


def _disk(service: Parts) -> Iterator[Finding]:
    places = {"data": service.settings.data_disk}
    if service.settings.backup_directory and service.settings.backup_directory.exists():
        places["backups"] = service.settings.backup_directory
    for name, place in places.items():
        usage = shutil.disk_usage(place)
        words = f"{usage.free / 1024**3:.1f} of {usage.total / 1024**3:.1f} GB free for {name}"
        is_full = usage.free < _LEAST_FREE_BYTES or usage.free < usage.total * _LEAST_FREE_SHARE
        advice = f"Make room on the disk of {place}." if is_full else ""
        yield Finding("disk", "wrong" if is_full else "ok", words, advice)


def _backups(service: Parts) -> Iterator[Finding]:
    directory = service.settings.backup_directory
    verdict: Verdict = "look" if service.settings.is_demonstration else "wrong"
    make = "Have it run every night: flask --app wsgi backup make"
    if directory is None:
        words = "SURVEY_BACKUP_DIR is not set, so nobody can tell whether there are any"
        yield Finding("backups", "look", words, make)
        return
    try:
        newest = newest_backup(directory)
    except BackupError as error:
        yield Finding("backups", "wrong", str(error), "Move what is not whole out of the way.")
        return
    if newest is None:
        yield Finding("backups", verdict, f"there is none in {directory}", make)
        return
    age = service.clock() - newest.made
    words = f"the newest is {_long(age)} old: {newest.n_rows:,} rows"
    if age > _OLDEST_BACKUP:
        yield Finding("backups", verdict, words, make)
    elif newest.keys != fingerprints(service.settings.keys_by_name):
        advice = "Make one now, and keep the earlier keys as long as earlier backups."
        yield Finding("backups", "look", f"{words}; keys were changed since", advice)
    else:
        yield Finding("backups", "ok", words)


CHECKS: tuple[Callable[[Parts], Iterator[Finding]], ...] = (
    _database,
    _keys,
    _mail,
    _disk,
    _backups,
)


def _state(service: Parts) -> ServiceState | None:
    try:
        with service.database.reading() as session:
            return service_state(session, at=service.clock())
    except SQLAlchemyError:
        return None


def _worker(service: Parts, state: ServiceState | None) -> Iterator[Finding]:
    now = service.clock()
    seen = heartbeats(service.settings)
    for host, at in sorted(seen.items()):
        silent = now - at
        if silent <= _LONGEST_SILENCE:
            yield Finding("worker", "ok", f"alive on {host}")
        elif any(now - other <= _LONGEST_SILENCE for other in seen.values()):
            words = f"silent on {host} for {_long(silent)}; others are alive"
            yield Finding("worker", "look", words, _START_WORKER)
        else:
            words = f"silent on {host} for {_long(silent)}"
            yield Finding("worker", "wrong", words, _START_WORKER)
    if not seen:
        yield Finding("worker", "wrong", "no worker has run yet", _START_WORKER)
    if state is None:
        return
    if state.oldest_due_at and now - state.oldest_due_at > _LONGEST_DUE:
        words = f"a letter has been due for {_long(now - state.oldest_due_at)}"
        yield Finding("letters", "wrong", words, "See the worker's log.")
    elif state.n_delayed_letters:
        words = f"{state.n_delayed_letters:,} letters were tried and wait to be tried again"
        yield Finding("letters", "look", words, "The outbox of the study says why.")
    else:
        yield Finding("letters", "ok", f"{state.letters.get('sent', 0):,} sent, none overdue")
    if state.oldest_unsealed_at and now - state.oldest_unsealed_at > LONGEST_UNSEALED:
        words = "events of the trail are under no seal for more than an hour"
        yield Finding("trail", "wrong", words, "flask --app wsgi audit verify")
    else:
        yield Finding("trail", "ok", "sealed up to the last hour")


def _clock(service: Parts, state: ServiceState | None) -> Iterator[Finding]:
    now = service.clock()
    advice = "Have the clocks of all hosts set by NTP, for example: timedatectl set-ntp true"
    if state and state.newest_event_at and state.newest_event_at - now > _MOST_APART:
        words = f"the trail's newest event is {_long(state.newest_event_at - now)} in the future"
        yield Finding("clock", "wrong", words, advice)
        return
    servers = _server_time(service)
    if servers and abs(servers - now) > _MOST_APART:
        words = f"{_long(abs(servers - now))} apart from the database server's"
        yield Finding("clock", "wrong", words, advice)
        return
    told = _is_set_by_ntp()
    if told is False:
        yield Finding("clock", "look", "right by the record, but not set by NTP", advice)
    else:
        words = "set by NTP" if told else "right by the record; nothing here knows of NTP"
        yield Finding("clock", "ok", words)


def _server_time(service: Parts) -> datetime | None:
    if service.settings.is_sqlite:
        return None
    try:
        with service.database.reading() as session:
            moment: datetime | None = session.scalar(text("SELECT clock_timestamp()"))
    except SQLAlchemyError:
        return None
    return moment


def _is_set_by_ntp() -> bool | None:
    program = shutil.which("timedatectl")
    if program is None:
        return None
    done = subprocess.run(  # noqa: S603  # no argument is anybody's
        [program, "show", "--property=NTPSynchronized", "--value"],
        capture_output=True,
        check=False,
        text=True,
        timeout=10,
    )
    return None if done.returncode else done.stdout.strip() == "yes"


def _long(time: timedelta) -> str:
    minutes = time.total_seconds() / 60
    for unit, size in (("days", 1440), ("hours", 60)):
        if minutes >= 2 * size:
            return f"{minutes / size:.0f} {unit}"
    return f"{minutes:.0f} minutes" if minutes >= 2 else f"{minutes * 60:.0f} seconds"
