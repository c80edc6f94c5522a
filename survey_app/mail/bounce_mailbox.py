"""The mailbox that letters come back to: a folder on an IMAP server, a Maildir, or an mbox file.

Each message is given once and then marked as seen. It stays where it is, for people to look at.
"""

from __future__ import annotations

import imaplib
import mailbox
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from survey_app.mail.access_tokens import access_token, xoauth2
from survey_app.mail.errors import MailServerUnavailable
from survey_app.mail_settings import ImapMailbox

_SEEN = "\\Seen"


class UnseenMessages(Protocol):
    """The messages nobody has read yet."""

    def __iter__(self) -> Iterator[tuple[str, bytes]]: ...

    def mark_seen(self, key: str) -> None:
        """Have a message not given again."""


@contextmanager
def unseen_messages(where: ImapMailbox | Path) -> Iterator[UnseenMessages]:
    """Open a mailbox for the length of the block; MailServerUnavailable where it cannot be."""
    opened = _imap(where) if isinstance(where, ImapMailbox) else _files(where)
    try:
        with opened as messages:
            yield messages
    except (OSError, imaplib.IMAP4.error, mailbox.Error) as error:
        raise MailServerUnavailable(
            f"The mailbox of bounces cannot be read ({type(error).__name__})."
        ) from None


class _OnServer:
    def __init__(self, connection: imaplib.IMAP4) -> None:
        self._connection = connection

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        _, found = self._connection.uid("SEARCH", "UNSEEN")
        for key in (found[0] or b"").split():
            # PEEK, so that a message is seen only once its report is on record.
            _, parts = self._connection.uid("FETCH", key.decode(), "(BODY.PEEK[])")
            for part in parts:
                if isinstance(part, tuple):
                    yield key.decode(), part[1]

    def mark_seen(self, key: str) -> None:
        self._connection.uid("STORE", key, "+FLAGS", f"({_SEEN})")


@contextmanager
def _imap(where: ImapMailbox) -> Iterator[_OnServer]:
    connect = imaplib.IMAP4_SSL if where.is_encrypted else imaplib.IMAP4
    connection = connect(where.host, where.port, timeout=where.timeout_seconds)
    try:
        if where.oauth is None:
            connection.login(where.user, where.password)
        else:
            told = xoauth2(where.user, access_token(where.oauth)).encode()
            # A refusal comes as a challenge, which wants an empty answer first.
            replies = iter((told,))
            connection.authenticate("XOAUTH2", lambda _challenge: next(replies, b""))
        answer, _ = connection.select(f'"{where.folder}"')
        if answer != "OK":
            raise MailServerUnavailable(f"The mailbox of bounces has no folder {where.folder}.")
        yield _OnServer(connection)
    finally:
        try:
            connection.logout()
        except (OSError, imaplib.IMAP4.error):
            connection.shutdown()


class _InFiles:
    def __init__(self, box: mailbox.Maildir | mailbox.mbox) -> None:
        self._box = box

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        for key in list(self._box.keys()):
            if not _is_seen(self._box, key):
                yield str(key), self._box.get_bytes(key)

    def mark_seen(self, key: str) -> None:
        if isinstance(self._box, mailbox.Maildir):
            in_directory = self._box.get_message(key)
            in_directory.set_subdir("cur")
            in_directory.add_flag("S")
            self._box[key] = in_directory
        else:
            in_file = self._box.get_message(int(key))  # type: ignore[arg-type]  # an mbox counts
            in_file.add_flag("RO")
            self._box[int(key)] = in_file  # type: ignore[index]  # likewise


def _is_seen(box: mailbox.Maildir | mailbox.mbox, key: str) -> bool:
    flags = box.get_message(key).get_flags()
    return ("S" if isinstance(box, mailbox.Maildir) else "R") in flags


@contextmanager
def _files(where: Path) -> Iterator[_InFiles]:
    if where.is_dir():
        yield _InFiles(mailbox.Maildir(where, create=False))
        return
    box = mailbox.mbox(where, create=False)
    # A mail server may be writing to it; it waits, or is waited for until the next time.
    box.lock()
    try:
        yield _InFiles(box)
        box.flush()
    finally:
        box.unlock()
        box.close()
