"""A letter that came to somebody else: they say so, and the study team hears of it."""

from __future__ import annotations

from werkzeug.wrappers import Response

from survey_app.database.queries.invitations import Visit
from survey_app.operations.disowning import disown_letter
from survey_app.web.access import visitors
from survey_app.web.participant.forms import EmptyForm
from survey_app.web.participant.room import blueprint, show
from survey_app.web.participant.routing import go_to
from survey_app.web.participant.visits import forget_visit, with_visit
from survey_app.web.service import now, record


@blueprint.post("/answer/<string:reference>/not-me")
@visitors
@with_visit
def disown(visit: Visit) -> Response:
    """Note that the letter came to the wrong person, and forget the visit in this browser."""
    reference = visit.invitation.reference
    if not EmptyForm().validate():
        return go_to("consent", reference)
    disown_letter(record(), letter_id=visit.letter_id, at=now())
    forget_visit(reference)
    return go_to("disowned", reference)


@blueprint.get("/answer/<string:reference>/not-me")
@visitors
def disowned(reference: str) -> Response:  # noqa: ARG001  # the same page for everybody
    """Thank whoever told us, and say what they can do now."""
    return show("disowned")
