"""A person's own sign-in: password, second factor, and where they are signed in."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, url_for
from werkzeug.wrappers import Response

from survey_app.database.queries.staff import n_recovery_codes, open_sessions
from survey_app.operations.errors import OperationError
from survey_app.operations.second_factor import draw_recovery_codes
from survey_app.operations.staff import LONGEST_SESSION, change_password, end_other_sessions
from survey_app.web.access import signed_in
from survey_app.web.account.forms import PasswordForm
from survey_app.web.account.room import blueprint
from survey_app.web.dates import moment_in_words
from survey_app.web.forms import REFUSED
from survey_app.web.service import now, record


@blueprint.get("/account/security")
@signed_in
def security() -> str:
    """What protects this person's account."""
    return _page(PasswordForm())


@blueprint.post("/account/password")
@signed_in
def new_password() -> Response | tuple[str, int]:
    """Change the password."""
    form = PasswordForm()
    if form.validate():
        try:
            change_password(
                record(),
                opened=g.sign_in,
                old=form.old.data or "",
                new=form.new.data or "",
                at=now(),
            )
        except OperationError as error:
            form.refuse(str(error), "old" if "not your password" in str(error) else "new")
        else:
            flash("Your password is changed. Other browsers are signed out.", "success")
            return redirect(url_for("account.security"), 303)
    return _page(form), REFUSED


@blueprint.post("/account/end-other-sign-ins")
@signed_in
def end_others() -> Response:
    """Sign out everywhere but here."""
    ended = end_other_sessions(record(), opened=g.sign_in, at=now())
    flash(f"Signed out elsewhere: {ended}.", "success")
    return redirect(url_for("account.security"), 303)


@blueprint.post("/account/recovery-codes")
@signed_in
def new_recovery_codes() -> Response | str:
    """Make new recovery codes and show them once."""
    if g.staff.totp_confirmed_at is None:
        flash("Recovery codes come with a second factor, which you have not set up.", "information")
        return redirect(url_for("account.security"), 303)
    codes = draw_recovery_codes(record(), staff=g.staff, at=now())
    return render_template(
        "account/recovery_codes.html", codes=codes, destination=url_for("account.security")
    )


def _page(form: PasswordForm) -> str:
    since = now() - LONGEST_SESSION
    return render_template(
        "account/security.html",
        form=form,
        errors=form.faults,
        has_second_factor=g.staff.totp_confirmed_at is not None,
        n_codes=n_recovery_codes(record(), staff_id=g.staff.id),
        sign_ins=[
            [moment_in_words(each.started_at), "This one" if each.id == g.sign_in.id else ""]
            for each in open_sessions(record(), staff_id=g.staff.id, since=since)
        ],
    )
