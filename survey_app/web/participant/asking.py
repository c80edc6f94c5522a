"""Asking for a new link: the answer is the same whether or not we know the address."""

from __future__ import annotations

from flask import redirect, request, url_for
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from survey_app.links import address_hash
from survey_app.operations.link_requests import request_link
from survey_app.web.access import visitors
from survey_app.web.networks import network
from survey_app.web.participant.opening import slowed
from survey_app.web.participant.room import blueprint, show
from survey_app.web.service import now, record, service
from survey_app.web.waking import wake_worker_after

NO_ADDRESS = _("Enter an email address, such as name@school.sch.uk")
_LONGEST = 200


@blueprint.get("/new-link")
@visitors
def new_link() -> Response:
    """Ask for the address that our letters go to."""
    return show("new_link")


@blueprint.post("/new-link")
@visitors
def ask_for_link() -> Response:
    """Put down the wish. Whose address it is, if anybody's, the worker finds out later.

    No token of our own page is asked for: anybody may ask for any address, forged or not.
    """
    typed = request.form.get("email", "").strip()
    name, _, host = typed.rpartition("@")
    if not name or "." not in host or len(typed) > _LONGEST:
        return show(
            "new_link",
            status=400,
            typed=typed[:_LONGEST],
            fault=NO_ADDRESS,
            errors=[(NO_ADDRESS, "#email")],
        )
    was_taken = request_link(
        record(),
        network_hash=network(),
        address_hash=address_hash(typed, key=service().settings.secret_key),
        at=now(),
    )
    if not was_taken:
        return slowed()
    return wake_worker_after(
        redirect(url_for("participant.link_asked_for"), 303), "deliver_letters"
    )


@blueprint.get("/new-link/asked-for")
@visitors
def link_asked_for() -> Response:
    """Say what happens next: the same page for everybody."""
    return show("link_asked_for")
