"""Rehearsals: asked for, followed, read, and thrown away. Nothing on these pages is real."""

from __future__ import annotations

import secrets
from io import BytesIO

from flask import abort, flash, g, redirect, render_template, send_file, url_for
from werkzeug.wrappers import Response

from survey_app.database.queries.rehearsals import rehearsal_with_documents, rehearsals_of
from survey_app.database.queries.schools import roster_counts
from survey_app.database.queries.trail import staff_names
from survey_app.operations.errors import OperationError
from survey_app.operations.rehearsals import UNFINISHED, delete_rehearsal, request_rehearsal
from survey_app.operations.staff import actor
from survey_app.web.access import requires
from survey_app.web.coordinator.forms import RehearsalForm
from survey_app.web.coordinator.rehearsal_lines import rehearsal_lines
from survey_app.web.coordinator.room import blueprint
from survey_app.web.forms import REFUSED
from survey_app.web.headers import REPORT_POLICY, use_policy
from survey_app.web.people import staff_ids_in
from survey_app.web.service import now, record
from survey_app.web.waking import wake_worker_after

PDF = "application/pdf"
_SEED_BYTES = 8


@blueprint.get("/studies/<string:study>/rehearsals")
@requires("send_letters")
def rehearsals(study: str) -> str:
    """Every rehearsal of the study, newest first, and the form that asks for one."""
    return _page(study, None)


@blueprint.post("/studies/<string:study>/rehearsals")
@requires("send_letters")
def rehearse(study: str) -> Response | tuple[str, int]:
    """Ask for a rehearsal; the worker lives through it."""
    form = RehearsalForm()
    if not form.validate():
        return _page(study, form), REFUSED
    seed = (form.seed.data or "").strip() or secrets.token_hex(_SEED_BYTES)
    request_rehearsal(record(), study=g.study, seed=seed, by=actor(g.staff), at=now())
    flash("The rehearsal was asked for. It takes a few minutes.", "success")
    return wake_worker_after(
        redirect(url_for("coordinator.rehearsals", study=study), 303), "make_rehearsals"
    )


@blueprint.get("/studies/<string:study>/rehearsals/<int:rehearsal>")
@requires("send_letters")
def rehearsal_report(study: str, rehearsal: int) -> Response:  # noqa: ARG001  # the guard's
    """The report that a rehearsal ended with, marked as one."""
    found = rehearsal_with_documents(record(), g.study, rehearsal)
    if found is None or found.html is None:
        abort(404)
    use_policy(REPORT_POLICY)
    return Response(found.html, content_type="text/html; charset=utf-8")


@blueprint.get("/studies/<string:study>/rehearsals/<int:rehearsal>/pdf")
@requires("send_letters")
def rehearsal_pdf(study: str, rehearsal: int) -> Response:
    """The same as a PDF, under a name that says what it is."""
    found = rehearsal_with_documents(record(), g.study, rehearsal)
    if found is None or found.pdf is None:
        abort(404)
    return send_file(
        BytesIO(found.pdf),
        mimetype=PDF,
        as_attachment=True,
        download_name=f"REHEARSAL-{study}-{rehearsal}.pdf",
    )


@blueprint.post("/studies/<string:study>/rehearsals/<int:rehearsal>/delete")
@requires("send_letters")
def forget_rehearsal(study: str, rehearsal: int) -> Response:
    """Throw a rehearsal and its report away."""
    found = rehearsal_with_documents(record(), g.study, rehearsal)
    if found is None:
        abort(404)
    try:
        delete_rehearsal(record(), rehearsal=found, by=actor(g.staff), at=now())
    except OperationError as error:
        flash(str(error), "information")
    else:
        flash(f"Rehearsal {rehearsal} and its report are deleted.", "success")
    return redirect(url_for("coordinator.rehearsals", study=study), 303)


def _page(study: str, form: RehearsalForm | None) -> str:
    found = rehearsals_of(record(), g.study)
    names = staff_names(record(), staff_ids_in(each.requested_by for each in found))
    form = form or RehearsalForm(formdata=None, seed="")
    return render_template(
        "coordinator/rehearsals.html",
        study=study,
        lines=rehearsal_lines(found, names),
        is_waiting=any(each.state in UNFINISHED for each in found),
        has_schools=roster_counts(record(), g.study).schools > 0,
        form=form,
        errors=form.faults,
    )
