"""The page for the code of a posted letter: typed, it opens the same visit as a link."""

from __future__ import annotations

from flask import request
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from survey_app.database.queries.invitations import visit_by_token
from survey_app.links import CODE_LENGTH, code_as_written, code_hash
from survey_app.operations.wrong_links import note_wrong_link
from survey_app.web.access import visitors
from survey_app.web.networks import network
from survey_app.web.participant.opening import lead_on, slowed
from survey_app.web.participant.room import blueprint, show
from survey_app.web.participant.visits import remember_visit
from survey_app.web.service import now, record, service

EMPTY = _("Enter the code from your letter")
SLIP = _("Check the code: one of its letters or numbers is not as in your letter")
UNKNOWN = _("We do not know this code. Check that it is from the newest letter you had from us")
_LONGEST = 100


@blueprint.get("/code")
@visitors
def code() -> Response:
    """Ask for the code of a letter."""
    return show("code")


@blueprint.post("/code")
@visitors
def open_code() -> Response:
    """Open the visit of a code; as with a link, whoever could forge this post must know it."""
    typed = request.form.get("code", "")[:_LONGEST]
    if not typed.strip():
        return _refuse(typed, EMPTY)
    written = code_as_written(typed)
    if written is None:
        n_typed = sum(character.isalnum() for character in typed)
        is_whole = n_typed == CODE_LENGTH
        return _refuse(
            typed,
            SLIP
            if is_whole
            else _("The code has 12 letters and numbers. You entered %(n)s", n=n_typed),
        )
    hashed = code_hash(written, key=service().settings.secret_key)
    visit = visit_by_token(record(), hashed)
    if visit is None:
        if note_wrong_link(record(), network_hash=network(), token_hash=hashed, at=now()):
            return slowed()
        return _refuse(typed, UNKNOWN)
    remember_visit(visit.invitation.reference, visit.letter_id)
    return lead_on(visit)


def _refuse(typed: str, fault: str) -> Response:
    return show("code", status=400, typed=typed, fault=fault, errors=[(fault, "#code")])
