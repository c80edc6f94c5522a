"""Stopping reminders: mail programs post here by themselves, people press a button.

Opening the address changes nothing, because scanners do; no cookie is read or set, because a mail
program has none; and every post is answered 200, because a program would go on trying (RFC 8058).
"""

from __future__ import annotations

from werkzeug.wrappers import Response

from survey_app.database.queries.letters import participant_of_letter
from survey_app.operations.sending import stop_reminders
from survey_app.signed_letters import signed_letter
from survey_app.web.access import visitors
from survey_app.web.participant.room import blueprint, show
from survey_app.web.service import now, record, service

BY_PARTICIPANT = "participant"


@blueprint.get("/stop-reminders/<string:token>")
@visitors
def ask_to_stop(token: str) -> Response:  # noqa: ARG001  # the same page whatever the token
    """Offer a button; nothing about the token is found out."""
    return show("stop_reminders")


@blueprint.post("/stop-reminders/<string:token>")
@visitors
def stop(token: str) -> Response:
    """Stop the reminders of the person this letter was written to."""
    letter_id = signed_letter(token, "stop", key=service().settings.secret_key)
    participant = participant_of_letter(record(), letter_id) if letter_id else None
    if participant is None:
        return show("reminders_not_stopped")
    stop_reminders(record(), participant=participant, by=BY_PARTICIPANT, at=now())
    return show("reminders_stopped")
