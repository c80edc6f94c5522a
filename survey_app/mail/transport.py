"""Ways for a letter to leave: by SMTP, or into a mailbox on this machine."""

from __future__ import annotations

import ipaddress
import mailbox
import re
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

from survey_app.mail.access_tokens import access_token, xoauth2
from survey_app.mail.errors import (
    AddressRefused,
    ConversationBroken,
    LetterDelayed,
    LetterRefused,
    MailServerUnavailable,
)
from survey_app.mail_settings import MailServer, OAuthClient
from survey_app.settings import Settings

_ENHANCED_STATUS = re.compile(r"\d\.\d{1,3}\.\d{1,3}\b")
_CLOSING = 421


class Transport(Protocol):
    """Something that takes letters; open while its `with` block lasts."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

    def ready(self) -> bool:
        """Make sure of a connection, or raise; give whether one had to be made first."""

    def send(self, message: EmailMessage, *, return_path: str = "", is_retry: bool = False) -> None:
        """Hand over one letter, or raise what stopped it; a retry may have arrived before.

        What comes back goes to `return_path`, where one is given, or else to the sender.
        """


def transport_for(settings: Settings) -> Transport:
    """Give the way letters leave under these settings."""
    if settings.notify is not None:
        # Late, because most services have no use for it.
        from survey_app.mail.notify import NotifyTransport

        return NotifyTransport(settings.notify)
    if settings.mail_server is None:
        return MailboxTransport(settings.mailbox_directory)
    return SmtpTransport(settings.mail_server, greeting=_greeting(settings.base_url))


class SmtpTransport:
    """Letters over one SMTP connection, kept while there are letters and opened with the first."""

    def __init__(
        self,
        server: MailServer,
        *,
        greeting: str = "localhost",
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._server = server
        self.greeting = greeting
        self._trust = trust
        self._connection: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.quit()
            except (smtplib.SMTPException, OSError):
                connection.close()

    def ready(self) -> bool:
        """Keep the connection there is, or make one where there is none that answers."""
        if self._connection is not None:
            if self._still_there(self._connection):
                return False
            self._drop()
        self._connect()
        return True

    def send(
        self,
        message: EmailMessage,
        *,
        return_path: str = "",
        is_retry: bool = False,  # noqa: ARG002  # SMTP cannot be asked what it took
    ) -> None:
        """Hand one letter to the server; it is sent when this returns."""
        connection = self._connection or self._connect()
        _, sender = parseaddr(str(message["From"]))
        _, recipient = parseaddr(str(message["To"]))
        try:
            connection.send_message(message, from_addr=return_path or sender, to_addrs=[recipient])
        except smtplib.SMTPRecipientsRefused as error:
            self._answer(*error.recipients[recipient], refusal=AddressRefused)
        except smtplib.SMTPDataError as error:
            self._answer(error.smtp_code, error.smtp_error)
        except smtplib.SMTPNotSupportedError:
            raise LetterRefused("The mail server cannot write to such an address.") from None
        except smtplib.SMTPSenderRefused as error:
            # A fault of the settings or the server, whatever its number: no letter would fare
            # better, and none may be given up for it.
            self._drop()
            raise MailServerUnavailable(
                f"The mail server takes no letters from our address"
                f" ({_numbers(error.smtp_code, error.smtp_error)})."
            ) from None
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise ConversationBroken(
                f"The connection to the mail server broke ({type(error).__name__})."
            ) from None

    def _answer(
        self, code: int, reply: bytes | str, *, refusal: type[LetterRefused] = LetterRefused
    ) -> None:
        numbers = _numbers(code, reply)
        if code == _CLOSING:
            self._drop()
            raise MailServerUnavailable(f"The mail server is closing ({numbers}).") from None
        if 500 <= code < 600:
            because = f"The mail server refused the letter ({numbers})."
            raise refusal(because, status=numbers) from None
        raise LetterDelayed(f"The mail server asked to try later ({numbers}).") from None

    def _connect(self) -> smtplib.SMTP:
        self._connection = _connect(self._server, self.greeting, self._trust)
        return self._connection

    @staticmethod
    def _still_there(connection: smtplib.SMTP) -> bool:
        try:
            return connection.noop()[0] == 250
        except (smtplib.SMTPException, OSError):
            return False

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


class MailboxTransport:
    """Letters into a directory on this machine, each written whole or not at all."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        """Nothing is held open."""

    def ready(self) -> bool:
        """A directory needs no connection."""
        return False

    def send(
        self,
        message: EmailMessage,
        *,
        return_path: str = "",  # noqa: ARG002  # nothing comes back from a directory
        is_retry: bool = False,  # noqa: ARG002  # each attempt is a letter of its own
    ) -> None:
        """Put one letter into the mailbox."""
        try:
            self._directory.parent.mkdir(parents=True, exist_ok=True)
            mailbox.Maildir(self._directory).add(message)
        except OSError as error:
            raise MailServerUnavailable(
                f"The mailbox cannot be written ({type(error).__name__})."
            ) from None


def _connect(server: MailServer, greeting: str, trust: ssl.SSLContext | None) -> smtplib.SMTP:
    context = trust or ssl.create_default_context()
    about: dict[str, Any] = {"local_hostname": greeting, "timeout": server.timeout_seconds}
    try:
        if server.encryption == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, context=context, **about
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, **about)
    except (smtplib.SMTPException, OSError) as error:
        raise MailServerUnavailable(
            f"The mail server does not answer ({type(error).__name__})."
        ) from None
    try:
        if server.encryption == "starttls":
            connection.starttls(context=context)
        if server.oauth is not None:
            _sign_in_with_token(connection, server.user, server.oauth)
        elif server.user:
            connection.login(server.user, server.password)
    except MailServerUnavailable:
        connection.close()
        raise
    except (smtplib.SMTPException, OSError) as error:
        connection.close()
        raise MailServerUnavailable(
            f"The mail server would not let us in ({type(error).__name__})."
        ) from None
    return connection


def _sign_in_with_token(connection: smtplib.SMTP, user: str, oauth: OAuthClient) -> None:
    token = access_token(oauth)
    connection.ehlo_or_helo_if_needed()
    # A refusal comes as a challenge, which wants an empty answer before the server says no.
    connection.auth("XOAUTH2", lambda challenge=None: "" if challenge else xoauth2(user, token))


def _numbers(code: int, reply: bytes | str) -> str:
    """Keep the numbers of a reply, such as "550 5.1.1", and none of its words."""
    text = reply.decode("ascii", "replace") if isinstance(reply, bytes) else reply
    enhanced = _ENHANCED_STATUS.match(text)
    return f"{code} {enhanced[0]}" if enhanced else str(code)


def _greeting(base_url: str) -> str:
    """The name this service gives of itself; a bare number goes in brackets."""
    host = urlsplit(base_url).hostname or "localhost"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return f"[IPv6:{host}]" if address.version == 6 else f"[{host}]"
