"""Choosing a password by the link of a letter."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from survey_app.operations.errors import OperationError
from survey_app.operations.staff_access import set_password_by_link, staff_of_link
from survey_app.web.access import public
from survey_app.web.account.forms import FirstPasswordForm
from survey_app.web.account.room import blueprint
from survey_app.web.forms import REFUSED
from survey_app.web.service import now, record

GONE = 410


@blueprint.get("/account/set-password/<string:token>")
@public
def set_password(token: str) -> str | tuple[str, int]:
    """The form to choose a password with; opening it uses nothing up."""
    staff = staff_of_link(record(), token=token, at=now())
    return _page(FirstPasswordForm(), staff) if staff else _over()


@blueprint.post("/account/set-password/<string:token>")
@public
def take_password(token: str) -> Response | str | tuple[str, int]:
    """Set the password, and let its owner sign in with it."""
    staff = staff_of_link(record(), token=token, at=now())
    if staff is None:
        return _over()
    form = FirstPasswordForm()
    if form.validate():
        try:
            done = set_password_by_link(
                record(), token=token, password=form.new.data or "", at=now()
            )
        except OperationError as error:
            form.refuse(str(error), "new")
        else:
            if done is None:
                return _over()
            flash("Your password is saved. Sign in with it.", "success")
            return redirect(url_for("account.sign_in"), 303)
    return _page(form, staff), REFUSED


def _over() -> tuple[str, int]:
    return render_template("account/link_is_over.html"), GONE


def _page(form: FirstPasswordForm, staff: Any) -> str:
    return render_template(
        "account/set_password.html",
        form=form,
        errors=form.faults,
        name=staff.name,
        email=staff.email,
    )
