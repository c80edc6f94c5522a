"""The second step of signing in: set up once, then six digits each time."""

from __future__ import annotations

import secrets
from typing import Any

import segno
from flask import current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from survey_app.operations.second_factor import (
    confirm_secret,
    enrolment_address,
    pass_second_factor,
)
from survey_app.web.access import half_done_sign_in, public, remember_sign_in
from survey_app.web.account.destinations import safe_destination
from survey_app.web.account.forms import CodeForm
from survey_app.web.account.room import TOKEN_BYTES, blueprint
from survey_app.web.forms import REFUSED
from survey_app.web.service import now, record

WRONG = "That code is wrong, used already or too old. Enter the newest one"


@blueprint.get("/account/second-factor")
@public
def second_factor() -> Response | str:
    """Ask for the code, or, the first time, show how to set the app up."""
    opened = half_done_sign_in()
    if opened is None:
        return redirect(url_for("account.sign_in"), 303)
    return _page(CodeForm(), opened.staff, request.args.get("next", ""))


@blueprint.post("/account/second-factor")
@public
def pass_factor() -> Response | str | tuple[str, int]:
    """Take the code and complete the sign-in."""
    opened = half_done_sign_in()
    if opened is None:
        flash("That took too long. Sign in again.", "information")
        return redirect(url_for("account.sign_in"), 303)
    form = CodeForm()
    wanted = request.form.get("next", "")
    if not form.validate():
        return _page(form, opened.staff, wanted), REFUSED
    token, code = secrets.token_urlsafe(TOKEN_BYTES), form.code.data or ""
    recovery: list[str] | None = []
    if opened.staff.totp_confirmed_at is None:
        recovery = confirm_secret(record(), opened=opened, code=code, token=token, at=now())
        is_in = recovery is not None
    else:
        is_in = pass_second_factor(record(), opened=opened, code=code, token=token, at=now())
    if not is_in:
        if opened.ended_at is not None:
            flash("Too many wrong codes. Sign in again.", "information")
            return redirect(url_for("account.sign_in"), 303)
        form.refuse(WRONG, "code")
        return _page(form, opened.staff, wanted), REFUSED
    remember_sign_in(token)
    destination = safe_destination(wanted, current_app.url_map) or url_for("account.studies")
    if recovery:
        return render_template(
            "account/recovery_codes.html", codes=recovery, destination=destination
        )
    return redirect(destination, 303)


def _page(form: CodeForm, staff: Any, wanted: str) -> str:
    destination = safe_destination(wanted, current_app.url_map)
    if staff.totp_confirmed_at is not None:
        return render_template(
            "account/second_factor.html", form=form, errors=form.faults, next=destination
        )
    address = enrolment_address(staff)
    return render_template(
        "account/second_factor_setup.html",
        form=form,
        errors=form.faults,
        next=destination,
        square=segno.make(address, error="m").svg_data_uri(scale=4, border=3),
        secret=" ".join(_in_fours(staff.totp_secret)),
        address=address,
    )


def _in_fours(secret: str) -> list[str]:
    return [secret[start : start + 4] for start in range(0, len(secret), 4)]
