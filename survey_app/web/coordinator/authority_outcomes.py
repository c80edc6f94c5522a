"""Outcomes held by the authorities: how complete they are, and their import."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, url_for
from werkzeug.wrappers import Response

from survey_app.database.queries.authority_counts import (
    completeness,
    counts_imports,
    eligible_by_authority,
    months_by_school,
)
from survey_app.database.queries.trail import staff_names
from survey_app.operations.authority_counts import import_counts
from survey_app.operations.staff import actor
from survey_app.operations.studies import definition_of
from survey_app.trial.authority_file import read_counts
from survey_app.trial.authority_months import period_of
from survey_app.trial.errors import RosterError, RosterFault
from survey_app.web.access import requires
from survey_app.web.coordinator.count_lines import (
    COLUMNS,
    completeness_table,
    gap_rows,
    import_in_words,
    import_rows,
    notes_in_words,
)
from survey_app.web.coordinator.forms import CountsForm
from survey_app.web.coordinator.room import blueprint
from survey_app.web.coordinator.roster_lines import fault_rows
from survey_app.web.forms import REFUSED
from survey_app.web.people import staff_ids_in
from survey_app.web.service import now, record

_MOST_GAPS = 100


@blueprint.get("/studies/<string:study>/authority-outcomes")
@requires("import_outcomes")
def authority_outcomes(study: str) -> str:
    """How complete the counts are by authority and month, where they have gaps, and whence."""
    period = period_of(definition_of(g.study))
    columns, rows = completeness_table(
        completeness(record(), g.study), eligible_by_authority(record(), g.study), period
    )
    gaps = gap_rows(months_by_school(record(), g.study), period)
    imports = counts_imports(record(), g.study)
    names = staff_names(record(), staff_ids_in(each.imported_by for each in imports))
    return render_template(
        "coordinator/authority_outcomes.html",
        study=study,
        columns=columns,
        rows=rows,
        gaps=gaps[:_MOST_GAPS],
        n_gaps=len(gaps),
        imports=import_rows(imports, names),
    )


@blueprint.get("/studies/<string:study>/authority-outcomes/import")
@requires("import_outcomes")
def counts_import(study: str) -> str:
    """The form to upload counts with."""
    return _import_page(study, CountsForm(), ())


@blueprint.post("/studies/<string:study>/authority-outcomes/import")
@requires("import_outcomes")
def take_counts(study: str) -> Response | tuple[str, int]:
    """Import the uploaded counts, or say everything that is wrong with them and write nothing."""
    form = CountsForm()
    if not form.validate():
        return _import_page(study, form, ()), REFUSED
    try:
        file = read_counts(form.counts.data.read(), period=period_of(definition_of(g.study)))
        summary = import_counts(
            record(),
            study=g.study,
            file=file,
            name=form.counts.data.filename or "",
            by=actor(g.staff),
            at=now(),
        )
    except RosterError as error:
        n_faults = len(error.faults)
        form.refuse(
            f"The file has {'1 fault' if n_faults == 1 else f'{n_faults} faults'}; "
            "nothing was imported",
            "counts",
        )
        return _import_page(study, form, error.faults), REFUSED
    flash(import_in_words(summary), "success")
    if notes := notes_in_words(file.notes, summary):
        flash(" ".join(notes), "information")
    return redirect(url_for("coordinator.authority_outcomes", study=study), 303)


def _import_page(study: str, form: CountsForm, faults: tuple[RosterFault, ...]) -> str:
    return render_template(
        "coordinator/counts_import.html",
        study=study,
        form=form,
        errors=form.faults,
        faults=fault_rows(faults),
        columns=COLUMNS,
    )
