"""Every exception that ends a request becomes one page, here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, request
from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from survey_app.web.languages import templates
from survey_app.web.service import undo_changes

_BROKEN = 500
_CLIENT_FAULT = 400


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What a page says when something cannot be done."""

    title: str | LazyString
    sentences: tuple[str | LazyString, ...]


CSRF_PAGE = ErrorPage(
    _("We could not be sure that came from you"),
    (
        _(
            "This can happen when a page has been open in another window while you signed in or "
            "out, or when the browser does not keep cookies."
        ),
        _("What you just sent was not saved. Go back, load the page again and send it once more."),
    ),
)

STAFF_PAGES = {
    400: ErrorPage(
        "We could not understand what was sent",
        ("Nothing was changed. Go back and try again.",),
    ),
    403: ErrorPage(
        "You cannot see this page",
        ("It belongs to another role. If you need it for your work, ask the data manager.",),
    ),
    404: ErrorPage(
        "Page not found",
        ("If you typed the address, check that it is right.",),
    ),
    405: ErrorPage(
        "This page cannot be used that way",
        ("Nothing was changed. Go back and use the buttons on the page.",),
    ),
    413: ErrorPage(
        "That was too large to send",
        ("Nothing was changed. Go back and send less, or split the file in two.",),
    ),
    429: ErrorPage(
        "Too many tries",
        ("Wait a few minutes and try again.",),
    ),
    500: ErrorPage(
        "Sorry, something went wrong",
        (
            "The fault is ours and has been recorded. What you just sent may not have been saved.",
            "Try again in a few minutes and check before you repeat it.",
        ),
    ),
}

PARTICIPANT_PAGES = {
    **STAFF_PAGES,
    400: ErrorPage(
        _("We could not understand what was sent"),
        (_("Go back and try again. Answers you saved on earlier pages are kept."),),
    ),
    403: ErrorPage(
        _("You cannot see this page"),
        (_("Open the link in your letter again to go on with your answers."),),
    ),
    404: ErrorPage(
        _("Page not found"),
        (
            _(
                "If you followed the link in your letter, check that you have the whole of it: "
                "some email programs break a long link in two."
            ),
            _("If you typed the address, check that it is right."),
        ),
    ),
    405: ErrorPage(
        _("This page cannot be opened that way"),
        (_("Open the link in your letter again. Answers you saved are kept."),),
    ),
    413: ErrorPage(
        _("That was too much text to send at once"),
        (
            _("This page was not saved. Go back, where your text should still be, and shorten it."),
            _("Answers you saved on earlier pages are kept."),
        ),
    ),
    500: ErrorPage(
        _("Sorry, something went wrong"),
        (
            _(
                "The fault is ours and has been recorded. The page you just sent may not have been "
                "saved; the pages before it are kept."
            ),
            _(
                "Wait a few minutes, then open the link in your letter again and check your "
                "answers."
            ),
        ),
    ),
}

SEND_AGAIN = ErrorPage(
    _("Sorry, something went wrong"),
    (
        _(
            "The fault is ours and has been recorded. What you just sent may not have been saved; "
            "the pages before it are kept."
        ),
        _(
            "What you sent is still held in this page. Leave it open, wait a minute, and press "
            "“Send again”. It does no harm if it had been saved after all."
        ),
    ),
)


def register(app: Flask, *, participant_prefixes: Sequence[str]) -> None:
    """Turn every HTTP error and every unforeseen exception into a page.

    A path that starts with one of the prefixes gets the participants' page, any other the staff's.
    Whatever the request had done to the record by then is undone.
    """
    prefixes = tuple(participant_prefixes)
    app.register_error_handler(HTTPException, _page_for(prefixes))


def _page_for(prefixes: tuple[str, ...]) -> Callable[[HTTPException], Response]:
    def answer(error: HTTPException) -> Response:
        undo_changes()
        is_participant = request.path.startswith(prefixes)
        code = error.code or _BROKEN
        if is_participant and request.method == "POST" and code >= _BROKEN:
            response = Response(_render(SEND_AGAIN, "send_again", fields=_posted()), code)
        else:
            page = _choose_page(error, is_participant=is_participant)
            response = Response(_render(page, "participant" if is_participant else "staff"), code)
        for name, value in error.get_headers():
            if name in {"Allow", "Retry-After"}:
                response.headers[name] = value
        return response

    return answer


def _choose_page(error: HTTPException, *, is_participant: bool) -> ErrorPage:
    if isinstance(error, CSRFError):
        return CSRF_PAGE
    pages = PARTICIPANT_PAGES if is_participant else STAFF_PAGES
    code = error.code or _BROKEN
    return pages.get(code, pages[_BROKEN if code >= _BROKEN else _CLIENT_FAULT])


def _posted() -> list[tuple[str, str]]:
    """Everything the request posted, field by field, so that the page can post it again."""
    with suppress(HTTPException):
        return list(request.form.items(multi=True))
    return []


def _render(page: ErrorPage, template: str, **values: Any) -> str:
    # Straight from the environment: what usually fills a template may ask the database, which may
    # be the very thing that is broken.
    found = templates().get_template(f"shared/errors/{template}.html")
    return found.render(page=page, **values)
