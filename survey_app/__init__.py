"""The service: the record, the verbs that change it, and the doors into it."""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from survey_app.settings import Settings


def create_app(
    settings: Settings | None = None,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    rng: random.Random | None = None,
) -> Flask:
    """Assemble the service. Imported late, so that the worker and the engines load no web."""
    from flask import Flask

    from survey_app import cli, web
    from survey_app.database.session import Database
    from survey_app.settings import Settings
    from survey_app.web.service import Service

    chosen = settings or Settings.from_environment(os.environ)
    app = Flask(__name__, static_folder=None, template_folder="web/templates")
    parts = Service(
        settings=chosen,
        database=Database(chosen.database_url, keys=chosen.encryption_keys),
        clock=clock,
        rng=rng or secrets.SystemRandom(),
    )
    web.register(app, parts)
    cli.register(app)
    return app
