"""What became of many sessions, recorded on one page; and the import of sessions from a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import abort, flash, g, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from survey_app.database.queries.supervision import (
    participants_by_school,
    schools_with_sessions,
    sessions_by_school,
)
from survey_app.operations.staff import actor
from survey_app.operations.studies import definition_of
from survey_app.operations.supervision import (
    Marked,
    MeetingError,
    import_sessions,
    mark_sessions,
)
from survey_app.trial.errors import RosterError, RosterFault
from survey_app.trial.meetings import models_of, parts_of, supervised_arms
from survey_app.trial.sessions_file import read_sessions
from survey_app.trial.working_days import ENGLAND
from survey_app.web.access import requires
from survey_app.web.coordinator.forms import MARKS, MarksForm, SessionsFileForm
from survey_app.web.coordinator.mark_lines import (
    NARROWED_BY,
    Due,
    came_to,
    due_meetings,
    facts_of,
    mark_rows,
    names_of,
    wanted_of,
)
from survey_app.web.coordinator.room import blueprint
from survey_app.web.coordinator.roster_lines import fault_rows
from survey_app.web.coordinator.session_lines import (
    COLUMNS,
    import_in_words,
    model_options,
    notes_in_words,
    number_options,
)
from survey_app.web.forms import REFUSED
from survey_app.web.pages import paging
from survey_app.web.service import now, record


@blueprint.get("/studies/<string:study>/sessions/mark")
@requires("record_sessions")
def session_marks(study: str) -> str:
    """The sessions that wait to be recorded, each with what may have become of it."""
    if "see_arms" not in g.permissions:
        return render_template("coordinator/sessions_withheld.html", study=study)
    return _marks_page(study, None, MultiDict())


@blueprint.post("/studies/<string:study>/sessions/mark")
@requires("record_sessions")
def take_session_marks(study: str) -> Response | tuple[str, int]:
    """Record what was said of the sessions of one page; all of it, or nothing."""
    _refuse_unless_released()
    form = MarksForm()
    design = definition_of(g.study)
    if form.validate():
        shown = {each.name: each for each in _due() if each.name in request.form.getlist("row")}
        people = participants_by_school(record(), [each.school.id for each in shown.values()])
        marks = []
        for name, due in shown.items():
            came = came_to(request.form, name, people.get(due.school.id, []))
            outcome = request.form.get(f"outcome-{name}") or ("attended" if came else "")
            outcome = outcome or form.rest.data or ""
            facts = facts_of(design, due, outcome, request.form.get("model", ""))
            if facts is not None:
                came = came if outcome == "attended" else frozenset()
                marks.append(Marked(due.school, facts, came))
        if not marks:
            form.refuse("Say what happened to at least one session")
        else:
            try:
                n = mark_sessions(record(), study=g.study, marks=marks, by=actor(g.staff), at=now())
            except MeetingError as error:
                for _, reason in error.faults:
                    form.refuse(reason)
            else:
                flash(
                    f"{n} session is recorded." if n == 1 else f"{n} sessions are recorded.",
                    "success",
                )
                return redirect(_address(study), 303)
    return _marks_page(study, form, request.form), REFUSED


@blueprint.get("/studies/<string:study>/sessions/import")
@requires("record_sessions")
def session_import(study: str) -> str:
    """The form to upload sessions with."""
    if "see_arms" not in g.permissions:
        return render_template("coordinator/sessions_withheld.html", study=study)
    return _import_page(study, SessionsFileForm(), ())


@blueprint.post("/studies/<string:study>/sessions/import")
@requires("record_sessions")
def take_sessions_file(study: str) -> Response | tuple[str, int]:
    """Import the uploaded sessions, or say everything that is wrong with them and write nothing."""
    _refuse_unless_released()
    form = SessionsFileForm()
    if not form.validate():
        return _import_page(study, form, ()), REFUSED
    try:
        rows = read_sessions(
            form.sessions.data.read(),
            definition=definition_of(g.study),
            today=now().astimezone(ENGLAND).date(),
        )
        summary = import_sessions(record(), study=g.study, rows=rows, by=actor(g.staff), at=now())
    except RosterError as error:
        n_faults = len(error.faults)
        form.refuse(
            f"The file has {'1 fault' if n_faults == 1 else f'{n_faults} faults'}; "
            "nothing was imported",
            "sessions",
        )
        return _import_page(study, form, error.faults), REFUSED
    flash(import_in_words(summary), "success")
    if notes := notes_in_words(summary):
        flash(" ".join(notes), "information")
    return redirect(url_for("coordinator.sessions", study=study), 303)


def _refuse_unless_released() -> None:
    # Which schools are on the page, and which a file may name, would tell the arms.
    if "see_arms" not in g.permissions:
        abort(404)


def _wanted() -> dict[str, str]:
    return wanted_of(request.values)


def _address(study: str, **more: Any) -> str:
    where: dict[str, Any] = {"study": study, **_wanted(), **more}
    return url_for("coordinator.session_marks", **where)


def _due() -> Iterator[Due]:
    design = definition_of(g.study)
    return due_meetings(
        design,
        schools_with_sessions(record(), g.study, arms=supervised_arms(design)),
        sessions_by_school(record(), g.study),
        wanted=_wanted(),
        today=now().astimezone(ENGLAND).date(),
    )


def _marks_page(study: str, form: MarksForm | None, posted: Any) -> str:
    design = definition_of(g.study)
    wanted = _wanted()
    found = list(_due())
    page = paging(
        n_rows=len(found),
        wanted=request.values.get("page", 1, type=int),
        href=lambda number: _address(study, page=number),
    )
    shown = found[page.offset : page.offset + page.limit]
    people = participants_by_school(record(), [each.school.id for each in shown])
    schools = schools_with_sessions(record(), g.study, arms=supervised_arms(design))
    held = sessions_by_school(record(), g.study)
    models = model_options(design)
    form = form or MarksForm(formdata=None)
    return render_template(
        "coordinator/session_marks.html",
        study=study,
        form=form,
        errors=form.faults,
        n_found=len(found),
        rows=mark_rows(
            shown,
            people,
            posted,
            parts=parts_of(design),
            may_see_names="see_contacts" in g.permissions,
        ),
        marks=[{"value": value, "label": label} for value, label in MARKS.items()],
        models=models if len(models_of(design)) > 1 else [],
        model=posted.get("model", ""),
        wanted={key: wanted.get(key, "") for key in NARROWED_BY},
        page=request.values.get("page", 1, type=int),
        paging=page,
        numbers=number_options(design),
        authorities=names_of(school.authority.name for school in schools),
        groups=names_of(each.group_name for meetings in held.values() for each in meetings),
    )


def _import_page(study: str, form: SessionsFileForm, faults: tuple[RosterFault, ...]) -> str:
    return render_template(
        "coordinator/session_import.html",
        study=study,
        form=form,
        errors=form.faults,
        faults=fault_rows(faults),
        columns=COLUMNS,
    )
