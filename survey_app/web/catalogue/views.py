"""The list of instruments, one of them with its preview, and its data dictionary."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template, request, url_for

from instruments.catalogue import load_catalogue
from instruments.dictionary import dictionary_csv
from instruments.model import Instrument
from instruments.questionnaire import InstrumentPart, compile_questionnaire
from survey_app.web.access import signed_in
from survey_app.web.catalogue.presenters import (
    TIERS,
    answer_rows,
    fact_rows,
    filters,
    full_title,
    item_rows,
    lines,
)
from survey_app.web.catalogue.scores import (
    norm_rows,
    percentile_rows,
    reliability_rows,
    scores_of,
)
from survey_app.web.navigation import staff_page
from survey_app.web.questions import printed_questions

blueprint = Blueprint("catalogue", __name__)
blueprint.context_processor(staff_page)


@blueprint.get("/instruments")
@signed_in
def instruments() -> str:
    """Every instrument, or those of one tier."""
    wanted = request.args.get("tier", "")
    if wanted and wanted not in TIERS:
        abort(404)
    found = load_catalogue().values()
    return render_template(
        "catalogue/instruments.html",
        breadcrumbs=_trail(),
        filters=filters(found, wanted=wanted),
        lines=lines(found, wanted=wanted),
        tiers=TIERS,
    )


@blueprint.get("/instruments/<string:instrument>")
@signed_in
def facts(instrument: str) -> str:
    """What is on record about one instrument."""
    found = _instrument_or_404(instrument)
    return render_template(
        "catalogue/facts.html",
        breadcrumbs=_trail(found),
        instrument=found,
        title=full_title(found),
        facts=fact_rows(found),
        items=item_rows(found),
        answers=answer_rows(found),
        scores=scores_of(found),
        norms=norm_rows(found),
        percentiles=percentile_rows(found),
        reliabilities=reliability_rows(found),
    )


@blueprint.get("/instruments/<string:instrument>/preview", defaults={"page": 1})
@blueprint.get("/instruments/<string:instrument>/preview/<int:page>")
@signed_in
def preview(instrument: str, page: int) -> str:
    """One page as a participant sees it, with nowhere to send the answers to."""
    found = _instrument_or_404(instrument)
    if found.wording_is_withheld:
        return render_template(
            "catalogue/no_preview.html", breadcrumbs=_trail(found), instrument=found
        )
    pages = compile_questionnaire(
        [InstrumentPart(kind="instrument", instrument=found.id)],
        {found.id: found},
        arm=None,
        prefer_not_to_say=True,
    ).pages
    if not 1 <= page <= len(pages):
        abort(404)
    return render_template(
        "catalogue/preview.html",
        instrument=found,
        page=pages[page - 1],
        questions=printed_questions(pages[page - 1], answers={}, faults={}),
        number=page,
        n_pages=len(pages),
        back_url=url_for("catalogue.facts", instrument=found.id),
    )


@blueprint.get("/instruments/<string:instrument>/dictionary")
@signed_in
def dictionary(instrument: str) -> Response:
    """The data dictionary of one instrument, to keep."""
    found = _instrument_or_404(instrument)
    answer = Response(dictionary_csv(found), content_type="text/csv; charset=utf-8")
    answer.headers.set(
        "Content-Disposition", "attachment", filename=f"{found.id}-data-dictionary.csv"
    )
    return answer


def _instrument_or_404(name: str) -> Instrument:
    found = load_catalogue().get(name)
    if found is None:
        abort(404)
    return found


def _trail(instrument: Instrument | None = None) -> list[tuple[str, str]]:
    trail = [("Your studies", url_for("account.studies"))]
    if instrument is None:
        return [*trail, ("Instruments", "")]
    is_here = request.endpoint == "catalogue.facts"
    own = "" if is_here else url_for("catalogue.facts", instrument=instrument.id)
    trail += [("Instruments", url_for("catalogue.instruments")), (instrument.short_title, own)]
    return trail if is_here else [*trail, ("Preview", "")]
