"""Supervision sessions: what was planned, offered and attended, school by school."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import abort, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from survey_app.database.queries.schools import school_by_urn
from survey_app.database.queries.supervision import (
    attendance_by_person,
    meetings_of_school,
    participants_by_school,
    schools_with_sessions,
    sessions_by_school,
)
from survey_app.operations.staff import actor
from survey_app.operations.studies import definition_of
from survey_app.operations.supervision import MeetingError, record_session
from survey_app.trial.design import StudyDefinition
from survey_app.trial.meetings import (
    NOT_HELD,
    SUPERVISION,
    MeetingFacts,
    models_of,
    parts_of,
    supervised_arms,
)
from survey_app.trial.meetings import OUTCOMES as KNOWN
from survey_app.web.access import requires
from survey_app.web.coordinator.forms import OUTCOMES, SessionForm
from survey_app.web.coordinator.room import blueprint
from survey_app.web.coordinator.session_lines import (
    first_unrecorded,
    is_supervised,
    key_of,
    meetings_by_key,
    model_options,
    month_rows,
    months,
    number_options,
    person_options,
    person_rows,
    school_totals,
    session_rows,
)
from survey_app.web.forms import REFUSED
from survey_app.web.service import now, record

_FIELDS = {"reason": "because", "planned_on": "year", "held_on": "held_year", "part": "number"}
_MESSAGES = {
    "model": "Choose the kind of supervision",
    "because": "Say why it was cancelled",
    "held_on": "Only a session that was attended was held on a day, and no later than today",
    "planned_on": "A session planned for a day to come has not been offered yet",
    "came": "Choose people of this school",
}


@blueprint.get("/studies/<string:study>/sessions")
@requires("record_sessions")
def sessions(study: str) -> str | Response:
    """Every school that is offered supervision, with its dose, and the months with the events."""
    if "see_arms" not in g.permissions:
        return render_template("coordinator/sessions_withheld.html", study=study)
    wanted = request.args.get("urn", "").strip()
    if wanted and school_by_urn(record(), g.study, wanted):
        return redirect(url_for("coordinator.school_sessions", study=study, urn=wanted), 303)
    design = definition_of(g.study)
    meetings = sessions_by_school(record(), g.study)
    schools = schools_with_sessions(record(), g.study, arms=supervised_arms(design))
    rows = []
    for school in schools:
        totals = school_totals(
            design, meetings.get(school.id, []), supervised=is_supervised(design, school)
        )
        link = url_for("coordinator.school_sessions", study=study, urn=school.urn)
        rows.append(
            [
                {"text": school.name, "href": link},
                school.authority.name,
                totals.planned,
                totals.offered,
                totals.attended,
                totals.cancelled,
                totals.standing,
            ]
        )
    shown = months(
        design, meetings, [school.id for school in schools if is_supervised(design, school)]
    )
    return render_template(
        "coordinator/sessions.html",
        study=study,
        rows=rows,
        share=f"{100 * design.plan.complier_share:g}%",
        planned=design.sessions.planned,
        months=shown,
        month_rows=month_rows(shown),
        not_found=wanted,
    )


@blueprint.get("/studies/<string:study>/sessions/<string:urn>")
@requires("record_sessions")
def school_sessions(study: str, urn: str) -> str:
    """One school's sessions, and a form to record one."""
    return _school_page(study, urn, None)


@blueprint.post("/studies/<string:study>/sessions/<string:urn>")
@requires("record_sessions")
def take_session(study: str, urn: str) -> Response | tuple[str, int]:
    """Record one meeting of the school, correct it, or call it off."""
    design = definition_of(g.study)
    school = _allocated_school(urn)
    form = SessionForm()
    if form.validate():
        meeting, planned_on = meetings_by_key(design).get(form.number.data or ""), form.planned_on
        if meeting is None:
            form.refuse("Choose which session it is", "number")
        elif form.model.data and form.model.data not in models_of(design):
            form.refuse("Choose the kind of supervision", "model")
        elif planned_on is not None:
            part, number, _ = meeting
            (outcome,) = (each for each in KNOWN if each == form.outcome.data)
            facts = MeetingFacts(
                part=part,
                number=number,
                planned_on=planned_on,
                outcome=outcome,
                model="" if outcome in NOT_HELD else form.model.data or "",
                held_on=form.held_on if outcome == "attended" else None,
                group=(form.group.data or "").strip(),
                supervisor=(form.supervisor.data or "").strip(),
                because=(form.because.data or "").strip() if outcome in NOT_HELD else "",
            )
            came = form.came.data or () if outcome == "attended" else ()
            try:
                record_session(
                    record(), school=school, facts=facts, came=came, by=actor(g.staff), at=now()
                )
            except MeetingError as error:
                for field, why in error.faults:
                    form.refuse(_MESSAGES.get(field, why), _FIELDS.get(field, field))
            else:
                name = parts_of(design)[part].named(number)
                flash(f"{name} of {school.name} is recorded.", "success")
                return redirect(url_for("coordinator.school_sessions", study=study, urn=urn), 303)
    return _school_page(study, urn, form), REFUSED


def _allocated_school(urn: str) -> Any:
    """Give a school that was allocated; nobody who was not told the arms finds one."""
    school = school_by_urn(record(), g.study, urn)
    if "see_arms" not in g.permissions or school is None or school.allocation is None:
        abort(404)
    return school


def _school_page(study: str, urn: str, form: SessionForm | None) -> str:
    design = definition_of(g.study)
    school = _allocated_school(urn)
    meetings = meetings_of_school(record(), school)
    people = participants_by_school(record(), [school.id]).get(school.id, [])
    may_see_names = "see_contacts" in g.permissions
    models = model_options(design)
    if form is None:
        form = _proposed(design, meetings, models)
    totals = school_totals(design, meetings, supervised=is_supervised(design, school))
    links = {
        key: url_for("coordinator.school_sessions", study=study, urn=urn, meeting=key)
        for key in meetings_by_key(design)
    }
    return render_template(
        "coordinator/school_sessions.html",
        study=study,
        urn=urn,
        school=school.name,
        is_supervised=is_supervised(design, school),
        form=form,
        errors=form.faults,
        rows=session_rows(design, meetings, OUTCOMES, links),
        totals=totals,
        numbers=number_options(design),
        models=models,
        outcomes=[{"value": value, "label": label} for value, label in OUTCOMES.items()],
        people=person_options(people, may_see_names=may_see_names),
        person_rows=person_rows(
            people, attendance_by_person(record(), school), may_see_names=may_see_names
        ),
    )


def _proposed(
    design: StudyDefinition, meetings: Sequence[Any], models: Sequence[Mapping[str, str]]
) -> SessionForm:
    """The form as it is first shown: the meeting asked for, or the first not recorded yet."""
    planned = meetings_by_key(design)
    key = request.args.get("meeting", "")
    if key not in planned:
        key = key_of(SUPERVISION, first_unrecorded(design, meetings))
    part, number, planned_on = planned[key]
    only = models[0]["value"] if len(models) == 1 else ""
    there = next((each for each in meetings if (each.part, each.number) == (part, number)), None)
    values: dict[str, object] = {"number": key, "model": only}
    if there is not None:
        planned_on = there.planned_on
        values |= {
            "outcome": there.outcome,
            "model": there.model if there.model in models_of(design) else only,
            "group": there.group_name,
            "supervisor": there.supervisor,
            "because": there.because,
            "came": [each.participant_id for each in there.attendances if each.attended],
        }
        if there.held_on and there.held_on != there.planned_on:
            held = there.held_on
            values |= {"held_day": held.day, "held_month": held.month, "held_year": held.year}
    values |= {"day": planned_on.day, "month": planned_on.month, "year": planned_on.year}
    return SessionForm(formdata=None, **values)
