"""Two audiences, two cookies: what a participant's browser holds, staff pages never see."""

from __future__ import annotations

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

from survey_app.settings import Settings

PARTICIPANT_PREFIXES = ("/link/", "/answer/", "/code", "/new-link", "/stop-reminders/")


def is_participant_path(path: str) -> bool:
    """Whether an address belongs to the participants' room."""
    return path.startswith(PARTICIPANT_PREFIXES)


class AudienceSessions(SecureCookieSessionInterface):
    """Flask's signed cookie, under one name for participants and another for staff."""

    def __init__(self, *, secure: bool) -> None:
        # Browsers take a __Host- cookie only over https, so the demonstration goes without.
        self._prefix = "__Host-" if secure else ""
        self._serializer: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        # Made once: the key stays the same for the life of the process.
        if self._serializer is None:
            self._serializer = super().get_signing_serializer(app)
        return self._serializer

    def get_cookie_name(self, app: Flask) -> str:  # noqa: ARG002  # the signature is Flask's
        return self._prefix + ("visit" if is_participant_path(request.path) else "staff")


def register(app: Flask, settings: Settings) -> None:
    """Set up both cookies; neither can be read by a script or sent from another site's form."""
    app.session_interface = AudienceSessions(secure=settings.is_secure)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_secure,
        SESSION_COOKIE_PATH="/",
    )
