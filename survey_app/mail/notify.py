"""Letters through GOV.UK Notify, whose template holds nothing but ((subject)) and ((body))."""

from __future__ import annotations

import logging
from email.message import EmailMessage
from email.utils import parseaddr
from types import TracebackType
from typing import Any, Self

from notifications_python_client.errors import APIError, HTTPError
from notifications_python_client.notifications import NotificationsAPIClient
from requests import RequestException

from survey_app.mail.errors import AddressRefused, LetterRefused, MailServerUnavailable
from survey_app.mail.notify_reports import reference_of
from survey_app.mail_settings import NotifyService

# Its log repeats the replies it gets, which may hold an address.
logging.getLogger("notifications_python_client").setLevel(logging.CRITICAL)

_SECONDS = 30
# The service could not hand it on; every other state is Notify's own business, and not ours to
# send twice.
_NOT_SENT = "technical-failure"


class NotifyTransport:
    """Letters as GOV.UK Notify takes them: at most once, because it can be asked what it has."""

    def __init__(self, service: NotifyService) -> None:
        self._service = service
        self._client = NotificationsAPIClient(
            service.api_key, base_url=service.url, timeout=_SECONDS
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        self._client.request_session.close()

    def ready(self) -> bool:
        """Each letter is a request of its own; nothing has to be opened first."""
        return False

    def send(
        self,
        message: EmailMessage,
        *,
        return_path: str = "",  # noqa: ARG002  # Notify reports by itself what came back
        is_retry: bool = False,
    ) -> None:
        """Have one letter sent; before a retry, Notify is asked whether it has the letter."""
        reference = reference_of(str(message["Message-ID"]))
        if is_retry and self._has(reference):
            return
        _, recipient = parseaddr(str(message["To"]))
        body = message.get_body(preferencelist=("plain",))
        unsubscribe = str(message["List-Unsubscribe"] or "").strip("<>")
        try:
            self._client.send_email_notification(
                email_address=recipient,
                template_id=self._service.template_id,
                personalisation={
                    "subject": str(message["Subject"]),
                    "body": body.get_content() if body is not None else "",
                },
                reference=reference,
                one_click_unsubscribe_url=unsubscribe or None,
            )
        except HTTPError as error:
            raise _what_stopped_it(error) from None
        except (APIError, RequestException) as error:
            raise _unavailable(type(error).__name__) from None

    def _has(self, reference: str) -> bool:
        try:
            found = self._client.get_all_notifications(template_type="email", reference=reference)
        except HTTPError as error:
            raise _unavailable(str(error.status_code)) from None
        except (APIError, RequestException) as error:
            raise _unavailable(type(error).__name__) from None
        return any(each["status"] != _NOT_SENT for each in found["notifications"])


def _what_stopped_it(error: HTTPError) -> Exception:
    # Only an address that is none is the letter's fault. A wrong template, a trial service or a
    # limit reached would stop any letter, and none may be given up for it.
    if error.status_code == 400 and "email_address" in _words(error.message):
        return AddressRefused("GOV.UK Notify refused the address (400).", status="5.1.3")
    if error.status_code == 413:
        return LetterRefused("GOV.UK Notify takes no letter so long (413).", status="413")
    return _unavailable(str(error.status_code))


def _words(errors: Any) -> str:
    listed = errors if isinstance(errors, list) else [errors]
    return " ".join(str(each.get("message", "")) for each in listed if isinstance(each, dict))


def _unavailable(what: str) -> MailServerUnavailable:
    return MailServerUnavailable(f"GOV.UK Notify takes no letters at the moment ({what}).")
