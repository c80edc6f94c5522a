"""The schools and people of a study, and the import of a roster."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from survey_app.database.queries.schools import (
    n_schools_found,
    people_of_schools,
    roster_counts,
    schools_page,
)
from survey_app.operations.enrolment import import_roster
from survey_app.operations.staff import actor
from survey_app.operations.studies import definition_of
from survey_app.trial.errors import RosterError, RosterFault
from survey_app.trial.roster import read_roster
from survey_app.web.access import requires
from survey_app.web.coordinator.forms import RosterForm
from survey_app.web.coordinator.presenters import roster_rows
from survey_app.web.coordinator.room import blueprint
from survey_app.web.coordinator.roster_lines import (
    COLUMNS,
    fault_rows,
    import_in_words,
    notes_in_words,
    school_rows,
)
from survey_app.web.forms import REFUSED
from survey_app.web.pages import paging
from survey_app.web.service import now, record, service

_LONGEST = 200


@blueprint.get("/studies/<string:study>/schools")
@requires("see_contacts")
def schools(study: str) -> str:
    """The roster: schools with the people in them, or those that a search finds."""
    wanted = request.args.get("wanted", "").strip()[:_LONGEST]
    n_found = n_schools_found(record(), g.study, wanted)
    page = paging(
        n_rows=n_found,
        wanted=request.args.get("page", 1, type=int),
        href=lambda number: url_for(
            "coordinator.schools", study=study, wanted=wanted or None, page=number
        ),
    )
    found = schools_page(record(), g.study, wanted=wanted, offset=page.offset, limit=page.limit)
    people = people_of_schools(record(), [school.id for school in found])
    labels = {arm.id: arm.label for arm in definition_of(g.study).arms}
    return render_template(
        "coordinator/schools.html",
        study=study,
        counts=roster_rows(roster_counts(record(), g.study)),
        wanted=wanted,
        n_found=n_found,
        rows=school_rows(
            found,
            people,
            labels if "see_arms" in g.permissions else {},
            school_href=lambda urn: url_for("coordinator.school", study=study, urn=urn),
        ),
        paging=page,
        may_import="import_roster" in g.permissions,
    )


@blueprint.get("/studies/<string:study>/schools/import")
@requires("import_roster")
def roster_import(study: str) -> str:
    """The form to upload a roster with."""
    return _import_page(study, RosterForm(), ())


@blueprint.post("/studies/<string:study>/schools/import")
@requires("import_roster")
def take_roster(study: str) -> Response | tuple[str, int]:
    """Import the uploaded roster, or say everything that is wrong with it and write nothing."""
    form = RosterForm()
    if not form.validate():
        return _import_page(study, form, ()), REFUSED
    phases = definition_of(g.study).study.phases
    try:
        roster = read_roster(form.roster.data.read(), phases=phases)
        summary = import_roster(
            record(),
            study=g.study,
            rows=roster.rows,
            key=service().settings.secret_key,
            by=actor(g.staff),
            at=now(),
        )
    except RosterError as error:
        n_faults = len(error.faults)
        form.refuse(
            f"The roster has {'1 fault' if n_faults == 1 else f'{n_faults} faults'}; "
            "nothing was imported",
            "roster",
        )
        return _import_page(study, form, error.faults), REFUSED
    flash(import_in_words(summary), "success")
    for note in notes_in_words((*summary.notes, *roster.notes)):
        flash(note, "information")
    return redirect(url_for("coordinator.schools", study=study), 303)


def _import_page(study: str, form: RosterForm, faults: tuple[RosterFault, ...]) -> str:
    return render_template(
        "coordinator/roster_import.html",
        study=study,
        form=form,
        errors=form.faults,
        faults=fault_rows(faults),
        columns=COLUMNS,
    )
