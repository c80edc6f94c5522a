"""What can stop a letter. The words are kept on record, so they never hold an address or a reply.

Mail servers like to repeat the address they refuse: only the numbers of a reply are passed on.
"""

from __future__ import annotations


class MailError(Exception):
    """The root of everything that can stop a letter."""


class LetterRefused(MailError):  # noqa: N818  # named for what happened
    """This letter will never be taken; trying again would change nothing."""

    def __init__(self, because: str, *, status: str = "") -> None:
        super().__init__(because)
        self.status = status
        """The numbers of the refusal, such as "550 5.1.1"."""


class AddressRefused(LetterRefused):
    """The server refused the address itself, before it saw the letter."""


class LetterDelayed(MailError):  # noqa: N818  # likewise
    """This letter was not taken now and may be later; the letters behind it need not wait."""


class MailServerUnavailable(MailError):  # noqa: N818  # likewise
    """No letter can be sent at the moment."""


class ConversationBroken(MailServerUnavailable):
    """The server was there and went away over this letter: its fault, or the server's."""
