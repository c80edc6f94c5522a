"""How letters leave and how their bounces come back, as the surroundings say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from email_validator import EmailNotValidError, validate_email

Encryption = Literal["none", "starttls", "tls"]

MICROSOFT_SCOPE = "https://outlook.office365.com/.default"
NOTIFY_URL = "https://api.notifications.service.gov.uk"

_SHORTEST_CALLBACK_TOKEN = 20
_PORTS = {"imaps": 993, "imap": 143}
_OAUTH_KEYS = ("TOKEN_URL", "CLIENT_ID", "CLIENT_SECRET")


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """Who asks for an access token where, in place of a password (Microsoft 365)."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str = MICROSOFT_SCOPE


@dataclass(frozen=True, slots=True)
class MailServer:
    """An SMTP server and how to speak to it."""

    host: str
    port: int
    encryption: Encryption
    user: str
    password: str = field(repr=False)
    timeout_seconds: float = 30.0
    oauth: OAuthClient | None = None


@dataclass(frozen=True, slots=True)
class NotifyService:
    """A service of GOV.UK Notify, whose template is ((subject)) over ((body))."""

    api_key: str = field(repr=False)
    template_id: str
    callback_token: str = field(repr=False)
    """What Notify shows when it reports on a letter; empty where it does not report."""
    url: str = NOTIFY_URL


@dataclass(frozen=True, slots=True)
class ImapMailbox:
    """A mailbox on a server."""

    host: str
    port: int
    is_encrypted: bool
    user: str
    password: str = field(repr=False)
    folder: str
    oauth: OAuthClient | None = None
    timeout_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Bounces:
    """The address that letters come back to, and the mailbox where they are read."""

    address: str
    mailbox: ImapMailbox | Path | None


def read_mail_server(environ: Mapping[str, str], faults: list[str]) -> MailServer | None:
    """Give the SMTP server; None where there is none."""
    host = environ.get("SURVEY_SMTP_HOST", "")
    if not host:
        return None
    encryption = environ.get("SURVEY_SMTP_ENCRYPTION", "starttls")
    if encryption not in ("none", "starttls", "tls"):
        faults.append(f"SURVEY_SMTP_ENCRYPTION is {encryption!r}; expected none, starttls or tls")
    port = environ.get("SURVEY_SMTP_PORT", "587")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        faults.append(f"SURVEY_SMTP_PORT is {port!r}; expected a number from 1 to 65535")
        return None
    user = environ.get("SURVEY_SMTP_USER", "")
    oauth = _oauth(environ, faults)
    if oauth is not None and not user:
        faults.append(
            "SURVEY_SMTP_USER is not set; expected the mailbox that an access token is of"
        )
    if oauth is not None and encryption == "none":
        faults.append("SURVEY_SMTP_ENCRYPTION is 'none'; an access token needs starttls or tls")
    return MailServer(
        host=host,
        port=int(port),
        encryption=encryption,  # type: ignore[arg-type]  # checked above
        user=user,
        password=environ.get("SURVEY_SMTP_PASSWORD", ""),
        oauth=oauth,
    )


def _oauth(environ: Mapping[str, str], faults: list[str]) -> OAuthClient | None:
    given = {key: environ.get(f"SURVEY_OAUTH_{key}", "") for key in _OAUTH_KEYS}
    if not any(given.values()):
        return None
    faults.extend(
        f"SURVEY_OAUTH_{key} is not set; expected all of SURVEY_OAUTH_TOKEN_URL, "
        "SURVEY_OAUTH_CLIENT_ID and SURVEY_OAUTH_CLIENT_SECRET, or none"
        for key, value in given.items()
        if not value
    )
    url = given["TOKEN_URL"]
    if url and not url.startswith("https://") and not _is_on_this_machine(url):
        faults.append(f"SURVEY_OAUTH_TOKEN_URL is {url!r}; expected an https address")
    return OAuthClient(
        token_url=url,
        client_id=given["CLIENT_ID"],
        client_secret=given["CLIENT_SECRET"],
        scope=environ.get("SURVEY_OAUTH_SCOPE", MICROSOFT_SCOPE),
    )


def read_notify(environ: Mapping[str, str], faults: list[str]) -> NotifyService | None:
    """Give the service of GOV.UK Notify; None where there is none."""
    api_key = environ.get("SURVEY_NOTIFY_API_KEY", "")
    if not api_key:
        return None
    if environ.get("SURVEY_SMTP_HOST"):
        faults.append(
            "SURVEY_NOTIFY_API_KEY and SURVEY_SMTP_HOST are both set; expected one way for letters "
            "to leave"
        )
    template_id = environ.get("SURVEY_NOTIFY_TEMPLATE_ID", "")
    if not template_id:
        faults.append("SURVEY_NOTIFY_TEMPLATE_ID is not set; expected the id of Notify's template")
    token = environ.get("SURVEY_NOTIFY_CALLBACK_TOKEN", "")
    if token and len(token) < _SHORTEST_CALLBACK_TOKEN:
        faults.append(
            f"SURVEY_NOTIFY_CALLBACK_TOKEN has {len(token)} characters; expected at least "
            f"{_SHORTEST_CALLBACK_TOKEN}"
        )
    return NotifyService(
        api_key=api_key,
        template_id=template_id,
        callback_token=token,
        url=environ.get("SURVEY_NOTIFY_URL", NOTIFY_URL),
    )


def read_bounces(environ: Mapping[str, str], faults: list[str]) -> Bounces | None:
    """Give where letters come back to; None where that is not watched."""
    address = environ.get("SURVEY_BOUNCE_ADDRESS", "")
    mailbox = environ.get("SURVEY_BOUNCE_MAILBOX", "")
    if not address:
        if mailbox:
            faults.append(
                "SURVEY_BOUNCE_ADDRESS is not set; expected the address whose mail "
                "SURVEY_BOUNCE_MAILBOX holds"
            )
        return None
    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        faults.append(f"SURVEY_BOUNCE_ADDRESS is {address!r}; expected an email address")
    return Bounces(address, _mailbox(mailbox, environ, faults) if mailbox else None)


def _mailbox(text: str, environ: Mapping[str, str], faults: list[str]) -> ImapMailbox | Path | None:
    if "://" not in text:
        return Path(text).absolute()
    expected = "expected imaps://USER@HOST/FOLDER, or the path of a Maildir or mbox"
    try:
        parts = urlsplit(text)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        faults.append(f"SURVEY_BOUNCE_MAILBOX is {text!r}; {expected}")
        return None
    is_encrypted = parts.scheme == "imaps"
    if not port or not parts.hostname or not parts.username or parts.password:
        faults.append(f"SURVEY_BOUNCE_MAILBOX is no such address; {expected}")
        return None
    if not is_encrypted and not _is_on_this_machine(text):
        faults.append("SURVEY_BOUNCE_MAILBOX is not encrypted; expected imaps://")
    return ImapMailbox(
        host=parts.hostname,
        port=port,
        is_encrypted=is_encrypted,
        user=unquote(parts.username),
        password=environ.get("SURVEY_BOUNCE_PASSWORD", ""),
        folder=unquote(parts.path.strip("/")) or "INBOX",
        oauth=None if environ.get("SURVEY_BOUNCE_PASSWORD") else _oauth(environ, []),
    )


def _is_on_this_machine(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
