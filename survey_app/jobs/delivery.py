"""Letters leave: each is claimed, written, sent and noted on its own, in short transactions."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Literal

from sqlalchemy.orm import Session

from survey_app.database.queries.letters import LetterToSend, letter_to_send
from survey_app.database.session import Database
from survey_app.jobs.failures import without_words
from survey_app.links import token_for_letter, token_hash
from survey_app.mail.bounces import is_for_good, return_path_of
from survey_app.mail.drafts import Recipient, draft_letter
from survey_app.mail.errors import (
    AddressRefused,
    ConversationBroken,
    LetterDelayed,
    LetterRefused,
    MailServerUnavailable,
)
from survey_app.mail.letters import LetterDraft, compose, link_of, stop_address_of
from survey_app.mail.transport import Transport, transport_for
from survey_app.operations.delivery_reports import record_delivery_report
from survey_app.operations.outbox import (
    claim_letters,
    note_delayed,
    note_not_needed,
    note_not_now,
    note_refused,
    note_sent,
    why_not_needed,
)
from survey_app.operations.studies import definition_of
from survey_app.settings import Settings
from survey_app.trial.letter_kinds import LETTER_KINDS
from survey_app.trial.working_days import working_days_of

BY = "worker"
MOST_BROKEN_IN_A_ROW = 2

_log = logging.getLogger(__name__)

Outcome = Literal["sent", "refused", "delayed", "not_needed", "not_now", "broken", "unavailable"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """How many letters of one run went which way."""

    sent: int = 0
    refused: int = 0
    delayed: int = 0
    not_needed: int = 0
    not_now: int = 0


class _KeyChangedError(Exception):
    """The letter's link was put on record under another key and would open nothing."""


class _NotNeeded(Exception):  # noqa: N818  # named for what is so
    """The letter's cause has gone away; the words say why."""


class _NotNow(Exception):  # noqa: N818  # likewise
    """The letter waits until schools are at work."""

    def __init__(self, until: datetime) -> None:
        self.until = until


def deliver_letters(
    settings: Settings,
    database: Database,
    *,
    clock: Callable[[], datetime],
    transport: Transport | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> Delivery:
    """Send every letter that is due, until there is none, the server fails, or we are to stop.

    Over several connections at once, where the settings say so; a transport that is given is the
    only one, and stays open.
    """
    lines: list[AbstractContextManager[Transport]]
    if transport is None:
        lines = [transport_for(settings) for _ in range(settings.mail_connections)]
    else:
        lines = [nullcontext(transport)]

    def run(line: AbstractContextManager[Transport]) -> Counter[Outcome]:
        with line as carrier:
            return _Line(settings, database, carrier, clock, stopping).run()

    with ThreadPoolExecutor(len(lines)) as threads:
        outcomes = sum(threads.map(run, lines), Counter[Outcome]())
    delivery = Delivery(
        sent=outcomes["sent"],
        refused=outcomes["refused"],
        delayed=outcomes["delayed"] + outcomes["broken"] + outcomes["unavailable"],
        not_needed=outcomes["not_needed"],
        not_now=outcomes["not_now"],
    )
    if outcomes:
        _log.info("Letters: %s", delivery)
    return delivery


@dataclass(frozen=True, slots=True)
class _Done:
    """What became of a letter, and how that is put on record."""

    outcome: Outcome
    note: Callable[[Session], object]


@dataclass(frozen=True, slots=True)
class _Line:
    """One run over the outbox with one carrier.

    Letters are claimed one at a time, so that a worker that dies leaves one letter in doubt, and
    a server that is down costs one letter one attempt. One letter at which the conversation breaks
    stops nobody; two in a row are taken for the server's fault.
    """

    settings: Settings
    database: Database
    carrier: Transport
    clock: Callable[[], datetime]
    stopping: Callable[[], bool]

    def run(self) -> Counter[Outcome]:
        """Deliver one letter after the other; give how many went which way."""
        outcomes: Counter[Outcome] = Counter()
        broken_in_a_row = 0
        with self.database.writing() as session:
            letter_id = self._next(session)
        while letter_id is not None:
            done = self._deliver(letter_id)
            outcomes[done.outcome] += 1
            broken_in_a_row = broken_in_a_row + 1 if done.outcome == "broken" else 0
            fails = done.outcome == "unavailable" or broken_in_a_row == MOST_BROKEN_IN_A_ROW
            # One transaction, because each waits for the disk.
            with self.database.writing() as session:
                done.note(session)
                letter_id = None if fails else self._next(session)
        return outcomes

    def _next(self, session: Session) -> int | None:
        if self.stopping():
            return None
        return next(iter(claim_letters(session, at=self.clock(), limit=1)), None)

    def _deliver(self, letter_id: int) -> _Done:
        try:
            self._send(letter_id)
        except _NotNeeded as reason:
            because = str(reason)
            return _Done(
                "not_needed", partial(note_not_needed, letter_id=letter_id, because=because)
            )
        except _NotNow as reason:
            until = reason.until
            return _Done("not_now", partial(note_not_now, letter_id=letter_id, until=until))
        except LetterRefused as error:
            _log.warning("Letter %d refused: %s", letter_id, error)
            return _Done("refused", self._refusal(letter_id, error))
        except MailServerUnavailable as error:
            _log.warning("Letter %d put back: %s", letter_id, error)
            is_broken = isinstance(error, ConversationBroken)
            note = self._delay(letter_id, str(error), is_servers_fault=True)
            return _Done("broken" if is_broken else "unavailable", note)
        except LetterDelayed as error:
            _log.warning("Letter %d put back: %s", letter_id, error)
            return _Done("delayed", self._delay(letter_id, str(error)))
        except _KeyChangedError:
            because = "The server's key is not the one this letter's link was made under."
            advice = "Set SURVEY_SECRET_KEY as it was."
            _log.error("Letter %d put back: %s %s", letter_id, because, advice)
            return _Done("delayed", self._delay(letter_id, because))
        except Exception as error:
            # Whatever it is, the letters behind this one must go.
            _log.error("Letter %d put back after a fault.\n%s", letter_id, without_words(error))
            return _Done("delayed", self._delay(letter_id, "The letter could not be written."))
        return _Done("sent", partial(note_sent, letter_id=letter_id, by=BY, at=self.clock()))

    def _send(self, letter_id: int) -> None:
        draft, attempts = self._write(letter_id)
        if self.carrier.ready():
            # Connecting can take half a minute, in which the person may have answered.
            draft, attempts = self._write(letter_id)
        settings = self.settings
        message = compose(
            draft, mail_from=settings.mail_from, base_url=settings.base_url, at=self.clock()
        )
        self.carrier.send(message, return_path=self._return_path(letter_id), is_retry=attempts > 1)

    def _return_path(self, letter_id: int) -> str:
        bounces = self.settings.bounces
        if bounces is None:
            return ""
        return return_path_of(letter_id, address=bounces.address, key=self.settings.secret_key)

    def _write(self, letter_id: int) -> tuple[LetterDraft, int]:
        """Write a letter as things stand now, and say how often it was tried; raises what stops it.

        All in one session: what a study asks is read from the record too.
        """
        at = self.clock()
        with self.database.reading() as session:
            found = letter_to_send(session, letter_id)
            because = why_not_needed(found, at=at)
            if because:
                raise _NotNeeded(because)
            # The demonstration's letters leave at any hour, to be looked at.
            if LETTER_KINDS[found.letter.kind].asks and not self.settings.is_demonstration:
                days = working_days_of(definition_of(found.study))
                moment = days.from_moment(at, found.authority)
                if moment > at:
                    raise _NotNow(moment)
            return draft_of(found, self.settings), found.letter.attempts

    def _refusal(self, letter_id: int, error: LetterRefused) -> Callable[[Session], None]:
        at, because = self.clock(), str(error)
        status = error.status if isinstance(error, AddressRefused) else None

        def note(session: Session) -> None:
            note_refused(session, letter_id=letter_id, because=because, by=BY, at=at)
            if status is not None:
                # The same as if it had been taken and come back.
                record_delivery_report(
                    session,
                    letter_id=letter_id,
                    outcome="hard" if is_for_good(status) else "soft",
                    status=status,
                    source=f"refused:{letter_id}:{at.isoformat()}",
                    by=BY,
                    at=at,
                )

        return note

    def _delay(
        self, letter_id: int, because: str, *, is_servers_fault: bool = False
    ) -> Callable[[Session], None]:
        return partial(
            note_delayed,
            letter_id=letter_id,
            because=because,
            by=BY,
            at=self.clock(),
            is_servers_fault=is_servers_fault,
        )


def draft_of(found: LetterToSend, settings: Settings) -> LetterDraft:
    """Give what a letter says, with its link made anew."""
    letter, design = found.letter, definition_of(found.study)
    link = None
    if LETTER_KINDS[letter.kind].has_link:
        token = token_for_letter(letter.id, key=settings.secret_key)
        if token_hash(token) != letter.token_hash:
            raise _KeyChangedError
        link = link_of(token, base_url=settings.base_url)
    return draft_letter(
        design,
        design.wave(letter.invitation.wave),
        letter.kind,
        Recipient(found.name, found.email, found.school, found.receipt),
        letter_id=letter.id,
        queued_at=letter.queued_at,
        link=link,
        stop_address=stop_address_of(
            letter.id, key=settings.secret_key, base_url=settings.base_url
        ),
    )
