"""The list of reports, one report, and its PDF."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, abort, flash, g, redirect, render_template, send_file, url_for
from werkzeug.wrappers import Response

from survey_app.database.queries.reports import report_with_documents, reports_of
from survey_app.database.queries.studies import randomisation_of
from survey_app.database.queries.trail import staff_names
from survey_app.operations.randomisation import certificate_of
from survey_app.operations.report_requests import request_report
from survey_app.operations.staff import actor
from survey_app.operations.studies import definition_of
from survey_app.web.access import requires
from survey_app.web.downloads import CERTIFICATE, text_file
from survey_app.web.evaluator.presenters import is_waiting, pdf_name, plan_in_words, report_lines
from survey_app.web.headers import REPORT_POLICY, use_policy
from survey_app.web.navigation import staff_page
from survey_app.web.people import staff_ids_in
from survey_app.web.service import now, record
from survey_app.web.waking import wake_worker_after

PDF = "application/pdf"

blueprint = Blueprint("evaluator", __name__)
blueprint.context_processor(staff_page)


@blueprint.get("/studies/<string:study>/reports")
@requires("make_reports")
def reports(study: str) -> str:
    """Every report of the study, newest first, and the plan they follow."""
    found = reports_of(record(), g.study)
    names = staff_names(record(), staff_ids_in(report.requested_by for report in found))
    return render_template(
        "evaluator/reports.html",
        study=study,
        lines=report_lines(found, names),
        is_waiting=is_waiting(found),
        is_masked=g.study.unmasked_at is None,
        plan=plan_in_words(definition_of(g.study)),
        has_certificate=g.study.unmasked_at is not None
        and randomisation_of(record(), g.study) is not None,
    )


@blueprint.post("/studies/<string:study>/reports")
@requires("make_reports")
def make_report(study: str) -> Response:
    """Ask for a report; the worker makes it."""
    request_report(record(), study=g.study, by=actor(g.staff), at=now())
    flash("The report was asked for. It appears below as soon as it is made.", "success")
    return wake_worker_after(
        redirect(url_for("evaluator.reports", study=study), 303), "make_reports"
    )


@blueprint.get("/studies/<string:study>/reports/certificate-of-randomisation")
@requires("make_reports")
def certificate(study: str) -> Response:
    """How the schools were randomised, with the arms: there is none until they are released."""
    if g.study.unmasked_at is None or randomisation_of(record(), g.study) is None:
        abort(404)
    return text_file(certificate_of(record(), study=g.study).text, CERTIFICATE.format(study=study))


@blueprint.get("/studies/<string:study>/reports/<int:report>")
@requires("make_reports")
def report(study: str, report: int) -> Response:  # noqa: ARG001  # the guard reads the study
    """The report as it was made, a document that stands alone."""
    found = report_with_documents(record(), g.study, report)
    if found is None or found.html is None:
        abort(404)
    use_policy(REPORT_POLICY)
    return Response(found.html, content_type="text/html; charset=utf-8")


@blueprint.get("/studies/<string:study>/reports/<int:report>/pdf")
@requires("make_reports")
def report_pdf(study: str, report: int) -> Response:
    """The report as a PDF to keep."""
    found = report_with_documents(record(), g.study, report)
    if found is None or found.pdf is None:
        abort(404)
    return send_file(
        BytesIO(found.pdf),
        mimetype=PDF,
        as_attachment=True,
        download_name=pdf_name(study, report),
    )
