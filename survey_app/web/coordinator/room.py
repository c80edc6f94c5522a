"""The blueprint that the coordinator's pages hang on."""

from __future__ import annotations

from flask import Blueprint

from survey_app.web.navigation import staff_page

blueprint = Blueprint("coordinator", __name__)
blueprint.context_processor(staff_page)
