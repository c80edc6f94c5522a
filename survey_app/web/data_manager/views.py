"""Held pages, the audit trail, and the release of the arms."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from survey_app.database.queries.allocation import is_randomised, releases_of
from survey_app.database.queries.invitations import held_pages as held_pages_of
from survey_app.database.queries.trail import (
    EVERYTHING,
    actions_and_actors,
    all_events,
    events_page,
    n_events,
    staff_names,
)
from survey_app.operations.errors import OperationError
from survey_app.operations.releases import release_arms_to, who_may_be_told
from survey_app.operations.staff import actor
from survey_app.operations.studies import definition_of, unmask_study
from survey_app.web.access import requires
from survey_app.web.data_manager.forms import ReleaseForm, TrailSearchForm, UnmaskingForm
from survey_app.web.data_manager.presenters import (
    action_in_words,
    event_rows,
    pages_held,
    plan_in_words,
    trail_csv,
)
from survey_app.web.data_manager.room import blueprint
from survey_app.web.dates import moment_in_words
from survey_app.web.forms import REFUSED
from survey_app.web.pages import paging
from survey_app.web.people import actor_in_words, staff_ids_in
from survey_app.web.service import now, record


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
def audit_trail(study: str) -> str | tuple[str, int]:
    """Who changed what, newest first; all of it, or what is searched for."""
    form = TrailSearchForm(request.args)
    is_sound = form.validate()
    search = form.search if is_sound else EVERYTHING
    n_rows = n_events(record(), g.study, search)
    asked: dict[str, Any] = {
        name: value for name, value in request.args.items() if value and name in form
    }
    page = paging(
        n_rows=n_rows,
        wanted=request.args.get("page", 1, type=int),
        href=lambda number: url_for("data_manager.audit_trail", study=study, page=number, **asked),
    )
    events = events_page(record(), g.study, search, offset=page.offset, limit=page.limit)
    actions, actors = actions_and_actors(record(), g.study)
    names = staff_names(record(), staff_ids_in((*actors, *(event.by for event in events))))
    shown = render_template(
        "data_manager/audit_trail.html",
        study=study,
        form=form,
        errors=form.faults,
        is_searched=bool(asked),
        actions=[{"value": each, "label": action_in_words(each)} for each in actions],
        actors=[{"value": each, "label": actor_in_words(each, names)} for each in actors],
        download=url_for("data_manager.audit_trail_file", study=study, **asked),
        n_events=n_rows,
        rows=event_rows(events, names),
        paging=page,
    )
    return shown if is_sound else (shown, REFUSED)


@blueprint.get("/studies/<string:study>/audit-trail/file")
@requires("see_audit")
def audit_trail_file(study: str) -> Response:
    """The trail, or what is searched for, as a CSV, oldest first."""
    form = TrailSearchForm(request.args)
    if not form.validate():
        asked: dict[str, Any] = request.args.to_dict()
        return redirect(url_for("data_manager.audit_trail", study=study, **asked), 303)
    _, actors = actions_and_actors(record(), g.study)
    names = staff_names(record(), staff_ids_in(actors))
    lines = "".join(trail_csv(all_events(record(), g.study, form.search), names))
    answer = Response(lines, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{study}-audit-trail.csv"'
    return answer


@blueprint.get("/studies/<string:study>/unmasking")
@requires("unmask")
def unmasking(study: str) -> str:
    """Whether the arms are released, and the form that does it."""
    return _unmasking_page(study, UnmaskingForm(), ReleaseForm())


@blueprint.post("/studies/<string:study>/unmasking/named-staff")
@requires("unmask")
def release_to(study: str) -> Response | tuple[str, int]:
    """Tell one person the arms."""
    form = ReleaseForm()
    if form.validate():
        people = {str(each.id): each for each in who_may_be_told(record(), study=g.study)}
        person = people.get(form.person.data or "")
        if person is None:
            form.refuse("Choose who is told", "person")
        else:
            try:
                release_arms_to(
                    record(),
                    study=g.study,
                    staff=person,
                    because=form.told_because.data or "",
                    by=actor(g.staff),
                    at=now(),
                )
            except OperationError as error:
                form.refuse(str(error), "person")
            else:
                flash(f"{person.name} now sees the arms.", "success")
                return redirect(url_for("data_manager.unmasking", study=study), 303)
    return _unmasking_page(study, UnmaskingForm(formdata=None), form), REFUSED


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
    return _unmasking_page(study, form, ReleaseForm(formdata=None)), REFUSED


def _unmasking_page(study: str, form: UnmaskingForm, release: ReleaseForm) -> str:
    design = definition_of(g.study)
    released: list[dict[str, str]] = []
    releases = releases_of(record(), g.study)
    told_by = staff_names(record(), staff_ids_in(each.released_by for each, _ in releases))
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
        release=release,
        errors=[*release.faults, *form.faults],
        told=[
            [
                staff.name,
                moment_in_words(each.released_at),
                actor_in_words(each.released_by, told_by),
                each.because,
            ]
            for each, staff in releases
        ],
        people=[
            {"value": each.id, "label": each.name}
            for each in who_may_be_told(record(), study=g.study)
        ],
        is_randomised=is_randomised(record(), g.study),
        released=released,
        plan=plan_in_words(design.plan.fixed_on),
        arms=[arm.label for arm in design.arms],
    )
