"""Who has access to the study: invite, change roles, send a link, end access."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, g, redirect, render_template, url_for
from werkzeug.wrappers import Response

from survey_app.database.queries.staff import newest_staff_letters, staff_of_study
from survey_app.operations.errors import OperationError
from survey_app.operations.staff import actor
from survey_app.operations.staff_access import (
    change_roles,
    end_access,
    invite_staff,
    send_link_to_staff,
)
from survey_app.web.access import requires
from survey_app.web.data_manager.forms import InvitationForm, RolesForm
from survey_app.web.data_manager.room import blueprint
from survey_app.web.data_manager.staff_lines import role_options, roles_in, standing_of, state_of
from survey_app.web.forms import REFUSED
from survey_app.web.service import now, record, service
from survey_app.web.waking import wake_worker_after


@blueprint.get("/studies/<string:study>/staff")
@requires("manage_staff")
def staff(study: str) -> str:
    """Everybody who has a role in the study."""
    return _staff_page(study, InvitationForm())


@blueprint.post("/studies/<string:study>/staff")
@requires("manage_staff")
def invite(study: str) -> Response | tuple[str, int]:
    """Invite somebody, by a letter."""
    form = InvitationForm()
    if not form.validate():
        return _staff_page(study, form), REFUSED
    try:
        invited = invite_staff(
            record(),
            study=g.study,
            name=form.person.data or "",
            email=form.email.data or "",
            roles=form.chosen,
            key=service().settings.secret_key,
            by=actor(g.staff),
            at=now(),
        )
    except OperationError as error:
        form.refuse(str(error))
        return _staff_page(study, form), REFUSED
    flash(f"A letter to {invited.name} is on its way.", "success")
    to_list = redirect(url_for("data_manager.staff", study=study), 303)
    return wake_worker_after(to_list, "deliver_letters")


@blueprint.get("/studies/<string:study>/staff/<int:member>")
@requires("manage_staff")
def member(study: str, member: int) -> str:
    """One person: their roles, and what can be done about their access."""
    return _member_page(study, _member(member), RolesForm())


@blueprint.post("/studies/<string:study>/staff/<int:member>/roles")
@requires("manage_staff")
def set_roles(study: str, member: int) -> Response | tuple[str, int]:
    """Give a person other roles."""
    someone = _member(member)
    form = RolesForm()
    if form.validate():
        try:
            is_new = change_roles(
                record(),
                study=g.study,
                staff=someone,
                roles=form.chosen,
                by=actor(g.staff),
                at=now(),
            )
        except OperationError as error:
            form.refuse(str(error), "roles")
        else:
            words = "Their roles are changed." if is_new else "They had these roles already."
            flash(words, "success" if is_new else "information")
            return redirect(url_for("data_manager.member", study=study, member=member), 303)
    return _member_page(study, someone, form), REFUSED


@blueprint.post("/studies/<string:study>/staff/<int:member>/link")
@requires("manage_staff")
def send_link(study: str, member: int) -> Response | tuple[str, int]:
    """Send a person a link to set a password."""
    someone = _member(member)
    try:
        send_link_to_staff(
            record(),
            study=g.study,
            staff=someone,
            key=service().settings.secret_key,
            by=actor(g.staff),
            at=now(),
        )
    except OperationError as error:
        return _refused(study, someone, error)
    flash(f"A letter to {someone.name} is on its way. Earlier links no longer work.", "success")
    to_member = redirect(url_for("data_manager.member", study=study, member=member), 303)
    return wake_worker_after(to_member, "deliver_letters")


@blueprint.post("/studies/<string:study>/staff/<int:member>/end-access")
@requires("manage_staff")
def take_access(study: str, member: int) -> Response | tuple[str, int]:
    """End a person's access to the study."""
    someone = _member(member)
    try:
        is_closed = end_access(record(), study=g.study, staff=someone, by=actor(g.staff), at=now())
    except OperationError as error:
        return _refused(study, someone, error)
    closed = " They have no other study, so their account is closed." if is_closed else ""
    flash(f"{someone.name} has no access to this study any more.{closed}", "success")
    return redirect(url_for("data_manager.staff", study=study), 303)


def _member(staff_id: int) -> Any:
    found = next((each for each in staff_of_study(record(), g.study) if each.id == staff_id), None)
    if found is None:
        abort(404)
    return found


def _refused(study: str, someone: Any, error: OperationError) -> tuple[str, int]:
    form = RolesForm()
    form.refuse(str(error))
    return _member_page(study, someone, form), REFUSED


def _staff_page(study: str, form: InvitationForm) -> str:
    people = staff_of_study(record(), g.study)
    letters = newest_staff_letters(record(), g.study)
    return render_template(
        "data_manager/staff.html",
        study=study,
        form=form,
        errors=form.faults,
        roles=role_options(),
        rows=[
            [
                {
                    "text": each.name,
                    "href": url_for("data_manager.member", study=study, member=each.id),
                },
                each.email,
                roles_in(each, g.study.id),
                state_of(each, letters.get(each.id), at=now()),
            ]
            for each in people
        ],
    )


def _member_page(study: str, someone: Any, form: RolesForm) -> str:
    letter = newest_staff_letters(record(), g.study).get(someone.id)
    held = [each.role for each in someone.roles if each.study_id == g.study.id]
    return render_template(
        "data_manager/member.html",
        study=study,
        member=someone.id,
        name=someone.name,
        form=form,
        errors=form.faults,
        facts=standing_of(someone, letter, study_id=g.study.id, at=now()),
        roles=role_options(),
        held=form.roles.data if form.is_submitted() and form.roles.data else held,
        is_self=someone.id == g.staff.id,
        is_invited_only=someone.is_invited_only,
    )
