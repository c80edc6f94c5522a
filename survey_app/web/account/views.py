"""Signing in and out, and the way into each study."""

from __future__ import annotations

import secrets

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from werkzeug.wrappers import Response

from survey_app.database.queries.staff import staff_with_role
from survey_app.database.queries.studies import all_studies, studies_by_id
from survey_app.operations.errors import SignInRefusedError, SignInSlowedError
from survey_app.operations.second_factor import propose_secret
from survey_app.operations.staff import end_session, open_session
from survey_app.operations.staff import sign_in as sign_in_with_password
from survey_app.operations.studies import definition_of
from survey_app.roles import ROLES
from survey_app.web.access import public, remember_half_done, remember_sign_in, signed_in
from survey_app.web.account.destinations import safe_destination
from survey_app.web.account.forms import SignInForm
from survey_app.web.account.presenters import study_card
from survey_app.web.account.room import TOKEN_BYTES, blueprint
from survey_app.web.forms import REFUSED
from survey_app.web.navigation import LANDING
from survey_app.web.networks import network
from survey_app.web.service import now, record, service

TOO_MANY = 429

demonstration = Blueprint("account_demonstration", __name__)


@blueprint.get("/account/sign-in")
@public
def sign_in() -> str | Response:
    """The form to sign in with, or the studies of somebody who has."""
    if g.staff is not None:
        return redirect(url_for("account.studies"), 303)
    return _sign_in_page(SignInForm(), request.args.get("next", ""))


@blueprint.post("/account/sign-in")
@public
def open_sign_in() -> str | Response | tuple[str, int]:
    """Sign somebody in, and take them where they were going."""
    form = SignInForm()
    wanted = request.form.get("next", "")
    if not form.validate():
        return _sign_in_page(form, wanted), REFUSED
    token = secrets.token_urlsafe(TOKEN_BYTES)
    try:
        opened = sign_in_with_password(
            record(),
            email=form.email.data or "",
            password=form.password.data or "",
            token=token,
            network_hash=network(),
            key=service().settings.secret_key,
            at=now(),
            needs_second_factor=service().settings.needs_second_factor,
        )
    except SignInSlowedError as error:
        form.refuse(str(error))
        slowed = make_response(_sign_in_page(form, wanted), TOO_MANY)
        slowed.headers["Retry-After"] = str(error.seconds)
        return slowed
    except SignInRefusedError as error:
        form.refuse(str(error), "email")
        return _sign_in_page(form, wanted), REFUSED
    destination = safe_destination(wanted, current_app.url_map)
    if opened.passed_at is None:
        propose_secret(record(), staff=opened.staff)
        remember_half_done(token)
        return redirect(url_for("account.second_factor", next=destination or None), 303)
    remember_sign_in(token)
    return redirect(destination or url_for("account.studies"), 303)


def _sign_in_page(form: SignInForm, wanted: str) -> str:
    return render_template(
        "account/sign_in.html",
        form=form,
        errors=form.faults,
        next=safe_destination(wanted, current_app.url_map),
    )


@blueprint.post("/account/sign-out")
@public
def sign_out() -> Response:
    """End the sign-in of this browser; somebody signed out already stays so."""
    token = session.get("staff_token")
    if token is not None:
        end_session(record(), token=token, at=now())
    session.clear()
    flash("You are signed out.", "success")
    return redirect(url_for("public.start"), 303)


@blueprint.get("/studies")
@signed_in
def studies() -> str:
    """The studies that the person signed in has a role in."""
    roles: dict[int, list[str]] = {}
    for each in g.staff.roles:
        roles.setdefault(each.study_id, []).append(each.role)
    cards = [
        study_card(study.slug, definition_of(study).title, roles[study.id])
        for study in studies_by_id(record(), roles)
    ]
    return render_template("account/studies.html", cards=cards)


@demonstration.post("/account/demonstration-sign-in/<string:role>")
@public
def sign_in_as(role: str) -> Response:
    """Sign in as the demonstration's person with this role, without a password."""
    known = next((each for each in ROLES if each == role), None)
    people = (
        (s, staff_with_role(record(), study_id=s.id, role=role)) for s in all_studies(record())
    )
    study, staff = next(((s, person) for s, person in people if person), (None, None))
    if known is None or study is None or staff is None:
        abort(404)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    open_session(record(), staff=staff, token=token, at=now())
    remember_sign_in(token)
    flash(f"You are signed in as {staff.name}.", "success")
    return redirect(url_for(LANDING[known], study=study.slug), 303)
