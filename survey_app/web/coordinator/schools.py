"""One school: who is and was there, what is on record of it, and a second record of it."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, g, redirect, render_template, url_for
from werkzeug.wrappers import Response

from survey_app.database.queries.people import (
    history_of_school,
    moves_between_schools,
    people_shared,
    schools_of_trusts,
)
from survey_app.database.queries.schools import school_by_id, school_by_urn
from survey_app.database.queries.studies import randomisation_of
from survey_app.database.queries.trail import TrailSearch, events_page, staff_names
from survey_app.operations.errors import OperationError
from survey_app.operations.merging import merge_schools
from survey_app.operations.roster_edits import SchoolFacts, add_person, add_school, change_school
from survey_app.operations.staff import actor
from survey_app.operations.studies import definition_of
from survey_app.operations.waves import day_in_england
from survey_app.web.access import requires
from survey_app.web.coordinator.place_lines import (
    change_rows,
    move_rows,
    people_rows,
    phase_options,
    role_options,
    school_facts,
    shared_rows,
    trust_rows,
)
from survey_app.web.coordinator.room import blueprint
from survey_app.web.coordinator.roster_forms import (
    MergeForm,
    NewSchoolForm,
    PersonForm,
    SchoolForm,
    on_day,
)
from survey_app.web.coordinator.roster_lines import standing_of_school
from survey_app.web.forms import REFUSED
from survey_app.web.people import staff_ids_in
from survey_app.web.service import now, record

_MOST_CHANGES = 50


@blueprint.get("/studies/<string:study>/schools/sharing")
@requires("see_contacts")
def sharing(study: str) -> str:
    """What may carry the intervention from one school to another: people and trusts in common."""
    may_see_arms = "see_arms" in g.permissions
    return render_template(
        "coordinator/sharing.html",
        study=study,
        is_held_back=not may_see_arms and randomisation_of(record(), g.study) is not None,
        people=shared_rows(
            people_shared(record(), g.study),
            person_href=_person_href,
            school_href=_school_href,
            may_see_arms=may_see_arms,
        ),
        trusts=trust_rows(schools_of_trusts(record(), g.study), may_see_arms=may_see_arms),
        moves=move_rows(
            moves_between_schools(record(), g.study),
            person_href=_person_href,
            may_see_arms=may_see_arms,
        ),
    )


@blueprint.get("/studies/<string:study>/schools/new")
@requires("import_roster")
def new_school(study: str) -> str:
    """The form that adds one school."""
    return _school_form(study, None, NewSchoolForm())


@blueprint.post("/studies/<string:study>/schools/new")
@requires("import_roster")
def take_new_school(study: str) -> Response | tuple[str, int]:
    """Add one school."""
    form = NewSchoolForm()
    if form.validate():
        try:
            added = add_school(
                record(),
                study=g.study,
                urn=form.urn.data or "",
                facts=_facts(form),
                by=actor(g.staff),
                at=now(),
            )
        except OperationError as error:
            form.refuse(str(error), "urn")
        else:
            flash(f"{added.name} is on the roster.", "success")
            return redirect(url_for("coordinator.school", study=study, urn=added.urn), 303)
    return _school_form(study, None, form), REFUSED


@blueprint.get("/studies/<string:study>/schools/<string:urn>")
@requires("see_contacts")
def school(study: str, urn: str) -> str:
    """Everything on record of one school."""
    found = _school_or_404(urn)
    labels = {arm.id: arm.label for arm in definition_of(g.study).arms}
    search = TrailSearch(subject=f"school:{found.id}")
    acts = [
        act
        for act in events_page(record(), g.study, search, offset=0, limit=_MOST_CHANGES)
        if act.action.startswith("school")
    ]
    merged_into = school_by_id(record(), g.study, found.merged_into_id)
    return render_template(
        "coordinator/school.html",
        study=study,
        urn=urn,
        name=found.name,
        facts=school_facts(
            found, standing_of_school(found, labels if "see_arms" in g.permissions else {})
        ),
        people=people_rows(history_of_school(record(), found), found.id, person_href=_person_href),
        changes=change_rows(acts, staff_names(record(), staff_ids_in(act.by for act in acts))),
        merged_into={"name": merged_into.name, "urn": merged_into.urn} if merged_into else None,
        may_change="import_roster" in g.permissions and merged_into is None,
    )


@blueprint.get("/studies/<string:study>/schools/<string:urn>/edit")
@requires("import_roster")
def edit_school(study: str, urn: str) -> str:
    """The form that changes what is on record of a school."""
    found = _school_or_404(urn)
    form = SchoolForm(
        formdata=None,
        name=found.name,
        authority=found.authority.name,
        trust=found.trust,
        phase=found.phase,
        mainstream="yes" if found.mainstream else "no",
    )
    return _school_form(study, found, form)


@blueprint.post("/studies/<string:study>/schools/<string:urn>/edit")
@requires("import_roster")
def take_school(study: str, urn: str) -> Response | tuple[str, int]:
    """Change what is on record of a school."""
    found = _school_or_404(urn)
    form = SchoolForm()
    if form.validate():
        try:
            is_new = change_school(
                record(), school=found, facts=_facts(form), by=actor(g.staff), at=now()
            )
        except OperationError as error:
            form.refuse(str(error))
        else:
            flash("The school is changed." if is_new else "Nothing was different.", "success")
            return redirect(url_for("coordinator.school", study=study, urn=urn), 303)
    return _school_form(study, found, form), REFUSED


@blueprint.get("/studies/<string:study>/schools/<string:urn>/merge")
@requires("import_roster")
def merge_school(study: str, urn: str) -> str:
    """The form that merges a second record of this school into it."""
    return _merge_form(study, _school_or_404(urn), MergeForm())


@blueprint.post("/studies/<string:study>/schools/<string:urn>/merge")
@requires("import_roster")
def take_school_merge(study: str, urn: str) -> Response | tuple[str, int]:
    """Merge a second record of this school into it."""
    kept = _school_or_404(urn)
    form = MergeForm()
    if form.validate():
        other = school_by_urn(record(), g.study, (form.other.data or "").strip())
        if other is None:
            form.refuse("No school on the roster has this URN", "other")
        else:
            try:
                people = merge_schools(
                    record(), kept=kept, other=other, by=actor(g.staff), at=now()
                )
            except OperationError as error:
                form.refuse(str(error), "other")
            else:
                flash(
                    f"{other.name} ({other.urn}) is merged into this school. "
                    f"People who came over: {people}.",
                    "success",
                )
                return redirect(url_for("coordinator.school", study=study, urn=urn), 303)
    return _merge_form(study, kept, form), REFUSED


@blueprint.get("/studies/<string:study>/schools/<string:urn>/people/new")
@requires("import_roster")
def new_person(study: str, urn: str) -> str:
    """The form that adds a person to a school."""
    form = PersonForm(formdata=None, role="DSL", **on_day(day_in_england(now())))
    return _person_form(study, _school_or_404(urn), form)


@blueprint.post("/studies/<string:study>/schools/<string:urn>/people/new")
@requires("import_roster")
def take_new_person(study: str, urn: str) -> Response | tuple[str, int]:
    """Add a person to a school."""
    found = _school_or_404(urn)
    form = PersonForm()
    if form.validate() and form.on is not None:
        try:
            person = add_person(
                record(),
                school=found,
                name=form.name.data or "",
                email=form.email.data or "",
                role=form.role.data or "",
                since=form.on,
                by=actor(g.staff),
                at=now(),
            )
        except OperationError as error:
            form.refuse(str(error), "email")
        else:
            flash(f"{form.name.data} is on the roster as {person.code}.", "success")
            return redirect(url_for("coordinator.school", study=study, urn=urn), 303)
    return _person_form(study, found, form), REFUSED


def _school_or_404(urn: str) -> Any:
    found = school_by_urn(record(), g.study, urn)
    if found is None:
        abort(404)
    return found


def _facts(form: SchoolForm) -> SchoolFacts:
    return SchoolFacts(
        name=form.name.data or "",
        authority=form.authority.data or "",
        trust=form.trust.data or "",
        phase=form.phase.data or "",
        mainstream=form.mainstream.data == "yes",
    )


def _school_form(study: str, found: Any, form: SchoolForm) -> str:
    return render_template(
        "coordinator/school_form.html",
        study=study,
        form=form,
        errors=form.faults,
        urn=found.urn if found else "",
        name=found.name if found else "",
        notice=_notice(found),
        phases=phase_options(),
    )


def _merge_form(study: str, kept: Any, form: MergeForm) -> str:
    return render_template(
        "coordinator/school_merge.html",
        study=study,
        urn=kept.urn,
        name=kept.name,
        form=form,
        errors=form.faults,
    )


def _person_form(study: str, found: Any, form: PersonForm) -> str:
    return render_template(
        "coordinator/person_form.html",
        study=study,
        heading=f"Add a person at {found.name}",
        text="For somebody who leads safeguarding here beside those on record. For whoever takes "
        "over from somebody, go to that person and say that they left.",
        form=form,
        errors=form.faults,
        roles=role_options(),
        day_label="Since when are they in the role?",
        button_text="Add the person",
        back=url_for("coordinator.school", study=study, urn=found.urn),
        back_text=f"Back to {found.name}",
    )


def _person_href(code: str) -> str:
    return url_for("coordinator.person", study=g.study.slug, code=code)


def _school_href(urn: str) -> str:
    return url_for("coordinator.school", study=g.study.slug, urn=urn)


def _notice(found: Any) -> str:
    """Say what the randomisation leaves open of this school, or of a new one; empty before it."""
    if randomisation_of(record(), g.study) is None:
        return ""
    if definition_of(g.study).allocation.late_schools == "refused" and found is None:
        return "The schools are randomised, and the study's file refuses late ones."
    if found is None:
        return "The schools are randomised. This one waits for the next place of the sequence."
    if found.allocation is None:
        return ""
    return (
        "The schools are randomised. The authority, and whether a school can take part, can no "
        "longer change."
    )
