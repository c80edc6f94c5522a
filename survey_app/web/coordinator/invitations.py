"""Inviting people to a wave, and how their letters fare."""

from __future__ import annotations

from flask import abort, flash, g, redirect, render_template, url_for
from werkzeug.wrappers import Response

from survey_app.database.queries.invitations import counts_by_wave
from survey_app.database.queries.rollout import n_to_invite
from survey_app.operations.errors import OperationError
from survey_app.operations.invitations import invite_wave
from survey_app.operations.staff import actor
from survey_app.operations.studies import definition_of
from survey_app.web.access import requires
from survey_app.web.coordinator.presenters import (
    LETTER_STATES,
    leaving_in_words,
    letter_rows,
    wave_lines,
)
from survey_app.web.coordinator.room import blueprint
from survey_app.web.service import now, record, service
from survey_app.web.waking import wake_worker_after


@blueprint.get("/studies/<string:study>/invitations")
@requires("send_letters")
def invitations(study: str) -> str:
    """Each wave with who is still to be invited, and the letters by state."""
    design = definition_of(g.study)
    to_invite = {w.id: n_to_invite(record(), g.study, wave=w.id) for w in design.waves}
    return render_template(
        "coordinator/invitations.html",
        study=study,
        waves=wave_lines(design, to_invite, at=now()),
        columns=["Wave", *(state.capitalize() for state in LETTER_STATES)],
        letters=letter_rows(design, counts_by_wave(record(), g.study)),
        numeric=range(1, len(LETTER_STATES) + 1),
    )


@blueprint.post("/studies/<string:study>/invitations/<string:wave>")
@requires("send_letters")
def invite(study: str, wave: str) -> Response:
    """Invite everybody who is not invited to the wave yet."""
    waves = {each.id: each.title for each in definition_of(g.study).waves}
    if wave not in waves:
        abort(404)
    response = redirect(url_for("coordinator.invitations", study=study), 303)
    try:
        invited = invite_wave(
            record(),
            study=g.study,
            wave=wave,
            key=service().settings.secret_key,
            by=actor(g.staff),
            at=now(),
            rng=service().rng,
        )
    except OperationError:
        flash(f"Nobody was invited: “{waves[wave]}” is not open today.", "information")
        return response
    people = "1 person was" if invited == 1 else f"{invited} people were"
    leaving = leaving_in_words(
        definition_of(g.study), at=now(), keeps_hours=not service().settings.is_demonstration
    )
    flash(f"{people} invited to “{waves[wave]}”. {leaving}", "success")
    return wake_worker_after(response, "deliver_letters")
