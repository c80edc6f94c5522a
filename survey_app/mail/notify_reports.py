"""What GOV.UK Notify calls a letter of ours, and what it reports of one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Outcome = Literal["delivered", "hard", "soft", "technical"]

OUTCOMES: Mapping[str, Outcome] = {
    "delivered": "delivered",
    "permanent-failure": "hard",
    "temporary-failure": "soft",
    "technical-failure": "technical",
}
_REFERENCE = re.compile(r"letter-(?P<letter>[1-9][0-9]{0,14})-(?P<queued>[0-9]{14})", re.ASCII)


@dataclass(frozen=True, slots=True)
class NotifyReport:
    """One report on one letter; the moment of queueing tells letters of two records apart."""

    letter_id: int
    queued: str
    outcome: Outcome
    status: str
    source: str

    def is_of(self, queued_at: datetime) -> bool:
        """Whether a letter queued at this moment is the one meant."""
        return self.queued == f"{queued_at:%Y%m%d%H%M%S}"


def reference_of(message_id: str) -> str:
    """Give what Notify is told to call a letter: the part of its Message-ID that is its own."""
    return message_id.strip("<>").partition("@")[0]


def read_report(posted: Any) -> NotifyReport | None:
    """Give what Notify posted; None where it is about no letter of ours or not final."""
    if not isinstance(posted, dict):
        return None
    status = str(posted.get("status"))
    reference = _REFERENCE.fullmatch(str(posted.get("reference")))
    if status not in OUTCOMES or reference is None:
        return None
    return NotifyReport(
        letter_id=int(reference["letter"]),
        queued=reference["queued"],
        outcome=OUTCOMES[status],
        status=status,
        source=f"notify:{posted.get('id')}:{status}",
    )
