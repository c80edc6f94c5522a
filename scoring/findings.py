"""What a check noticed and a person should look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["note", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that one check noticed.

    Attributes
    ----------
    severity : "note", "warning" or "error"
        A note explains a number, a warning asks for a look, an error says why there is none.
    subject : str
        The id of the score or item it is about.
    message : str
        A whole sentence.
    """

    severity: Severity
    subject: str
    message: str
