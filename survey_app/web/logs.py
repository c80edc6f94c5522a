"""What the service's own log says of a request: never the secret in a link, nor what was typed."""

from __future__ import annotations

import logging
import re

from flask import Flask
from flask.logging import wsgi_errors_stream

from survey_app.jobs.failures import without_words
from survey_app.jobs.log_lines import JsonLines
from survey_app.settings import Settings

_AFTER_LINK = re.compile(r"(/(?:link|code|stop-reminders|set-password)/)[^\s?#\"']+", re.IGNORECASE)
# A link that was mistyped before its token still carries the token.
_LIKE_A_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,}")
_QUERY = re.compile(r"\?\S*")


def without_secrets(text: str) -> str:
    """Give a text with every token written as *** and every query left out."""
    return _LIKE_A_TOKEN.sub("***", _AFTER_LINK.sub(r"\1***", _QUERY.sub("", text)))


def register(app: Flask, settings: Settings) -> None:
    """Make the app's log discreet: Flask writes a failing address and the error's words."""
    app.logger.addFilter(_discreet)
    if settings.log_format == "json":
        handler = logging.StreamHandler(wsgi_errors_stream)  # type: ignore[call-overload]  # a proxy of one
        handler.setFormatter(JsonLines())
        app.logger.handlers = [handler]


def _discreet(record: logging.LogRecord) -> bool:
    record.msg, record.args = without_secrets(record.getMessage()), ()
    if record.exc_info and record.exc_info[1] is not None:
        record.exc_text = without_words(record.exc_info[1])
        record.exc_info = None
    return True
