"""The screens: one room an audience, and what they share."""

from __future__ import annotations

from flask import Flask
from flask_wtf.csrf import CSRFProtect

from survey_app.web import (
    access,
    assets,
    compression,
    errors,
    headers,
    languages,
    logs,
    networks,
    service,
    sessions,
    templating,
)

LARGEST_REQUEST = 16 * 1024 * 1024
MOST_FORM_PARTS = 1000


def register(app: Flask, parts: service.Service) -> None:
    """Give an app its pages."""
    from survey_app.web import (
        account,
        carriers,
        catalogue,
        coordinator,
        data_manager,
        evaluator,
        participant,
        public,
        redactor,
        researcher,
    )

    app.config.update(
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        MAX_FORM_MEMORY_SIZE=LARGEST_REQUEST,
        MAX_FORM_PARTS=MOST_FORM_PARTS,
        # An answer must not expire because somebody was called away from the page.
        WTF_CSRF_TIME_LIMIT=None,
    )
    logs.register(app, parts.settings)
    networks.register(app, parts.settings)
    sessions.register(app, parts.settings)
    service.register(app, parts)
    templating.register(app)
    languages.register(app)
    assets.register(app)
    headers.register(app)
    compression.register(app)
    errors.register(app, participant_prefixes=sessions.PARTICIPANT_PREFIXES)
    access.register(app)
    csrf = CSRFProtect(app)
    # These views check the token themselves, so that a failure gives the typed answers back.
    csrf.exempt(participant.blueprint)
    # Programs post there, and show a token of their own.
    csrf.exempt(carriers.blueprint)
    for room in (public, account, participant, coordinator, redactor, researcher, evaluator):
        app.register_blueprint(room.blueprint)
    for room in (data_manager, catalogue, carriers):
        app.register_blueprint(room.blueprint)
    if parts.settings.is_demonstration:
        app.register_blueprint(public.demonstration)
        app.register_blueprint(account.demonstration)
