"""The carriers' room."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("carriers", __name__)
