"""One person's place: changed, left, taken over by somebody new, moved, shared, merged."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, g, redirect, render_template, url_for
from werkzeug.wrappers import Response

from survey_app.database.queries.outbox import person_sought
from survey_app.database.queries.people import person_by_code
from survey_app.database.queries.schools import school_by_urn
from survey_app.operations.errors import OperationError
from survey_app.operations.merging import MergedPeople, merge_people
from survey_app.operations.rights import withdraw_person
from survey_app.operations.roster_edits import change_person
from survey_app.operations.staff import actor
from survey_app.operations.studies import definition_of
from survey_app.operations.turnover import (
    LeavingReason,
    come_back,
    end_sharing,
    leave_role,
    move_person,
    share_person,
    succeed,
)
from survey_app.operations.waves import day_in_england
from survey_app.web.access import requires
from survey_app.web.coordinator.place_lines import name_of, reason_options, role_options
from survey_app.web.coordinator.room import blueprint
from survey_app.web.coordinator.roster_forms import (
    LeavingForm,
    MergeForm,
    PersonForm,
    PlaceForm,
    on_day,
)
from survey_app.web.forms import REFUSED
from survey_app.web.service import now, record


@blueprint.get("/studies/<string:study>/people/<string:code>/edit")
@requires("import_roster")
def edit_person(study: str, code: str) -> str:
    """The form that corrects a name or an address, or notes another role."""
    person = _person_or_404(code)
    form = PersonForm(
        formdata=None,
        name=person.contact.name if person.contact else "",
        email=person.contact.email if person.contact else "",
        role=person.role,
        **on_day(day_in_england(now())),
    )
    return _edit_form(study, person, form)


@blueprint.post("/studies/<string:study>/people/<string:code>/edit")
@requires("import_roster")
def take_person(study: str, code: str) -> Response | tuple[str, int]:
    """Correct a name or an address, or note another role."""
    person = _person_or_404(code)
    form = PersonForm()
    if form.validate() and form.on is not None:
        try:
            is_new = change_person(
                record(),
                participant=person,
                name=form.name.data or "",
                email=form.email.data or "",
                role=form.role.data or "",
                on=form.on,
                by=actor(g.staff),
                at=now(),
            )
        except OperationError as error:
            form.refuse(str(error))
        else:
            flash("The person is changed." if is_new else "Nothing was different.", "success")
            return _back_to(study, code)
    return _edit_form(study, person, form), REFUSED


@blueprint.get("/studies/<string:study>/people/<string:code>/leave")
@requires("import_roster")
def leaving(study: str, code: str) -> str:
    """The form that says that somebody left the role."""
    form = LeavingForm(formdata=None, **on_day(day_in_england(now())))
    return _leaving_form(study, _person_or_404(code), form)


@blueprint.post("/studies/<string:study>/people/<string:code>/leave")
@requires("import_roster")
def take_leaving(study: str, code: str) -> Response | tuple[str, int]:
    """Note that somebody left the role; where somebody follows, go on to who that is."""
    person = _person_or_404(code)
    form = LeavingForm()
    if form.validate() and form.on is not None:
        because: LeavingReason = form.because.data
        try:
            leave_role(
                record(),
                participant=person,
                because=because,
                on=form.on,
                by=actor(g.staff),
                at=now(),
            )
        except OperationError as error:
            form.refuse(str(error))
        else:
            flash(
                f"{name_of(person)} has left the role. Their links no longer work, and what they "
                "answered stays.",
                "success",
            )
            if form.followed.data == "yes":
                return redirect(url_for("coordinator.following", study=study, code=code), 303)
            return _back_to(study, code)
    return _leaving_form(study, person, form), REFUSED


@blueprint.get("/studies/<string:study>/people/<string:code>/follow")
@requires("import_roster")
def following(study: str, code: str) -> str:
    """The form that says who took the role over."""
    person = _person_or_404(code)
    since = person.left_on or day_in_england(now())
    form = PersonForm(formdata=None, role=person.role, **on_day(since))
    return _following_form(study, person, form)


@blueprint.post("/studies/<string:study>/people/<string:code>/follow")
@requires("import_roster")
def take_following(study: str, code: str) -> Response | tuple[str, int]:
    """Put a new person in the place of one who left."""
    person = _person_or_404(code)
    form = PersonForm()
    if form.validate() and form.on is not None:
        try:
            successor = succeed(
                record(),
                participant=person,
                name=form.name.data or "",
                email=form.email.data or "",
                role=form.role.data or "",
                on=form.on,
                by=actor(g.staff),
                at=now(),
            )
        except OperationError as error:
            form.refuse(str(error))
        else:
            flash(
                f"{form.name.data} takes part as {successor.code}, a new person at the same "
                "school. Invite them from the page of invitations.",
                "success",
            )
            return _back_to(study, successor.code)
    return _following_form(study, person, form), REFUSED


@blueprint.get("/studies/<string:study>/people/<string:code>/move")
@requires("import_roster")
def moving(study: str, code: str) -> str:
    """The form that moves a person to another school."""
    return _place_form(study, _person_or_404(code), _fresh_place_form(), "move")


@blueprint.post("/studies/<string:study>/people/<string:code>/move")
@requires("import_roster")
def take_moving(study: str, code: str) -> Response | tuple[str, int]:
    """Move a person to another school."""
    person = _person_or_404(code)
    form = PlaceForm()
    to = _school_of(form)
    if to is not None and form.on is not None:
        try:
            moved = move_person(
                record(), participant=person, to=to, on=form.on, by=actor(g.staff), at=now()
            )
        except OperationError as error:
            form.refuse(str(error))
        else:
            flash(f"{name_of(moved)} is at {to.name} now, as {moved.code}.", "success")
            return _back_to(study, moved.code)
    return _place_form(study, person, form, "move"), REFUSED


@blueprint.get("/studies/<string:study>/people/<string:code>/also-at")
@requires("import_roster")
def also_at(study: str, code: str) -> str:
    """The form that says that a person works at another school as well."""
    return _place_form(study, _person_or_404(code), _fresh_place_form(), "also-at")


@blueprint.post("/studies/<string:study>/people/<string:code>/also-at")
@requires("import_roster")
def take_also_at(study: str, code: str) -> Response | tuple[str, int]:
    """Note that a person works at another school as well."""
    person = _person_or_404(code)
    form = PlaceForm()
    to = _school_of(form)
    if to is not None and form.on is not None:
        try:
            share_person(
                record(), participant=person, school=to, on=form.on, by=actor(g.staff), at=now()
            )
        except OperationError as error:
            form.refuse(str(error))
        else:
            flash(f"{name_of(person)} works at {to.name} as well.", "success")
            return _back_to(study, code)
    return _place_form(study, person, form, "also-at"), REFUSED


@blueprint.post("/studies/<string:study>/people/<string:code>/also-at/<string:urn>/end")
@requires("import_roster")
def end_also_at(study: str, code: str, urn: str) -> Response:
    """Note that a person no longer works at another school as well."""
    person = _person_or_404(code)
    other = school_by_urn(record(), g.study, urn)
    if other is None:
        abort(404)
    try:
        end_sharing(
            record(),
            participant=person,
            school=other,
            on=day_in_england(now()),
            by=actor(g.staff),
            at=now(),
        )
    except OperationError as error:
        flash(str(error), "information")
    else:
        flash(f"{name_of(person)} no longer works at {other.name} as well.", "success")
    return _back_to(study, code)


@blueprint.post("/studies/<string:study>/people/<string:code>/come-back")
@requires("import_roster")
def take_come_back(study: str, code: str) -> Response:
    """Undo that a person left."""
    person = _person_or_404(code)
    try:
        come_back(record(), participant=person, by=actor(g.staff), at=now())
    except OperationError as error:
        flash(str(error), "information")
    else:
        flash(
            f"{name_of(person)} is in the role again. Their old links stay dead: send a new one.",
            "success",
        )
    return _back_to(study, code)


@blueprint.post("/studies/<string:study>/people/<string:code>/withdraw")
@requires("import_roster")
def take_withdrawal(study: str, code: str) -> Response:
    """Take a person out of the study who asked for that in a reply."""
    person = _person_or_404(code)
    is_new = withdraw_person(record(), participant=person, by=actor(g.staff), at=now())
    flash(
        f"{name_of(person)} is out of the study. A data manager can erase what they answered."
        if is_new
        else f"{name_of(person)} had withdrawn already.",
        "success" if is_new else "information",
    )
    return _back_to(study, code)


@blueprint.get("/studies/<string:study>/people/<string:code>/merge")
@requires("import_roster")
def merge_person(study: str, code: str) -> str:
    """The form that merges a second record of this person into this one."""
    return _merge_form(study, _person_or_404(code), MergeForm())


@blueprint.post("/studies/<string:study>/people/<string:code>/merge")
@requires("import_roster")
def take_person_merge(study: str, code: str) -> Response | tuple[str, int]:
    """Merge a second record of this person into this one."""
    kept = _person_or_404(code)
    form = MergeForm()
    if form.validate():
        other = person_sought(record(), g.study, (form.other.data or "").strip())
        if other is None:
            form.refuse("Nobody on the roster has this code or address", "other")
        else:
            try:
                done = merge_people(record(), kept=kept, other=other, by=actor(g.staff), at=now())
            except OperationError as error:
                form.refuse(str(error), "other")
            else:
                flash(_merged_in_words(other.code, done), "success")
                return _back_to(study, code)
    return _merge_form(study, kept, form), REFUSED


def _merged_in_words(code: str, done: MergedPeople) -> str:
    titles = {wave.id: wave.title for wave in definition_of(g.study).waves}
    words = f"{code} is merged into this record."
    if done.taken_over:
        waves = ", ".join(titles[wave] for wave in done.taken_over)
        words += f" Taken over from it: {waves}."
    if done.twice:
        waves = ", ".join(titles[wave] for wave in done.twice)
        words += f" Answered under both: {waves}. The answers of this record count."
    return words


def _person_or_404(code: str) -> Any:
    person = person_by_code(record(), g.study, code)
    if person is None:
        abort(404)
    return person


def _school_of(form: PlaceForm) -> Any:
    if not form.validate():
        return None
    found = school_by_urn(record(), g.study, form.urn.data or "")
    if found is None or found.merged_into_id is not None:
        form.refuse("No school on the roster has this URN", "urn")
        return None
    return found


def _fresh_place_form() -> PlaceForm:
    return PlaceForm(formdata=None, **on_day(day_in_england(now())))


def _back_to(study: str, code: str) -> Response:
    return redirect(url_for("coordinator.person", study=study, code=code), 303)


def _edit_form(study: str, person: Any, form: PersonForm) -> str:
    return _person_form(
        study,
        person,
        form,
        heading=f"Change {name_of(person)}",
        text="For a name spelt wrong, a new name, a new address, or a new role. If it is somebody "
        "else now, say instead that this person left: whoever follows is a new person.",
        day_label="If the role is new: since when?",
        button_text="Save the changes",
    )


def _following_form(study: str, person: Any, form: PersonForm) -> str:
    return _person_form(
        study,
        person,
        form,
        heading=f"Who follows {name_of(person)}?",
        text="They come in as a new person of the same school, so in the same arm. The address of "
        "whoever left may be theirs now.",
        day_label="Since when are they in the role?",
        button_text="Save who follows",
    )


def _person_form(
    study: str,
    person: Any,
    form: PersonForm,
    *,
    heading: str,
    text: str,
    day_label: str,
    button_text: str,
) -> str:
    return render_template(
        "coordinator/person_form.html",
        study=study,
        heading=heading,
        text=text,
        form=form,
        errors=form.faults,
        roles=role_options(),
        day_label=day_label,
        button_text=button_text,
        back=url_for("coordinator.person", study=study, code=person.code),
        back_text=f"Back to {name_of(person)}",
    )


def _leaving_form(study: str, person: Any, form: LeavingForm) -> str:
    return render_template(
        "coordinator/person_leaving.html",
        study=study,
        code=person.code,
        name=name_of(person),
        form=form,
        errors=form.faults,
        reasons=reason_options(),
    )


def _place_form(study: str, person: Any, form: PlaceForm, what: str) -> str:
    return render_template(
        "coordinator/person_place.html",
        study=study,
        code=person.code,
        name=name_of(person),
        school=person.school.name,
        what=what,
        form=form,
        errors=form.faults,
    )


def _merge_form(study: str, kept: Any, form: MergeForm) -> str:
    return render_template(
        "coordinator/person_merge.html",
        study=study,
        code=kept.code,
        name=name_of(kept),
        form=form,
        errors=form.faults,
    )
