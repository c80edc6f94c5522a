"""What every participant's page has: the room itself, and what stands around a page's content."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from survey_app.trial.design import StudyDefinition
from survey_app.web.languages import gettext, keep_language, languages_offered, templates
from survey_app.web.service import service

RESUMED = "resumed"
"""The kind of message that a page of questions shows to somebody who comes back to it."""

blueprint = Blueprint("participant", __name__)


@blueprint.before_request
def _keep_language() -> None:
    # A page that only opens sets no cookie: the way in is the same bytes for everybody.
    if request.method == "POST" or request.path.startswith("/answer/"):
        keep_language()


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
            "languages": languages_offered(study.study.languages),
            "contact": gettext(
                "Questions? %(name)s: %(email)s",
                name=study.study.contact_name,
                email=study.study.contact_email,
            ),
        }
    found = templates().get_template(f"participant/{template}.html")
    return make_response(render_template(found, **values), status)
