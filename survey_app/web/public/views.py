"""The start page, and the page that says the service is up."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from survey_app.database.queries.staff import staff_with_role
from survey_app.database.queries.studies import all_studies, study_by_slug
from survey_app.operations.studies import definition_of
from survey_app.operations.waves import state_of
from survey_app.roles import ROLES
from survey_app.web.access import public
from survey_app.web.navigation import staff_page
from survey_app.web.public.presenters import doors
from survey_app.web.service import now, record, service

blueprint = Blueprint("public", __name__)
blueprint.context_processor(staff_page)


@blueprint.get("/")
@public
def start() -> str:
    """What the service is; in a demonstration, also what to try."""
    if not service().settings.is_demonstration:
        return render_template("public/start.html")
    studies = all_studies(record())
    held = {
        role
        for role in ROLES
        for study in studies
        if staff_with_role(record(), study_id=study.id, role=role) is not None
    }
    designs = [definition_of(study) for study in studies]
    return render_template(
        "public/demonstration.html",
        doors=doors(held),
        titles=[design.title for design in designs],
        is_anything_open=any(
            state_of(wave, at=now()) == "open" for design in designs for wave in design.waves
        ),
    )


@blueprint.get("/health")
@public
def health() -> Response:
    """Say that the service is up and that its record answers."""
    study_by_slug(record(), "")
    return Response("ok\n", content_type="text/plain; charset=utf-8")
