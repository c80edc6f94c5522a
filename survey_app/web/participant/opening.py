"""Opening a link: the page behind it is the same for everybody, and only a press of a button acts.

Mail scanners open links, some at delivery, some at the click. So a GET looks nothing up, writes
nothing and shows nobody's name; a POST opens the visit and leaves the secret address behind.
"""

from __future__ import annotations

from flask import flash, url_for
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from survey_app.database.queries.invitations import Visit, visit_by_token
from survey_app.links import looks_like_token, token_hash
from survey_app.operations.waves import state_of
from survey_app.operations.wrong_links import WINDOW, note_wrong_link
from survey_app.web.access import visitors
from survey_app.web.dates import day_in_words
from survey_app.web.networks import network
from survey_app.web.participant.delivery import asked_of, delivery_of, is_submitted
from survey_app.web.participant.room import RESUMED, blueprint, show
from survey_app.web.participant.routing import first_unsaved, go_to
from survey_app.web.participant.visits import remember_visit, with_visit
from survey_app.web.service import now, record

BACK_AGAIN = _("You are back where you stopped. What you answered before is kept.")


@blueprint.get("/link/<string:token>")
@visitors
def link(token: str) -> Response:  # noqa: ARG001  # the same page whatever the token
    """Offer to start; nothing about the token is found out."""
    return show("link")


@blueprint.post("/link/<string:token>")
@visitors
def open_link(token: str) -> Response:
    """Open the visit and go to an address without the secret.

    No token of our own page is asked for: the page is the same bytes for everybody and sets no
    cookie, and whoever could forge this post must know the secret in its address.
    """
    hashed = token_hash(token)
    visit = visit_by_token(record(), hashed) if looks_like_token(token) else None
    if visit is None:
        return turn_away(hashed)
    remember_visit(visit.invitation.reference, visit.letter_id)
    return lead_on(visit)


def turn_away(hashed: str) -> Response:
    """Say that a link opens nothing, and slow down whoever tries many different ones."""
    if note_wrong_link(record(), network_hash=network(), token_hash=hashed, at=now()):
        return slowed()
    return show("unknown_link", status=404)


def slowed() -> Response:
    """Say that too much was tried from one network, and that a link that works still opens."""
    answer = show("slowed", status=429)
    answer.headers["Retry-After"] = str(int(WINDOW.total_seconds()))
    return answer


@blueprint.get("/answer/<string:reference>/")
@visitors
@with_visit
def resume(visit: Visit) -> Response:
    """Lead to where this person goes on, or say that the questionnaire is not open."""
    refusal = None if is_submitted(visit) else closed_page(visit)
    return refusal or lead_on(visit)


def lead_on(visit: Visit) -> Response:
    """Lead to where this person goes on; what is not open says so at an address of its own."""
    reference = visit.invitation.reference
    if is_submitted(visit):
        return go_to("receipt", reference)
    if state_of(delivery_of(visit).wave, at=now()) != "open":
        return go_to("resume", reference)
    if visit.submission is None:
        return go_to("consent", reference)
    if visit.values or visit.texts:
        flash(str(BACK_AGAIN), RESUMED)
    page = first_unsaved(visit, asked_of(visit))
    if page is None:
        return go_to("check", reference)
    return go_to("page", reference, key=page.key)


def closed_page(visit: Visit, *, status: int = 200) -> Response | None:
    """Say that a questionnaire is not open, and when it is; None while it is open."""
    delivery = delivery_of(visit)
    state = state_of(delivery.wave, at=now())
    if state == "open":
        return None
    return show(
        "closed",
        study=delivery.definition,
        status=status,
        is_closed=state == "closed",
        opens_on=day_in_words(delivery.wave.opens_on),
        closes_on=day_in_words(delivery.wave.closes_on),
        has_answers=bool(visit.values or visit.texts),
        withdraw_url=url_for("participant.withdrawing", reference=visit.invitation.reference),
    )
