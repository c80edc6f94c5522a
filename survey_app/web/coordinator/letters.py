"""The outbox: what waits, what left, what was refused; and the pause."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from survey_app.database.queries.outbox import (
    disowned_letters,
    letters_page,
    n_letters_by_state,
    person_sought,
)
from survey_app.operations.errors import OperationError
from survey_app.operations.invitations import n_without_link
from survey_app.operations.pausing import pause_letters, resume_letters
from survey_app.operations.staff import actor
from survey_app.operations.studies import definition_of
from survey_app.operations.waves import state_of
from survey_app.web.access import requires
from survey_app.web.coordinator.letter_lines import disowned_rows, queue_rows, state_links
from survey_app.web.coordinator.room import blueprint
from survey_app.web.dates import moment_in_words
from survey_app.web.pages import paging
from survey_app.web.service import now, record
from survey_app.web.waking import wake_worker_after

_LONGEST = 200


@blueprint.get("/studies/<string:study>/letters")
@requires("send_letters")
def letters(study: str) -> str | Response:
    """The letters by state, newest first; a search leads to one person's page."""
    wanted = request.args.get("person", "").strip()[:_LONGEST]
    if wanted:
        person = person_sought(record(), g.study, wanted)
        if person is not None:
            return redirect(url_for("coordinator.person", study=study, code=person.code), 303)
    design = definition_of(g.study)
    state = request.args.get("state", "")[:20]
    counts = n_letters_by_state(record(), g.study)
    page = paging(
        n_rows=counts.get(state, 0) if state else sum(counts.values()),
        wanted=request.args.get("page", 1, type=int),
        href=lambda number: url_for(
            "coordinator.letters", study=study, state=state or None, page=number
        ),
    )

    def person_href(code: str) -> str:
        return url_for("coordinator.person", study=study, code=code)

    paused_at = g.study.letters_paused_at
    return render_template(
        "coordinator/letters.html",
        study=study,
        wanted=wanted,
        paused_since=moment_in_words(paused_at) if paused_at else "",
        disowned=disowned_rows(disowned_letters(record(), g.study), person_href=person_href),
        without_link=[
            (wave.id, wave.title, n_people)
            for wave in design.waves
            if state_of(wave, at=now()) == "open"
            and (n_people := n_without_link(record(), g.study, wave.id))
        ],
        states=state_links(
            counts,
            current=state,
            href=lambda each: url_for("coordinator.letters", study=study, state=each or None),
        ),
        rows=queue_rows(
            letters_page(record(), g.study, state=state, offset=page.offset, limit=page.limit),
            {wave.id: wave.title for wave in design.waves},
            person_href=person_href,
        ),
        paging=page,
    )


@blueprint.post("/studies/<string:study>/letters/pause")
@requires("send_letters")
def pause(study: str) -> Response:
    """Hold every letter of the study back."""
    try:
        pause_letters(record(), study=g.study, by=actor(g.staff), at=now())
    except OperationError as error:
        flash(str(error), "information")
    else:
        flash("Letters are paused. One that is being sent just now still leaves.", "success")
    return redirect(url_for("coordinator.letters", study=study), 303)


@blueprint.post("/studies/<string:study>/letters/resume")
@requires("send_letters")
def resume(study: str) -> Response:
    """Let the study's letters leave again."""
    response = redirect(url_for("coordinator.letters", study=study), 303)
    try:
        resume_letters(record(), study=g.study, by=actor(g.staff), at=now())
    except OperationError as error:
        flash(str(error), "information")
        return response
    flash("Letters leave again.", "success")
    return wake_worker_after(response, "deliver_letters")
