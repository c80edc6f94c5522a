"""Whoever takes part can stop, by their own link: no reminders, out of the study, or erased."""

from __future__ import annotations

from flask import url_for
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from survey_app.database.queries.invitations import Visit
from survey_app.operations.errors import OperationError
from survey_app.operations.rights import (
    erase_person,
    is_locked,
    last_day_for_erasure,
    withdraw_person,
)
from survey_app.operations.sending import stop_reminders
from survey_app.operations.submissions import BY_PARTICIPANT
from survey_app.web.access import visitors
from survey_app.web.dates import day_in_words
from survey_app.web.participant.delivery import delivery_of
from survey_app.web.participant.forms import WithdrawalForm
from survey_app.web.participant.room import blueprint, show
from survey_app.web.participant.routing import go_to
from survey_app.web.participant.visits import forget_visit, with_visit
from survey_app.web.service import now, record, service
from survey_app.web.waking import wake_worker_after

CHOOSE = _("Choose what we should do")
TICK = _("Tick this box if you are sure")
WAYS = {
    "reminders": (_("Send me no more reminders"), ""),
    "withdraw": (
        _("Take me out of the study"),
        _(
            "We write no more, and analyse nothing you answered. It is kept, and can be erased if "
            "you ask."
        ),
    ),
    "erase": (
        _("Take me out of the study and erase what I answered"),
        _(
            "Your answers and comments, your name and your address are erased. This cannot be "
            "undone."
        ),
    ),
}
FORGED = _("Nothing was changed. Press “Continue” again")


@blueprint.get("/answer/<string:reference>/withdraw")
@visitors
@with_visit
def withdrawing(visit: Visit) -> Response:
    """Offer the ways to stop."""
    return _show(visit, WithdrawalForm(formdata=None))


@blueprint.post("/answer/<string:reference>/withdraw")
@visitors
@with_visit
def withdraw(visit: Visit) -> Response:
    """Do what was chosen, and forget the visit in this browser where it is over."""
    form = WithdrawalForm()
    if not form.validate():
        errors = [] if not form.is_forged else [(FORGED, "#continue")]
        return _show(visit, form, forged=errors, status=400)
    person = visit.invitation.participant
    reference = visit.invitation.reference
    if form.choice.data == "reminders":
        stop_reminders(record(), participant=person, by=BY_PARTICIPANT, at=now())
        return show("reminders_stopped")
    if form.choice.data == "erase":
        try:
            erase_person(
                record(),
                participant=person,
                key=service().settings.secret_key,
                by=BY_PARTICIPANT,
                at=now(),
            )
        except OperationError:
            # The last day ended while the page was open; it now says so.
            return _show(visit, form, status=409)
    else:
        withdraw_person(record(), participant=person, by=BY_PARTICIPANT, at=now())
    forget_visit(reference)
    return wake_worker_after(go_to("withdrawn", reference), "make_reports")


@blueprint.get("/answer/<string:reference>/withdrawn")
@visitors
def withdrawn(reference: str) -> Response:  # noqa: ARG001  # the same page for everybody
    """Say that it is done."""
    return show("withdrawn")


def _show(
    visit: Visit,
    form: WithdrawalForm,
    *,
    forged: list[tuple[str, str]] | None = None,
    status: int = 200,
) -> Response:
    is_final = is_locked(visit.study, at=now())
    choice = CHOOSE if form.choice.errors else ""
    sure = TICK if form.sure.errors else ""
    errors = list(forged or [])
    if not errors:
        errors += [(CHOOSE, "#choice")] if choice else []
        errors += [(TICK, "#sure")] if sure else []
    return show(
        "withdrawing",
        study=delivery_of(visit).definition,
        status=status,
        errors=errors,
        options=[
            {"value": value, "label": label, "hint": hint}
            for value, (label, hint) in WAYS.items()
            if value != "erase" or not is_final
        ],
        chosen=form.choice.data,
        is_sure=form.sure.data,
        choice_error=choice,
        sure_error=sure,
        may_erase=not is_final,
        last_day=day_in_words(last_day_for_erasure(visit.study)),
        back_url=url_for("participant.resume", reference=visit.invitation.reference),
    )
