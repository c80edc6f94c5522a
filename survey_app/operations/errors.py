"""What an operation raises when it will not do what was asked; the message is for people."""

from __future__ import annotations

from datetime import timedelta
from math import ceil


class OperationError(Exception):
    """An operation refused; nothing was changed."""


class StudyFrozenError(OperationError):
    """The study's definition is in use and differs from the one given."""


class DefinitionChangedError(OperationError):
    """An instrument's file has changed and still says the version that is in use."""


class RandomisationError(OperationError):
    """The schools cannot be randomised now."""


class BaselineOutstandingError(RandomisationError):
    """People have yet to answer the baseline, and it is not said why they are not waited for."""


class WaveNotOpenError(OperationError):
    """The wave has not opened yet, or has closed."""


class ConsentNeededError(OperationError):
    """A consent that the study needs was not given."""


class AlreadySubmittedError(OperationError):
    """The answers were submitted and are final."""


class SignInRefusedError(OperationError):
    """The email address and password do not belong together."""


class SignInSlowedError(SignInRefusedError):
    """Too many different passwords were wrong, so this one was not looked at."""

    def __init__(self, wait: timedelta) -> None:
        self.seconds = max(1, ceil(wait.total_seconds()))
        unit = "second" if self.seconds == 1 else "seconds"
        super().__init__(
            f"Too many passwords were wrong. Wait {self.seconds} {unit}, then try again. "
            "This password was not looked at."
        )
