"""How templates are read: strictly, so that a misspelt name is an error and not a gap."""

from __future__ import annotations

from typing import Any

from flask import Flask
from jinja2 import StrictUndefined, Template

SERVICE_NAME = "Supervision in schools: research surveys"


class _WithTheSameGlobals(Template):
    """A template none of which is given globals of its own, so that an import is made once.

    Jinja compares the globals of both sides name by name at each import, at each rendering.
    """

    def _get_default_module(self, _ctx: Any = None) -> Any:
        return super()._get_default_module()


def register(app: Flask) -> None:
    """Set up the templates' environment before any of them is read."""
    environment = app.jinja_env
    environment.template_class = _WithTheSameGlobals
    environment.undefined = StrictUndefined
    environment.trim_blocks = True
    environment.lstrip_blocks = True
    environment.globals["service_name"] = SERVICE_NAME
