"""What the service is told by its surroundings: read once from the environment, one line a key.

Every key is described in the README's table of settings.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

from survey_app.mail_settings import (
    Bounces,
    NotifyService,
    read_bounces,
    read_mail_server,
    read_notify,
)
from survey_app.mail_settings import Encryption as Encryption
from survey_app.mail_settings import MailServer as MailServer

Mode = Literal["demonstration", "production"]
EncryptedPurpose = Literal["staff", "contacts", "comments"]
LogFormat = Literal["text", "json"]

_SHORTEST_KEY = 32
_SHORTEST_METRICS_TOKEN = 20
_MOST_PROXIES = 5
_MOST_CONNECTIONS = 16


class SettingsError(Exception):
    """The surroundings ask for something the service cannot run with; lists every fault."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("The settings cannot be used:\n" + "\n".join(f"- {f}" for f in faults))


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole configuration of one running service."""

    mode: Mode
    secret_key: str
    data_directory: Path
    database_url: str
    base_url: str
    mail_from: str
    mail_server: MailServer | None
    trusted_proxies: int = 0
    """How many proxies of our own stand before the service and say where a request came from."""
    staff_keys: tuple[str, ...] = ()
    """Keys that encrypt the second factors of staff, newest first."""
    contacts_keys: tuple[str, ...] = ()
    """Keys that encrypt names and addresses of participants, newest first."""
    comments_keys: tuple[str, ...] = ()
    """Keys that encrypt comments as they were written, newest first."""
    mail_connections: int = 1
    """Over how many connections letters leave at once."""
    notify: NotifyService | None = None
    bounces: Bounces | None = None
    log_format: LogFormat = "text"
    metrics_token: str = field(default="", repr=False)
    """What whoever collects the metrics shows; empty where nobody does."""
    backup_directory: Path | None = None
    """Where backups are made, and looked for by the doctor."""

    @property
    def keys_by_name(self) -> dict[str, tuple[str, ...]]:
        """The keys without which a backup is not whole, by the setting they come from."""
        return {
            "SURVEY_SECRET_KEY": (self.secret_key,),
            "SURVEY_STAFF_KEYS": self.staff_keys,
            "SURVEY_CONTACTS_KEYS": self.contacts_keys,
            "SURVEY_COMMENTS_KEYS": self.comments_keys,
        }

    @property
    def encryption_keys(self) -> dict[EncryptedPurpose, tuple[str, ...]]:
        """The keys of encrypted columns, by purpose; a demonstration makes them of its secret."""
        own = own_keys(self.secret_key)
        return {
            "staff": self.staff_keys or own["staff"],
            "contacts": self.contacts_keys or own["contacts"],
            "comments": self.comments_keys or own["comments"],
        }

    @property
    def needs_second_factor(self) -> bool:
        """Whether every member of staff has to sign in with a second factor too."""
        return not self.is_demonstration

    @property
    def is_demonstration(self) -> bool:
        return self.mode == "demonstration"

    @property
    def is_secure(self) -> bool:
        """Whether people reach the service over https, so that cookies can insist on it."""
        return self.base_url.startswith("https://")

    @property
    def data_disk(self) -> Path:
        """The data directory, or what of the way to it exists."""
        directory = self.data_directory
        return next(each for each in (directory, *directory.parents) if each.exists())

    @property
    def mailbox_directory(self) -> Path:
        return self.data_directory / "mailbox"

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read and check every key; all faults are reported together."""
        faults: list[str] = []
        mode = environ.get("SURVEY_MODE", "production")
        if mode not in ("demonstration", "production"):
            faults.append(f"SURVEY_MODE is {mode!r}; expected demonstration or production")
        secret_key = environ.get("SURVEY_SECRET_KEY", "")
        if len(secret_key) < _SHORTEST_KEY:
            faults.append(
                f"SURVEY_SECRET_KEY has {len(secret_key)} characters; expected at least "
                f"{_SHORTEST_KEY}, for example from: python3 -c "
                "'import secrets; print(secrets.token_urlsafe(48))'"
            )
        data_directory = Path(environ.get("SURVEY_DATA_DIR", "var")).absolute()
        database_url = environ.get(
            "SURVEY_DATABASE_URL", f"sqlite:///{data_directory / 'survey.sqlite'}"
        )
        if not database_url.startswith(("sqlite:///", "postgresql+psycopg://")):
            faults.append(
                "SURVEY_DATABASE_URL must start with sqlite:/// or postgresql+psycopg://; "
                f"it starts with {database_url.split(':', 1)[0]!r}"
            )
        base_url = environ.get("SURVEY_BASE_URL", "http://127.0.0.1:8000").rstrip("/")
        if not _is_address_without_path(base_url):
            faults.append(
                f"SURVEY_BASE_URL is {base_url!r}; expected the address people type, such as "
                "https://survey.example.org, with no path"
            )
        elif mode == "production" and not base_url.startswith("https://"):
            faults.append(f"SURVEY_BASE_URL is {base_url!r}; production needs an https address")
        mail_from = environ.get("SURVEY_MAIL_FROM", "")
        if not mail_from and mode == "production":
            faults.append("SURVEY_MAIL_FROM is not set; expected the address letters come from")
        mail_server = read_mail_server(environ, faults)
        notify = read_notify(environ, faults)
        if not environ.get("SURVEY_SMTP_HOST") and notify is None and mode == "production":
            faults.append(
                "SURVEY_SMTP_HOST is not set; production sends its letters by SMTP, or by GOV.UK "
                "Notify with SURVEY_NOTIFY_API_KEY"
            )
        proxies = environ.get("SURVEY_TRUSTED_PROXIES", "0")
        if not proxies.isdecimal() or int(proxies) > _MOST_PROXIES:
            faults.append(
                f"SURVEY_TRUSTED_PROXIES is {proxies!r}; expected the number of proxies of your "
                f"own before the service, from 0 to {_MOST_PROXIES}"
            )
        staff_keys, contacts_keys, comments_keys = (
            _keys(environ, name, faults, needed=mode == "production")
            for name in ("SURVEY_STAFF_KEYS", "SURVEY_CONTACTS_KEYS", "SURVEY_COMMENTS_KEYS")
        )
        faults.extend(_shared(staff_keys, contacts_keys, comments_keys))
        bounces = read_bounces(environ, faults)
        log_format = environ.get("SURVEY_LOG_FORMAT", "text")
        if log_format not in ("text", "json"):
            faults.append(f"SURVEY_LOG_FORMAT is {log_format!r}; expected text or json")
        metrics_token = environ.get("SURVEY_METRICS_TOKEN", "")
        if metrics_token and len(metrics_token) < _SHORTEST_METRICS_TOKEN:
            faults.append(
                f"SURVEY_METRICS_TOKEN has {len(metrics_token)} characters; expected at least "
                f"{_SHORTEST_METRICS_TOKEN}"
            )
        backups = environ.get("SURVEY_BACKUP_DIR", "")
        connections = environ.get("SURVEY_MAIL_CONNECTIONS", "2")
        if not connections.isdecimal() or not 1 <= int(connections) <= _MOST_CONNECTIONS:
            faults.append(
                f"SURVEY_MAIL_CONNECTIONS is {connections!r}; expected a number from 1 to "
                f"{_MOST_CONNECTIONS}"
            )
        if faults:
            raise SettingsError(faults)
        return cls(
            mode=mode,  # type: ignore[arg-type]  # checked above
            secret_key=secret_key,
            data_directory=data_directory,
            database_url=database_url,
            base_url=base_url,
            mail_from=mail_from or "Demonstration survey <survey@trial.example>",
            mail_server=mail_server,
            trusted_proxies=int(proxies),
            staff_keys=staff_keys,
            contacts_keys=contacts_keys,
            comments_keys=comments_keys,
            mail_connections=int(connections),
            notify=notify,
            bounces=bounces,
            log_format=log_format,  # type: ignore[arg-type]  # checked above
            metrics_token=metrics_token,
            backup_directory=Path(backups).absolute() if backups else None,
        )


def _is_address_without_path(text: str) -> bool:
    try:
        address = urlsplit(text)
        # Asking for the port is what finds one that is no number.
        _ = address.port
    except ValueError:
        return False
    named = address.scheme in ("http", "https") and bool(address.hostname)
    return named and not (address.path or address.query or address.fragment)


def _keys(
    environ: Mapping[str, str], name: str, faults: list[str], *, needed: bool
) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in environ.get(name, "").split(",") if key.strip())
    example = (
        "44 characters, for example from: python3 -c 'import base64, os; "
        "print(base64.urlsafe_b64encode(os.urandom(32)).decode())'"
    )
    faults.extend(
        f"{name}: key {number} of {len(keys)} is not one; expected {example}"
        for number, key in enumerate(keys, 1)
        if not _is_key(key)
    )
    if needed and not keys:
        faults.append(
            f"{name} is not set; expected one key, or several with the newest first, of {example}"
        )
    return keys


def _is_key(text: str) -> bool:
    try:
        return len(base64.urlsafe_b64decode(text.encode())) == 32
    except (binascii.Error, ValueError):
        return False


def _shared(*sets: tuple[str, ...]) -> list[str]:
    keys = [key for each in sets for key in set(each)]
    if len(keys) == len(set(keys)):
        return []
    return [
        "SURVEY_STAFF_KEYS, SURVEY_CONTACTS_KEYS and SURVEY_COMMENTS_KEYS have a key in common; "
        "expected each to have its own"
    ]


def own_keys(secret_key: str) -> dict[EncryptedPurpose, tuple[str, ...]]:
    """Give the keys of encrypted columns that a secret makes, where none are set."""
    purposes: tuple[EncryptedPurpose, ...] = get_args(EncryptedPurpose)
    return {purpose: (_own_key(secret_key, purpose),) for purpose in purposes}


def _own_key(secret_key: str, purpose: str) -> str:
    made = hmac.new(secret_key.encode(), f"column:{purpose}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).decode()
