"""A letter as one person would get it, with no link that works, and a test to oneself."""

from __future__ import annotations

from dataclasses import replace
from email.message import EmailMessage

from flask import abort, flash, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from survey_app.database.queries.outbox import person_sought
from survey_app.mail.drafts import Recipient, draft_letter
from survey_app.mail.errors import LetterRefused, MailError
from survey_app.mail.letters import compose
from survey_app.mail.posted import PostedLetter, sheet_as_html
from survey_app.mail.transport import transport_for
from survey_app.operations.audit import record_event
from survey_app.operations.staff import actor
from survey_app.operations.studies import definition_of
from survey_app.trial.letter_kinds import LETTER_KINDS, POSTED
from survey_app.web.access import requires
from survey_app.web.coordinator.forms import PreviewForm
from survey_app.web.coordinator.letter_lines import kind_in_words, wave_options
from survey_app.web.coordinator.room import blueprint
from survey_app.web.headers import REPORT_POLICY, use_policy
from survey_app.web.service import now, record, service

# Stands where a letter has its secret. It is too short to be one, so nothing is looked up by it.
PLACEHOLDER = "here-stands-the-link"
PLACEHOLDER_CODE = "XXXX-XXXX-XXXX"
PLACEHOLDER_RECEIPT = "XXXX-XXXX"


@blueprint.get("/studies/<string:study>/letters/preview")
@requires("send_letters")
def preview(study: str) -> str:
    """Choose a letter and a person, and see it as it will be for them."""
    form = PreviewForm(request.args, meta={"csrf": False})
    found = None
    if form.person.data:
        recipient = _recipient(form)
        if recipient is None:
            form.refuse("Nobody on the roster has this address or code", "person")
        elif form.letter.data != POSTED:
            found = _message_or_refusal(form, recipient)
    design = definition_of(g.study)
    return render_template(
        "coordinator/preview.html",
        study=study,
        form=form,
        errors=form.faults,
        letters=[{"value": kind, "label": kind_in_words(kind)} for kind in LETTER_KINDS],
        waves=wave_options(design, [wave.id for wave in design.waves]),
        is_ready=bool(form.person.data) and not form.faults,
        is_posted=form.letter.data == POSTED,
        as_sent_url=url_for(
            "coordinator.preview_as_sent",
            study=study,
            person=form.person.data,
            letter=form.letter.data,
            wave=form.wave.data,
        ),
        own_address=g.staff.email,
        facts=[
            {"key": name, "value": str(found[name])}
            for name in ("From", "To", "Reply-To", "Subject", "List-Unsubscribe")
            if found is not None and found[name] is not None
        ],
        text=_part(found, "plain") if found is not None else "",
    )


@blueprint.get("/studies/<string:study>/letters/preview/as-sent")
@requires("send_letters")
def preview_as_sent(study: str) -> Response:  # noqa: ARG001  # it is in the address
    """The letter's own page, as a mail program shows it, or as it is printed."""
    form = PreviewForm(request.args, meta={"csrf": False})
    recipient = _recipient(form)
    if recipient is None:
        abort(404)
    use_policy(REPORT_POLICY)
    if form.letter.data == POSTED:
        return make_response(_sheet(form))
    found = _message_or_refusal(form, recipient)
    if found is None:
        abort(404)
    return make_response(_part(found, "html"))


@blueprint.post("/studies/<string:study>/letters/preview")
@requires("send_letters")
def send_test(study: str) -> Response:
    """Send the letter to whoever is signed in, marked as a test, with no link that works."""
    form = PreviewForm()
    recipient = _recipient(form)
    if recipient is None or form.letter.data == POSTED:
        abort(404)
    response = redirect(
        url_for(
            "coordinator.preview",
            study=study,
            person=form.person.data,
            letter=form.letter.data,
            wave=form.wave.data,
        ),
        303,
    )
    try:
        message = _message(form, replace(recipient, email=g.staff.email))
        message.replace_header("Subject", f"Test: {message['Subject']}")
        with transport_for(service().settings) as carrier:
            carrier.send(message)
    except MailError as error:
        flash(f"The test was not sent. {error}", "information")
        return response
    record_event(
        record(),
        "test_letter_sent",
        by=actor(g.staff),
        at=now(),
        subject=f"study:{g.study.id}",
        study_id=g.study.id,
        kind=form.letter.data,
    )
    flash(f"A test was sent to {g.staff.email}.", "success")
    return response


def _recipient(form: PreviewForm) -> Recipient | None:
    """Whom the letter would be for; refused where letter or wave are none of the study's."""
    waves = [wave.id for wave in definition_of(g.study).waves]
    form.letter.data = form.letter.data or next(iter(LETTER_KINDS))
    form.wave.data = form.wave.data or waves[0]
    if form.letter.data not in LETTER_KINDS or form.wave.data not in waves:
        abort(404)
    person = person_sought(record(), g.study, (form.person.data or "").strip()[:200])
    if person is None or person.contact is None:
        return None
    return Recipient(
        person.contact.name, person.contact.email, person.school.name, PLACEHOLDER_RECEIPT
    )


def _message(form: PreviewForm, recipient: Recipient) -> EmailMessage:
    settings, design = service().settings, definition_of(g.study)
    draft = draft_letter(
        design,
        design.wave(form.wave.data or ""),
        form.letter.data or "",
        recipient,
        letter_id=0,
        queued_at=now(),
        link=f"{settings.base_url}/link/{PLACEHOLDER}",
        stop_address=f"{settings.base_url}/stop-reminders/{PLACEHOLDER}",
    )
    return compose(draft, mail_from=settings.mail_from, base_url=settings.base_url, at=now())


def _message_or_refusal(form: PreviewForm, recipient: Recipient) -> EmailMessage | None:
    try:
        return _message(form, recipient)
    except LetterRefused as error:
        form.refuse(str(error), "person")
        return None


def _sheet(form: PreviewForm) -> str:
    person = person_sought(record(), g.study, (form.person.data or "").strip()[:200])
    assert person is not None  # noqa: S101  # it was found for this request already
    letter = PostedLetter(
        participant=person.code,
        name=person.contact.name if person.contact else "",
        school=person.school.name,
        authority=person.school.authority.name,
        code=PLACEHOLDER_CODE,
    )
    return sheet_as_html(
        [letter],
        definition=definition_of(g.study),
        wave=form.wave.data or "",
        base_url=service().settings.base_url,
    )


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    assert part is not None  # noqa: S101  # a letter is written with both
    return str(part.get_content())
