"""Supervision sessions: what was planned, offered and attended, school by school."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, g, redirect, render_template, url_for
from werkzeug.wrappers import Response

from survey_app.database.queries.rollout import schools_of_arms
from survey_app.database.queries.schools import school_by_urn, sessions_by_school
from survey_app.operations.errors import OperationError
from survey_app.operations.staff import actor
from survey_app.operations.studies import definition_of
from survey_app.operations.supervision import record_session
from survey_app.web.access import requires
from survey_app.web.coordinator.forms import OUTCOMES, SessionForm
from survey_app.web.coordinator.room import blueprint
from survey_app.web.coordinator.session_lines import (
    NOT_OFFERED,
    first_unrecorded,
    is_supervised,
    model_options,
    number_options,
    school_totals,
    session_rows,
    supervised_arms,
)
from survey_app.web.forms import REFUSED
from survey_app.web.service import now, record


@blueprint.get("/studies/<string:study>/sessions")
@requires("record_sessions")
def sessions(study: str) -> str:
    """Every school that is offered supervision, with how many sessions it attended."""
    if "see_arms" not in g.permissions:
        return render_template("coordinator/sessions_withheld.html", study=study)
    design = definition_of(g.study)
    meetings = sessions_by_school(record(), g.study)
    rows = []
    for school in schools_of_arms(record(), g.study, arms=supervised_arms(design)):
        totals = school_totals(design, meetings.get(school.id, []))
        link = url_for("coordinator.school_sessions", study=study, urn=school.urn)
        rows.append(
            [
                {"text": school.name, "href": link},
                school.authority.name,
                totals.planned,
                totals.offered,
                totals.attended,
            ]
        )
    return render_template("coordinator/sessions.html", study=study, rows=rows)


@blueprint.get("/studies/<string:study>/sessions/<string:urn>")
@requires("record_sessions")
def school_sessions(study: str, urn: str) -> str:
    """One school's sessions, and a form to record one."""
    return _school_page(study, urn, None)


@blueprint.post("/studies/<string:study>/sessions/<string:urn>")
@requires("record_sessions")
def take_session(study: str, urn: str) -> Response | tuple[str, int]:
    """Record one session of the school, or correct it."""
    design = definition_of(g.study)
    school = _supervised_school(urn)
    form = SessionForm()
    is_offered = form.outcome.data != "not_offered"
    known = {each["value"] for each in model_options(design)}
    if form.validate():
        numbers = {str(n): n for n in range(1, design.sessions.planned + 1)}
        number, planned_on = numbers.get(form.number.data or ""), form.planned_on
        if number is None:
            form.refuse("Choose which session it is", "number")
        elif is_offered and form.model.data not in known:
            form.refuse("Choose the kind of supervision", "model")
        elif planned_on is not None:
            try:
                record_session(
                    record(),
                    school=school,
                    number=number,
                    planned_on=planned_on,
                    offered=is_offered,
                    attended=form.outcome.data == "attended",
                    model=form.model.data or "" if is_offered else NOT_OFFERED,
                    by=actor(g.staff),
                    at=now(),
                )
            except OperationError as error:
                form.refuse(str(error))
            else:
                flash(f"Session {number} of {school.name} is recorded.", "success")
                return redirect(url_for("coordinator.school_sessions", study=study, urn=urn), 303)
    return _school_page(study, urn, form), REFUSED


def _supervised_school(urn: str) -> Any:
    """Give a school that is offered supervision; nobody who was not told the arms finds one."""
    school = school_by_urn(record(), g.study, urn)
    design = definition_of(g.study)
    if "see_arms" not in g.permissions or school is None or not is_supervised(design, school):
        abort(404)
    return school


def _school_page(study: str, urn: str, form: SessionForm | None) -> str:
    design = definition_of(g.study)
    school = _supervised_school(urn)
    meetings = sessions_by_school(record(), g.study).get(school.id, [])
    numbers = number_options(design)
    models = model_options(design)
    if form is None:
        number = first_unrecorded(design, meetings)
        planned_on = design.sessions.planned_dates()[number - 1]
        form = SessionForm(
            formdata=None,
            number=str(number),
            day=str(planned_on.day),
            month=str(planned_on.month),
            year=str(planned_on.year),
            model=models[0]["value"] if len(models) == 1 else "",
        )
    return render_template(
        "coordinator/school_sessions.html",
        study=study,
        urn=urn,
        school=school.name,
        form=form,
        errors=form.faults,
        rows=session_rows(design, meetings, OUTCOMES),
        numbers=numbers,
        models=models,
        outcomes=[{"value": value, "label": label} for value, label in OUTCOMES.items()],
    )
