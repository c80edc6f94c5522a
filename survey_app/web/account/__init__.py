"""Signing in and out, one's own account, and the studies a person has a role in."""

from __future__ import annotations

from survey_app.web.account import passwords, second_factor, security
from survey_app.web.account.room import blueprint
from survey_app.web.account.views import demonstration

__all__ = ["blueprint", "demonstration", "passwords", "second_factor", "security"]
