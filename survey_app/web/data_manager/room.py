"""The room itself, which its files share."""

from __future__ import annotations

from flask import Blueprint

from survey_app.web.navigation import staff_page

blueprint = Blueprint("data_manager", __name__)
blueprint.context_processor(staff_page)
