"""Signing in and out, and the studies a person has a role in."""

from __future__ import annotations

from survey_app.web.account.views import blueprint, demonstration

__all__ = ["blueprint", "demonstration"]
