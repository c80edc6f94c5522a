"""Letters leave: each is claimed, written, sent and noted on its own, in short transactions."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from email.message import EmailMessage
from typing import Literal

from survey_app.database.queries.letters import LetterToSend, letter_to_send
from survey_app.database.session import Database
from survey_app.jobs.failures import without_words
from survey_app.links import token_for_letter, token_hash
from survey_app.mail.errors import LetterDelayed, LetterRefused, MailServerUnavailable
from survey_app.mail.letters import LetterDraft, compose, link_of
from survey_app.mail.transport import Transport, transport_for
from survey_app.operations.outbox import (
    claim_letters,
    note_delayed,
    note_not_needed,
    note_refused,
    note_sent,
)
from survey_app.operations.studies import definition_of
from survey_app.operations.waves import state_of
from survey_app.settings import Settings

BY = "worker"
WITHOUT_LINK = frozenset({"thanks"})

_log = logging.getLogger(__name__)

Outcome = Literal["sent", "refused", "delayed", "not_needed", "unavailable"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """How many letters of one run went which way."""

    sent: int = 0
    refused: int = 0
    delayed: int = 0
    not_needed: int = 0


class _KeyChangedError(Exception):
    """The letter's link was put on record under another key and would open nothing."""


def deliver_letters(
    settings: Settings,
    database: Database,
    *,
    clock: Callable[[], datetime],
    transport: Transport | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> Delivery:
    """Send every letter that is due, until there is none, the server fails, or we are to stop.

    Letters are claimed one at a time, so that a worker that dies leaves one letter in doubt, and
    a server that is down costs one letter one attempt. A transport that is given stays open.
    """
    outcomes: Counter[Outcome] = Counter()
    opened = transport_for(settings) if transport is None else nullcontext(transport)
    with opened as carrier:
        while not stopping():
            with database.writing() as session:
                claimed = claim_letters(session, at=clock(), limit=1)
            if not claimed:
                break
            outcome = _deliver(claimed[0], settings, database, carrier, clock)
            outcomes[outcome] += 1
            if outcome == "unavailable":
                break
    delivery = Delivery(
        sent=outcomes["sent"],
        refused=outcomes["refused"],
        delayed=outcomes["delayed"] + outcomes["unavailable"],
        not_needed=outcomes["not_needed"],
    )
    if outcomes:
        _log.info("Letters: %s", delivery)
    return delivery


def _deliver(
    letter_id: int,
    settings: Settings,
    database: Database,
    carrier: Transport,
    clock: Callable[[], datetime],
) -> Outcome:
    try:
        message = _message(letter_id, settings, database, at=clock())
        if message is None:
            with database.writing() as session:
                note_not_needed(session, letter_id=letter_id)
            return "not_needed"
        carrier.send(message)
    except LetterRefused as error:
        with database.writing() as session:
            note_refused(session, letter_id=letter_id, because=str(error), by=BY, at=clock())
        _log.warning("Letter %d refused: %s", letter_id, error)
        return "refused"
    except (LetterDelayed, MailServerUnavailable) as error:
        is_servers_fault = isinstance(error, MailServerUnavailable)
        _delay(letter_id, str(error), database, at=clock(), is_servers_fault=is_servers_fault)
        _log.warning("Letter %d put back: %s", letter_id, error)
        return "unavailable" if is_servers_fault else "delayed"
    except _KeyChangedError:
        because = "The server's key is not the one this letter's link was made under."
        _delay(letter_id, because, database, at=clock())
        _log.error("Letter %d put back: %s Set SURVEY_SECRET_KEY as it was.", letter_id, because)
        return "delayed"
    except Exception as error:
        # Whatever it is, the letters behind this one must go.
        _delay(letter_id, "The letter could not be written.", database, at=clock())
        _log.error("Letter %d put back after a fault.\n%s", letter_id, without_words(error))
        return "delayed"
    with database.writing() as session:
        note_sent(session, letter_id=letter_id, by=BY, at=clock())
    return "sent"


def _delay(
    letter_id: int,
    because: str,
    database: Database,
    *,
    at: datetime,
    is_servers_fault: bool = False,
) -> None:
    with database.writing() as session:
        note_delayed(
            session,
            letter_id=letter_id,
            because=because,
            by=BY,
            at=at,
            is_servers_fault=is_servers_fault,
        )


def _message(
    letter_id: int, settings: Settings, database: Database, *, at: datetime
) -> EmailMessage | None:
    with database.reading() as session:
        found = letter_to_send(session, letter_id)
        draft = draft_of(found, settings, at=at)
    if draft is None:
        return None
    return compose(draft, mail_from=settings.mail_from, base_url=settings.base_url, at=at)


def draft_of(found: LetterToSend, settings: Settings, *, at: datetime) -> LetterDraft | None:
    """Give what a letter says, with its link made anew; None once there is no need for it."""
    letter = found.letter
    design = definition_of(found.study)
    wave = design.wave(letter.invitation.wave)
    has_link = letter.kind not in WITHOUT_LINK
    if not found.is_needed or (has_link and state_of(wave, at=at) == "closed"):
        return None
    link = None
    if has_link:
        token = token_for_letter(letter.id, key=settings.secret_key)
        if token_hash(token) != letter.token_hash:
            raise _KeyChangedError
        link = link_of(token, base_url=settings.base_url)
    about = design.study
    words = design.letters.of(letter.kind).filled(  # type: ignore[arg-type]  # kinds come from it
        name=found.name,
        study=about.short_title,
        school=found.school,
        closes_on=_in_words(wave.closes_on),
        minutes=wave.minutes,
    )
    return LetterDraft(
        letter_id=letter.id,
        queued_at=letter.queued_at,
        to_name=found.name,
        to_address=found.email,
        subject=words.subject,
        paragraphs=words.paragraphs,
        link=link,
        study=about.short_title,
        contact_name=about.contact_name,
        contact_email=about.contact_email,
        controller=about.controller,
    )


def _in_words(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B} {day.year}"
