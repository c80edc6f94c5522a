"""What an operation raises when it will not do what was asked; the message is for people."""

from __future__ import annotations


class OperationError(Exception):
    """An operation refused; nothing was changed."""


class StudyFrozenError(OperationError):
    """The study's definition is in use and differs from the one given."""


class DefinitionChangedError(OperationError):
    """An instrument's file has changed and still says the version that is in use."""


class RandomisationError(OperationError):
    """The schools cannot be randomised now."""


class WaveNotOpenError(OperationError):
    """The wave has not opened yet, or has closed."""


class ConsentNeededError(OperationError):
    """A consent that the study needs was not given."""


class AlreadySubmittedError(OperationError):
    """The answers were submitted and are final."""


class SignInRefusedError(OperationError):
    """The email address and password do not belong together."""
