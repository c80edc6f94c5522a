"""Which questionnaires this browser has opened with a link that works."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from flask import session
from werkzeug.wrappers import Response

from survey_app.database.queries.invitations import Visit, visit_by_letter
from survey_app.web.participant.room import show
from survey_app.web.service import record

# People of one school may answer at one computer; an old visit costs its owner one more click.
MOST_VISITS = 5
_KEY = "visits"


def remember_visit(reference: str, letter_id: int) -> None:
    """Let this browser go on with a questionnaire, by the letter whose link opened it."""
    others = [visit for visit in session.get(_KEY, []) if visit[0] != reference]
    session[_KEY] = [*others, [reference, letter_id]][-MOST_VISITS:]


def forget_visit(reference: str) -> None:
    """Let this browser no longer go on with a questionnaire."""
    session[_KEY] = [visit for visit in session.get(_KEY, []) if visit[0] != reference]


def find_visit(reference: str) -> Visit | None:
    """Give the visit of this reference, if this browser may go on with it.

    The link is looked up again each time, so that one revoked since opens nothing.
    """
    for known, letter_id in session.get(_KEY, []):
        if known == reference:
            return visit_by_letter(record(), letter_id=letter_id, reference=reference)
    return None


def with_visit(view: Callable[..., Response]) -> Callable[..., Response]:
    """Give a view the visit of its reference; without one, show how to open the link again."""

    @wraps(view)
    def guarded(reference: str, **parts: str) -> Response:
        visit = find_visit(reference)
        if visit is None:
            return show("open_again", status=403)
        return view(visit, **parts)

    return guarded
