"""Where a request came from, as far as the service is told whom to believe about it.

A header such as X-Forwarded-For is anybody's to write. It is read only as far as proxies of our own
are known to stand before the service; with none, the connection itself says.
"""

from __future__ import annotations

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

from survey_app.links import network_hash
from survey_app.settings import Settings
from survey_app.web.service import service


def register(app: Flask, settings: Settings) -> None:
    """Let the service believe as many proxies as the settings say there are."""
    if settings.trusted_proxies:
        n = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n)  # type: ignore[method-assign]  # as Flask's documentation has it


def network() -> str:
    """Give the hash that stands for where this request came from."""
    return network_hash(request.remote_addr or "", key=service().settings.secret_key)
