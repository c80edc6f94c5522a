"""How templates are read: strictly, so that a misspelt name is an error and not a gap."""

from __future__ import annotations

from flask import Flask
from jinja2 import StrictUndefined

SERVICE_NAME = "Supervision in schools: research surveys"


def register(app: Flask) -> None:
    """Set up the templates' environment before any of them is read."""
    environment = app.jinja_env
    environment.undefined = StrictUndefined
    environment.trim_blocks = True
    environment.lstrip_blocks = True
    environment.globals["service_name"] = SERVICE_NAME
