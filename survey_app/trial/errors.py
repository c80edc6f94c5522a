"""What the trial's engines refuse, in words that a coordinator can act on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class TrialError(Exception):
    """The root of everything this room refuses."""


class AllocationError(TrialError):
    """The schools, arms, block size or seed cannot be randomised as they stand."""

    def __init__(self, reasons: Sequence[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__("\n".join(self.reasons))


@dataclass(frozen=True, slots=True)
class RosterFault:
    """One thing wrong with a roster; line 0 is the file as a whole, column "" the whole row."""

    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        place = f"line {self.line}" if self.line else "the file"
        return (
            f"{place}, {self.column}: {self.reason}" if self.column else f"{place}: {self.reason}"
        )


class RosterError(TrialError):
    """A roster was refused; `faults` holds everything wrong with it, in the order of the file."""

    def __init__(self, faults: Sequence[RosterFault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class LetterError(TrialError):
    """A letter's text asks for something that a letter cannot be given."""


class CertificateError(TrialError):
    """A certificate's file cannot be read; `faults` holds everything wrong with it."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))
