"""What every participant's page has: the room itself, and what stands around a page's content."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response, render_template
from werkzeug.wrappers import Response

from survey_app.trial.design import StudyDefinition
from survey_app.web.service import service

RESUMED = "resumed"
"""The kind of message that a page of questions shows to somebody who comes back to it."""

blueprint = Blueprint("participant", __name__)


@blueprint.context_processor
def _around() -> dict[str, Any]:
    return {"demonstration": service().settings.is_demonstration}


def show(
    template: str, *, study: StudyDefinition | None = None, status: int = 200, **values: Any
) -> Response:
    """Render a page; with a study, under its title and with whom to ask about it."""
    if study is not None:
        values |= {
            "study_title": study.title,
            "contact": f"Questions? {study.study.contact_name}: {study.study.contact_email}",
        }
    return make_response(render_template(f"participant/{template}.html", **values), status)
