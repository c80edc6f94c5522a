"""The end of answering: check, submit, the receipt, and leaving the computer."""

from __future__ import annotations

from flask import flash, url_for
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from survey_app.database.queries.invitations import Visit, has_receipt_letter
from survey_app.operations.errors import WaveNotOpenError
from survey_app.operations.submissions import send_receipt, submit
from survey_app.operations.waves import day_in_england
from survey_app.trial.design import StudyDefinition
from survey_app.web.access import visitors
from survey_app.web.dates import day_in_words, moment_in_words
from survey_app.web.participant.delivery import (
    added_since_start,
    asked_of,
    delivery_of,
    is_final,
    is_submitted,
)
from survey_app.web.participant.forms import EmptyForm
from survey_app.web.participant.opening import closed_page
from survey_app.web.participant.presenters import checked_pages, kept_and_not_asked
from survey_app.web.participant.room import RESUMED, blueprint, show
from survey_app.web.participant.routing import go_to
from survey_app.web.participant.visits import forget_visit, with_visit
from survey_app.web.service import now, record, service
from survey_app.web.waking import wake_worker_after

NOT_ASKED_FOR = _("The copy was not asked for. Press “Email me a copy of this receipt” again")
ADDED = _(
    "The study team has added a question since you began. Your answers are saved and not submitted "
    "yet. You can leave the new question out."
)
FORGED = _("Your answers are saved but were not submitted. Press “Submit my answers” again")


@blueprint.get("/answer/<string:reference>/check")
@visitors
@with_visit
def check(visit: Visit) -> Response:
    """Show every answer before it is submitted."""
    reference = visit.invitation.reference
    if visit.submission is None:
        return go_to("consent", reference)
    if is_final(visit):
        return go_to("receipt", reference)
    return closed_page(visit) or _show_check(visit)


@blueprint.post("/answer/<string:reference>/check")
@visitors
@with_visit
def submit_answers(visit: Visit) -> Response:
    """Submit the answers; pressed twice, it gives the same receipt."""
    reference = visit.invitation.reference
    if visit.submission is None:
        return go_to("consent", reference)
    if is_submitted(visit):
        return go_to("receipt", reference)
    if not EmptyForm().validate():
        return _show_check(visit, errors=[(FORGED, "#submit")], status=400)
    added = added_since_start(visit)
    if added is not None:
        flash(str(ADDED), RESUMED)
        return go_to("page", reference, key=added.key, back="check")
    try:
        submit(
            record(),
            study=visit.study,
            invitation=visit.invitation,
            submission=visit.submission,
            key=service().settings.secret_key,
            at=now(),
            rng=service().rng,
        )
    except WaveNotOpenError:
        return closed_page(visit, status=409) or go_to("check", reference)
    # The letter of thanks can wait the minute until the worker looks by itself.
    return go_to("receipt", reference)


def _show_check(
    visit: Visit, *, errors: list[tuple[str, str]] | None = None, status: int = 200
) -> Response:
    delivery = delivery_of(visit)
    pages = checked_pages(visit, asked_of(visit))
    return show(
        "check",
        study=delivery.definition,
        status=status,
        errors=errors or [],
        pages=pages,
        is_submitted=is_submitted(visit),
        changes_until=_changes_until(visit),
        receipt_url=url_for("participant.receipt", reference=visit.invitation.reference),
        n_unanswered=sum(not row["value"] for page in pages for row in page.rows),
        no_longer_asked=kept_and_not_asked(visit, delivery.questionnaire),
        back_url=_back_from_check(visit),
    )


def _back_from_check(visit: Visit) -> str:
    reference = visit.invitation.reference
    if is_submitted(visit):
        return url_for("participant.receipt", reference=reference)
    return url_for("participant.page", reference=reference, key=asked_of(visit).pages[-1].key)


def _changes_until(visit: Visit) -> str:
    """The day until which submitted answers may be changed; empty where they may not."""
    wave = delivery_of(visit).wave
    return day_in_words(wave.closes_on) if wave.changes_after_submission else ""


@blueprint.get("/answer/<string:reference>/saved")
@visitors
@with_visit
def saved(visit: Visit) -> Response:
    """Say that the answers are kept, and how to come back to them."""
    if is_submitted(visit):
        return go_to("receipt", visit.invitation.reference)
    delivery = delivery_of(visit)
    return show(
        "saved",
        study=delivery.definition,
        closes_on=day_in_words(delivery.wave.closes_on),
        withdraw_url=url_for("participant.withdrawing", reference=visit.invitation.reference),
        resume_url=url_for("participant.resume", reference=visit.invitation.reference),
        leave_url=url_for("participant.leave", reference=visit.invitation.reference),
    )


@blueprint.get("/answer/<string:reference>/receipt")
@visitors
@with_visit
def receipt(visit: Visit) -> Response:
    """Show the receipt, what comes next, and where support is to be found."""
    return _show_receipt(visit)


@blueprint.post("/answer/<string:reference>/receipt")
@visitors
@with_visit
def email_receipt(visit: Visit) -> Response:
    """Send a copy of the receipt, once, to the address that was written to."""
    reference = visit.invitation.reference
    if not is_submitted(visit):
        return go_to("resume", reference)
    if not EmptyForm().validate():
        return _show_receipt(visit, errors=[(NOT_ASKED_FOR, "#copy")], status=400)
    if visit.has_mailbox:
        key = service().settings.secret_key
        send_receipt(record(), invitation=visit.invitation, key=key, at=now())
    return wake_worker_after(go_to("receipt", reference), "deliver_letters")


def _show_receipt(
    visit: Visit, *, errors: list[tuple[str, str]] | None = None, status: int = 200
) -> Response:
    if visit.submission is None or visit.submission.submitted_at is None:
        return go_to("resume", visit.invitation.reference)
    definition = delivery_of(visit).definition
    return show(
        "receipt",
        study=definition,
        status=status,
        errors=errors or [],
        may_ask_for_copy=visit.has_mailbox,
        is_copy_asked_for=has_receipt_letter(record(), visit.invitation),
        receipt=visit.submission.receipt,
        submitted=moment_in_words(visit.submission.submitted_at),
        changes_until="" if is_final(visit) else _changes_until(visit),
        withdraw_url=url_for("participant.withdrawing", reference=visit.invitation.reference),
        check_url=url_for("participant.check", reference=visit.invitation.reference),
        next_opens_on=_next_opening(definition),
        signposting=definition.signposting.paragraphs,
        contact_email=definition.study.contact_email,
        leave_url=url_for("participant.leave", reference=visit.invitation.reference),
    )


def _next_opening(definition: StudyDefinition) -> str:
    today = day_in_england(now())
    later = [wave.opens_on for wave in definition.waves if wave.opens_on > today]
    return day_in_words(min(later)) if later else ""


@blueprint.post("/answer/<string:reference>/leave")
@visitors
def leave(reference: str) -> Response:
    """Forget the visit in this browser; forged, this would do no more harm than a closed window."""
    forget_visit(reference)
    return go_to("left", reference)


@blueprint.get("/answer/<string:reference>/left")
@visitors
def left(reference: str) -> Response:  # noqa: ARG001  # the same page for everybody
    """Say that this computer holds nothing of the questionnaire any more."""
    return show("left")
