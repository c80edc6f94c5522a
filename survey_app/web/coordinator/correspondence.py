"""One person's letters and their course, and what a coordinator can do about them."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, g, redirect, render_template, url_for
from werkzeug.wrappers import Response

from survey_app.database.queries.outbox import (
    correspondence_with,
    letter_of_study,
    person_sought,
)
from survey_app.database.queries.people import (
    follower_of,
    moved_on_as,
    person_by_id,
    places_of,
)
from survey_app.database.queries.studies import randomisation_of
from survey_app.database.queries.timeline import TimelineEntry, timeline_of
from survey_app.database.queries.trail import staff_names
from survey_app.operations.disowning import settle_disowned
from survey_app.operations.errors import OperationError
from survey_app.operations.invitations import awaiting_reply
from survey_app.operations.link_requests import send_new_link
from survey_app.operations.revocation import revoke_letter, revoke_links
from survey_app.operations.sending import allow_reminders, resend_letter, stop_reminders
from survey_app.operations.staff import actor
from survey_app.operations.studies import definition_of
from survey_app.operations.waves import state_of
from survey_app.trial.letter_kinds import REMINDERS
from survey_app.web.access import requires
from survey_app.web.coordinator.letter_lines import name_of, timeline_rows, wave_lines
from survey_app.web.coordinator.place_lines import place_rows, standing_facts
from survey_app.web.coordinator.room import blueprint
from survey_app.web.dates import moment_in_words
from survey_app.web.people import staff_ids_in
from survey_app.web.service import now, record, service
from survey_app.web.waking import wake_worker_after


@blueprint.get("/studies/<string:study>/people/<string:code>")
@requires("send_letters")
def person(study: str, code: str) -> str:
    """Whom we wrote to, every letter with its link, and what happened when."""
    someone = _person_or_404(code)
    found = correspondence_with(record(), someone)
    names = staff_names(record(), staff_ids_in(act.by for act in found.acts))
    design = definition_of(g.study)
    places = places_of(record(), someone)
    return render_template(
        "coordinator/person.html",
        study=study,
        code=someone.code,
        name=name_of(someone),
        facts=[
            {"key": "Code", "value": someone.code},
            {"key": "Email", "value": someone.contact.email if someone.contact else ""},
            {
                "key": "School",
                "value": someone.school.name,
                "href": url_for("coordinator.school", study=study, urn=someone.school.urn),
                "action": "See",
            },
            {"key": "Role", "value": someone.role},
            *_how_they_came_and_left(study, someone),
            *_standing_of_address(someone),
            *(
                [{"key": "Withdrawn", "value": moment_in_words(someone.withdrawn_at)}]
                if someone.withdrawn_at
                else []
            ),
        ],
        places=place_rows(
            places,
            school_href=lambda urn: url_for("coordinator.school", study=study, urn=urn),
        ),
        elsewhere=[
            {"name": place.school.name, "urn": place.school.urn}
            for place in places
            if place.until_on is None and place.school_id != someone.school_id
        ],
        may_change="import_roster" in g.permissions and someone.merged_into_id is None,
        has_withdrawn=someone.withdrawn_at is not None,
        has_left=someone.left_on is not None,
        may_come_back=someone.left_on is not None and someone.left_because != "moved",
        may_follow=someone.left_on is not None and follower_of(record(), someone) is None,
        waves=wave_lines(design, found, at=now()),
        takes_reminders=someone.reminders_stopped_at is None,
        has_link=any(letter.revoked_at is None for letter in found.letters),
        timeline=timeline_rows(
            _shown(timeline_of(record(), someone, reminders=REMINDERS)),
            found.acts,
            names,
            {wave.id: wave.title for wave in design.waves},
        ),
    )


@blueprint.post("/studies/<string:study>/people/<string:code>/new-link/<string:wave>")
@requires("send_letters")
def new_link_to(study: str, code: str, wave: str) -> Response:
    """Send a person a letter with a new link, also where all they had were taken back."""
    someone = _person_or_404(code)
    waves = {each.id: each for each in definition_of(g.study).waves}
    if wave not in waves:
        abort(404)
    response = _back_to(study, code)
    invitations = awaiting_reply(
        record(), g.study, wave, people=[someone.id], even_without_link=True
    )
    if state_of(waves[wave], at=now()) != "open" or not invitations:
        flash("No letter was sent: the questionnaire is not open, or is submitted.", "information")
        return response
    for invitation in invitations:
        send_new_link(
            record(),
            study=g.study,
            invitation=invitation,
            key=service().settings.secret_key,
            by=actor(g.staff),
            at=now(),
        )
    flash(f"A letter with a new link is on its way to {name_of(someone)}.", "success")
    return wake_worker_after(response, "deliver_letters")


def _how_they_came_and_left(study: str, someone: Any) -> list[dict[str, str]]:
    """Whom a person follows and is followed by, and where they were before."""
    return standing_facts(
        someone,
        before=person_by_id(record(), g.study, someone.succeeds_id),
        after=follower_of(record(), someone),
        came_from=person_by_id(record(), g.study, someone.came_from_id),
        now_at=person_by_id(record(), g.study, someone.merged_into_id)
        or moved_on_as(record(), someone),
        person_href=lambda code: url_for("coordinator.person", study=study, code=code),
    )


def _standing_of_address(someone: Any) -> list[dict[str, str]]:
    """Whether letters reach a person, and whether reminders are wanted."""
    facts = []
    if someone.contact and someone.contact.undeliverable_at:
        since = moment_in_words(someone.contact.undeliverable_at)
        facts.append(
            {
                "key": "Letters",
                "value": f"Come back, as we know since {since}. Nothing more is sent until the "
                "roster has another address.",
            }
        )
    if someone.reminders_stopped_at:
        since = moment_in_words(someone.reminders_stopped_at)
        facts.append({"key": "Reminders", "value": f"Not wanted since {since}"})
    return facts


@blueprint.post("/studies/<string:study>/people/<string:code>/stop-reminders")
@requires("send_letters")
def stop_reminders_to(study: str, code: str) -> Response:
    """Remind a person no more who asked for that in a reply."""
    someone = _person_or_404(code)
    stop_reminders(record(), participant=someone, by=actor(g.staff), at=now())
    flash(f"{name_of(someone)} is sent no more reminders.", "success")
    return _back_to(study, code)


@blueprint.post("/studies/<string:study>/people/<string:code>/allow-reminders")
@requires("send_letters")
def allow_reminders_to(study: str, code: str) -> Response:
    """Remind a person again."""
    someone = _person_or_404(code)
    allow_reminders(record(), participant=someone, by=actor(g.staff), at=now())
    flash(f"{name_of(someone)} is reminded again.", "success")
    return _back_to(study, code)


@blueprint.post("/studies/<string:study>/people/<string:code>/take-back")
@requires("send_letters")
def take_back_all(study: str, code: str) -> Response:
    """Make every link and code of one person dead."""
    someone = _person_or_404(code)
    try:
        links = revoke_links(record(), participant=someone, by=actor(g.staff), at=now())
    except OperationError as error:
        flash(str(error), "information")
    else:
        flash(
            f"Links and codes that no longer work: {links}. {name_of(someone)} is sent no reminder "
            "until you send a new link.",
            "success",
        )
    return _back_to(study, code)


@blueprint.post("/studies/<string:study>/letters/<int:letter>/take-back")
@requires("send_letters")
def take_back(study: str, letter: int) -> Response:
    """Make the link or code of one letter dead."""
    found = _letter_or_404(letter)
    try:
        revoke_letter(record(), letter=found, by=actor(g.staff), at=now())
    except OperationError as error:
        flash(str(error), "information")
    else:
        flash(f"The link of letter {letter} no longer works.", "success")
    return _back_to(study, found.invitation.participant.code)


@blueprint.post("/studies/<string:study>/letters/<int:letter>/resend")
@requires("send_letters")
def resend(study: str, letter: int) -> Response:
    """Send a letter again: one that was refused as it is, one that was sent as a new one."""
    found = _letter_or_404(letter)
    response = _back_to(study, found.invitation.participant.code)
    try:
        resend_letter(
            record(),
            letter=found,
            key=service().settings.secret_key,
            by=actor(g.staff),
            at=now(),
        )
    except OperationError as error:
        flash(str(error), "information")
        return response
    flash(f"Letter {letter} is on its way again.", "success")
    return wake_worker_after(response, "deliver_letters")


@blueprint.post("/studies/<string:study>/letters/<int:letter>/settle")
@requires("send_letters")
def settle(study: str, letter: int) -> Response:
    """Note that a letter that came to somebody else was looked into."""
    found = _letter_or_404(letter)
    settle_disowned(record(), letter=found, by=actor(g.staff), at=now())
    flash("That is settled. Reminders to this person go on.", "success")
    return _back_to(study, found.invitation.participant.code)


def _person_or_404(code: str) -> Any:
    someone = person_sought(record(), g.study, code)
    if someone is None or someone.code != code:
        abort(404)
    return someone


def _letter_or_404(letter_id: int) -> Any:
    found = letter_of_study(record(), g.study, letter_id)
    if found is None:
        abort(404)
    return found


def _back_to(study: str, code: str) -> Response:
    return redirect(url_for("coordinator.person", study=study, code=code), 303)


def _shown(entries: list[TimelineEntry]) -> list[TimelineEntry]:
    """Leave out the single savings where they would tell the arm: one arm is asked more."""
    if "see_arms" in g.permissions or randomisation_of(record(), g.study) is None:
        return entries
    return [entry for entry in entries if entry.what != "saved"]
