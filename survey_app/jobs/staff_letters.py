"""Letters to staff leave: each is claimed, written, sent and noted on its own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime

from survey_app.database.session import Database
from survey_app.jobs.failures import without_words
from survey_app.links import token_for_staff_letter, token_hash
from survey_app.mail.errors import LetterDelayed, LetterRefused, MailServerUnavailable
from survey_app.mail.staff_letters import (
    StaffLetterDraft,
    compose_staff_letter,
    set_password_address,
    sign_in_address,
)
from survey_app.mail.transport import Transport, transport_for
from survey_app.operations.staff import roles_held
from survey_app.operations.staff_outbox import (
    claim_staff_letter,
    note_staff_letter_not_needed,
    note_staff_letter_not_sent,
    note_staff_letter_sent,
    staff_letter_to_send,
)
from survey_app.operations.studies import definition_of
from survey_app.roles import roles_in_words
from survey_app.settings import Settings
from survey_app.trial.working_days import ENGLAND

BY = "worker"

_log = logging.getLogger(__name__)


def deliver_staff_letters(
    settings: Settings,
    database: Database,
    *,
    clock: Callable[[], datetime],
    transport: Transport | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Send every letter to staff that is due; give how many were. At any hour: they were asked for.

    Ends early when the mail server fails, since the next letter would fare no better.
    """
    letter_id = _next(database, clock)
    if letter_id is None:
        return 0
    line = transport_for(settings) if transport is None else nullcontext(transport)
    with line as carrier:
        sent = _send_all(settings, database, carrier, letter_id, clock, stopping)
    _log.info("Letters to staff: %d sent", sent)
    return sent


def _send_all(
    settings: Settings,
    database: Database,
    carrier: Transport,
    first: int,
    clock: Callable[[], datetime],
    stopping: Callable[[], bool],
) -> int:
    sent = 0
    letter_id: int | None = first
    while letter_id is not None:
        at = clock()
        try:
            was_sent = _send(settings, database, carrier, letter_id, at=at)
        except (LetterRefused, LetterDelayed, MailServerUnavailable) as error:
            _log.warning("Staff letter %d not sent: %s", letter_id, error)
            is_servers_fault = isinstance(error, MailServerUnavailable)
            with database.writing() as session:
                note_staff_letter_not_sent(
                    session,
                    letter_id=letter_id,
                    because=str(error),
                    by=BY,
                    at=at,
                    is_for_good=isinstance(error, LetterRefused),
                    is_servers_fault=is_servers_fault,
                )
            if is_servers_fault:
                return sent
        except Exception as error:
            # Whatever it is, the letters behind this one must go.
            _log.error("Staff letter %d put back.\n%s", letter_id, without_words(error))
            because = "The letter could not be written."
            with database.writing() as session:
                note_staff_letter_not_sent(
                    session, letter_id=letter_id, because=because, by=BY, at=at
                )
        else:
            sent += was_sent
        letter_id = None if stopping() else _next(database, clock)
    return sent


def _next(database: Database, clock: Callable[[], datetime]) -> int | None:
    with database.writing() as session:
        return claim_staff_letter(session, at=clock())


def _send(
    settings: Settings, database: Database, carrier: Transport, letter_id: int, *, at: datetime
) -> bool:
    carrier.ready()
    draft, attempts = _write(settings, database, letter_id, at=at)
    if draft is None:
        with database.writing() as session:
            note_staff_letter_not_needed(session, letter_id=letter_id)
        return False
    message = compose_staff_letter(
        draft, mail_from=settings.mail_from, base_url=settings.base_url, at=at
    )
    carrier.send(message, is_retry=attempts > 1)
    with database.writing() as session:
        note_staff_letter_sent(session, letter_id=letter_id, by=BY, at=at)
    return True


def _write(
    settings: Settings, database: Database, letter_id: int, *, at: datetime
) -> tuple[StaffLetterDraft | None, int]:
    with database.reading() as session:
        letter = staff_letter_to_send(session, letter_id)
        staff, study = letter.staff, letter.study
        roles = roles_held(session, staff=staff, study=study)
        gone = letter.revoked_at or letter.used_at or staff.disabled_at
        if gone or letter.expires_at <= at or not roles:
            return None, letter.attempts
        link = None
        if letter.token_hash is not None:
            token = token_for_staff_letter(letter.id, key=settings.secret_key)
            if token_hash(token) != letter.token_hash:
                raise LetterDelayed(
                    "The server's key is not the one this letter's link was made under."
                )
            link = set_password_address(token, base_url=settings.base_url)
        about = definition_of(study).study
        until = letter.expires_at.astimezone(ENGLAND)
        draft = StaffLetterDraft(
            letter_id=letter.id,
            queued_at=letter.queued_at,
            kind=letter.kind,
            to_name=staff.name,
            to_address=staff.email,
            study=about.short_title,
            roles=roles_in_words(roles).lower(),
            link=link,
            good_until=f"{until:%H:%M} on {until:%A} {until.day} {until:%B}",
            sign_in=sign_in_address(base_url=settings.base_url),
            contact_name=about.contact_name,
            contact_email=about.contact_email,
            controller=about.controller,
        )
        return draft, letter.attempts
