"""An SMTP server on loopback that takes letters, or does not, as a test wishes."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from survey_app.settings import Encryption, MailServer


@dataclass
class Post:
    """What a server took, and what it is to answer instead of taking it."""

    received: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    connections: int = 0
    greetings: list[str] = field(default_factory=list)
    answers_to_address: dict[str, list[str]] = field(default_factory=dict)
    """Replies to RCPT by address, one a try; when they run out the address is taken."""
    answers_to_letters: list[str] = field(default_factory=list)
    """Replies to the next letters; a letter answered so is not taken."""
    hangs_after: int | None = None
    """After so many letters were taken, the next is taken and its reply kept back."""
    hangs_for_seconds: float = 60
    hanging: threading.Event = field(default_factory=threading.Event)

    async def handle_EHLO(
        self,
        _server: SMTP,
        session: Session,
        _envelope: Envelope,
        hostname: str,
        answers: list[str],
    ) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        self.greetings.append(hostname)
        return answers

    async def handle_RCPT(
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        answers = self.answers_to_address.get(address)
        if answers:
            return answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        if self.answers_to_letters:
            return self.answers_to_letters.pop(0)
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, _class=EmailMessage, policy=default)
        self.received.append(message)
        self.recipients += envelope.rcpt_tos
        if self.hangs_after is not None and len(self.received) > self.hangs_after:
            self.hangs_after = None
            self.hanging.set()
            await asyncio.sleep(self.hangs_for_seconds)
        return "250 OK"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(post: Post, *, port: int | None = None, **options: object) -> Iterator[MailServer]:
    """Run a server for a while; give the settings that reach it."""
    chosen = port or free_port()
    controller = Controller(post, hostname="127.0.0.1", port=chosen, **options)
    controller.start()
    try:
        yield reached_at(chosen)
    finally:
        controller.stop()


def reached_at(
    port: int,
    *,
    encryption: Encryption = "none",
    user: str = "",
    password: str = "",
    timeout_seconds: float = 10,
) -> MailServer:
    return MailServer("127.0.0.1", port, encryption, user, password, timeout_seconds)


@contextmanager
def silent_server() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def only(user: str, password: str):
    """Give an authenticator that lets one user in."""

    def authenticate(server, session, envelope, mechanism, data) -> AuthResult:
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == (user, password), handled=False)

    return authenticate


def tls_context(certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context
