"""Held pages, the audit trail, and the release of the arms."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from survey_app.database.queries.invitations import held_pages as held_pages_of
from survey_app.database.queries.trail import events_page, n_events, staff_names
from survey_app.operations.errors import OperationError
from survey_app.operations.staff import actor
from survey_app.operations.studies import definition_of, unmask_study
from survey_app.web.access import requires
from survey_app.web.data_manager.forms import UnmaskingForm
from survey_app.web.data_manager.presenters import event_rows, pages_held
from survey_app.web.dates import moment_in_words
from survey_app.web.forms import REFUSED
from survey_app.web.navigation import staff_page
from survey_app.web.pages import paging
from survey_app.web.people import actor_in_words, staff_ids_in
from survey_app.web.service import now, record

blueprint = Blueprint("data_manager", __name__)
blueprint.context_processor(staff_page)


@blueprint.get("/studies/<string:study>/held-pages")
@requires("see_held_pages")
def held_pages(study: str) -> str:
    """Every page that could not be saved, as it was posted."""
    return render_template(
        "data_manager/held_pages.html",
        study=study,
        pages=pages_held(held_pages_of(record(), g.study)),
    )


@blueprint.get("/studies/<string:study>/audit-trail")
@requires("see_audit")
def audit_trail(study: str) -> str:
    """Who changed what, newest first."""
    n_rows = n_events(record(), g.study)
    page = paging(
        n_rows=n_rows,
        wanted=request.args.get("page", 1, type=int),
        href=lambda number: url_for("data_manager.audit_trail", study=study, page=number),
    )
    events = events_page(record(), g.study, offset=page.offset, limit=page.limit)
    names = staff_names(record(), staff_ids_in(event.by for event in events))
    return render_template(
        "data_manager/audit_trail.html",
        study=study,
        n_events=n_rows,
        rows=event_rows(events, names),
        paging=page,
    )


@blueprint.get("/studies/<string:study>/unmasking")
@requires("unmask")
def unmasking(study: str) -> str:
    """Whether the arms are released, and the form that does it."""
    return _unmasking_page(study, UnmaskingForm())


@blueprint.post("/studies/<string:study>/unmasking")
@requires("unmask")
def unmask(study: str) -> Response | tuple[str, int]:
    """Release the arms."""
    form = UnmaskingForm()
    if form.validate():
        try:
            unmask_study(
                record(),
                study=g.study,
                because=form.because.data or "",
                by=actor(g.staff),
                at=now(),
            )
        except OperationError as error:
            form.refuse(str(error))
        else:
            flash("The arms are released. Reports made from now on name them.", "success")
            return redirect(url_for("data_manager.unmasking", study=study), 303)
    return _unmasking_page(study, form), REFUSED


def _unmasking_page(study: str, form: UnmaskingForm) -> str:
    released: list[dict[str, str]] = []
    if g.study.unmasked_at is not None:
        names = staff_names(record(), staff_ids_in([g.study.unmasked_by]))
        released = [
            {"key": "Released on", "value": moment_in_words(g.study.unmasked_at)},
            {"key": "By", "value": actor_in_words(g.study.unmasked_by, names)},
            {"key": "Reason", "value": g.study.unmasked_because},
        ]
    return render_template(
        "data_manager/unmasking.html",
        study=study,
        form=form,
        errors=form.faults,
        released=released,
        arms=[arm.label for arm in definition_of(g.study).arms],
    )
