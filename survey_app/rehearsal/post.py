"""The post of a rehearsal: letters go nowhere, some bounce, scanners open links before people."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.message import EmailMessage
from types import TracebackType
from typing import Final, Self

from survey_app.demonstration.chance import choices_from
from survey_app.mail.errors import AddressRefused

BOUNCES: Final = 0.02
SCANNED: Final = 0.30
_LINK: Final = re.compile(r"/link/([A-Za-z0-9_-]+)")


@dataclass(slots=True)
class RehearsalPost:
    """Takes every letter in the place of a mail server, and keeps the newest link of each person.

    Nothing of it reaches a network: it is given to the worker's delivery as the only way out.
    """

    seed: str
    inbox: dict[str, str] = field(default_factory=dict)
    """The newest link's secret, by address."""
    n_taken: int = 0
    n_bounced: int = 0
    to_scan: list[str] = field(default_factory=list)
    """The secrets of letters that a mail scanner opens, until somebody asks for them."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        return None

    def ready(self) -> bool:
        """Say that there is nothing to connect to."""
        return False

    def send(self, message: EmailMessage, *, return_path: str = "", is_retry: bool = False) -> None:
        """Take a letter, or refuse its address for good."""
        del return_path, is_retry
        address = str(message["To"])
        if choices_from(self.seed, f"bounce {address}").random() < BOUNCES:
            self.n_bounced += 1
            raise AddressRefused("The address takes no letters.", status="5.1.1")
        self.n_taken += 1
        found = _LINK.search(_words(message))
        if found is None:
            return
        self.inbox[_bare(address)] = found[1]
        if choices_from(self.seed, f"scanner {address}").random() < SCANNED:
            self.to_scan.append(found[1])


def _words(message: EmailMessage) -> str:
    body = message.get_body(("plain", "html"))
    return body.get_content() if body is not None else ""


def _bare(address: str) -> str:
    return address.rpartition("<")[2].rstrip(">").strip().casefold()
