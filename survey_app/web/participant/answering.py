"""The pages of questions: shown, saved one at a time, and kept when they cannot be saved."""

from __future__ import annotations

from collections.abc import Mapping

from flask import abort, flash, request, url_for
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from instruments.missing import NOT_ANSWERED
from instruments.questionnaire import Page
from instruments.routing import Answers
from survey_app.database.queries.invitations import Visit, unopened_visit
from survey_app.operations.errors import AlreadySubmittedError, WaveNotOpenError
from survey_app.operations.submissions import PageAnswers, save_page
from survey_app.web.access import visitors
from survey_app.web.dates import day_in_words
from survey_app.web.headers import SCRIPTED_PAGE_POLICY, use_policy
from survey_app.web.participant.delivery import delivery_of, is_final, is_submitted
from survey_app.web.participant.forms import PageForm, page_form
from survey_app.web.participant.merging import differs, marks_of, merge
from survey_app.web.participant.opening import closed_page
from survey_app.web.participant.posts import (
    CLOSED,
    SHOWN_QUESTIONS,
    SUBMITTED,
    changes_of,
    hold,
    hold_faulty,
    hold_unknown,
    on_record,
    page_as_asked,
    page_of,
    page_posted,
)
from survey_app.web.participant.presenters import as_posted, error_lines, progress_in_words
from survey_app.web.participant.room import blueprint, show
from survey_app.web.participant.routing import go_to, neighbours, newly_asked
from survey_app.web.participant.visits import find_visit, with_visit
from survey_app.web.questions import printed_questions
from survey_app.web.service import now, record

FORGED = _("This page was not saved. Your answers are still below: press “Save and continue” again")
LOST = _("This page was not saved yet. Your answers are still below")
CAME_LATE = _("The questionnaire closed at the end of {closes_on}, before this page reached us.")
NO_SUCH_PAGE = _("This questionnaire no longer has the page you sent.")
SHOWN = 200
HELD_AFTER_SUBMISSION = _(
    "You had already submitted your answers when that page arrived, and it said something else. "
    "Your submitted answers have not changed. The page was kept, and the study team can see it."
)


@blueprint.get("/answer/<string:reference>/<string:key>")
@visitors
@with_visit
def page(visit: Visit, key: str) -> Response:
    """Show a page of questions with the answers saved so far."""
    whole = page_of(delivery_of(visit), key)
    if whole is None:
        abort(404)
    reference = visit.invitation.reference
    if visit.submission is None:
        return go_to("consent", reference)
    if is_final(visit):
        return go_to("receipt", reference)
    asked = page_as_asked(visit, whole)
    if asked is None:
        return go_to("resume", reference)
    return closed_page(visit) or _show_page(
        visit,
        asked,
        answers=as_posted(on_record(visit)),
        marks=marks_of(asked, on_record(visit)),
        goes_to_check=request.args.get("back") == "check" or is_submitted(visit),
    )


@blueprint.post("/answer/<string:reference>/<string:key>")
@visitors
def save(reference: str, key: str) -> Response:
    """Save a page and go on; whatever cannot be saved is shown again or held, never dropped."""
    visit = find_visit(reference)
    if visit is None:
        return _give_back(reference, key)
    if visit.submission is None:
        return go_to("consent", reference)
    asked = page_posted(visit, key)
    if asked is None:
        return _after_all_changed(visit, key)
    form = page_form(delivery_of(visit), asked)
    form.validate()
    if form.is_forged:
        return _show_again(visit, asked, form, errors=[(FORGED, f"#{asked.questions[0].id}")])
    changed = changes_of(visit, asked, form)
    saved = on_record(visit)
    answers = merge(posted=form.answers, saved=saved, changed=changed)
    try:
        save_page(
            record(),
            study=visit.study,
            invitation=visit.invitation,
            submission=visit.submission,
            page=asked,
            answers=answers,
            at=now(),
        )
    except AlreadySubmittedError:
        return _after_submission(visit, asked, form, has_changed=differs(asked, answers, saved))
    except WaveNotOpenError:
        return _after_closing(visit, asked, form)
    if form.faults:
        return _refuse(visit, asked, form, answers)
    return _go_on(visit, asked, before=saved, answers=answers)


def _go_on(visit: Visit, asked: Page, *, before: PageAnswers, answers: PageAnswers) -> Response:
    reference = visit.invitation.reference
    if request.form.get("then") == "leave":
        return go_to("saved", reference)
    questionnaire = delivery_of(visit).questionnaire
    saved = _with_page(before, asked, answers)
    if request.form.get("back") == "check" or is_submitted(visit):
        opened = newly_asked(questionnaire, before={**before.values, **before.texts}, after=saved)
        if opened is not None:
            return go_to("page", reference, key=opened.key, back="check")
        return go_to("check", reference)
    _, after = neighbours(questionnaire, asked, saved)
    return go_to("page", reference, key=after.key) if after else go_to("check", reference)


def _with_page(before: PageAnswers, asked: Page, answers: PageAnswers) -> Answers:
    """What is on record once a page is saved."""
    on_page = dict.fromkeys((question.id for question in asked.questions), NOT_ANSWERED)
    return {**before.values, **before.texts, **on_page, **answers.values, **answers.texts}


def _refuse(visit: Visit, asked: Page, form: PageForm, answers: PageAnswers) -> Response:
    hold_faulty(visit, asked, form)
    typed = {question: text for question, text in form.typed.items() if question in form.faults}
    return _show_page(
        visit,
        asked,
        answers=as_posted(answers) | typed,
        marks=marks_of(asked, answers),
        faults=form.faults,
        errors=error_lines(asked, form.faults),
        goes_to_check=request.form.get("back") == "check",
        is_held=True,
        status=400,
    )


def _show_again(
    visit: Visit, asked: Page, form: PageForm, errors: list[tuple[str, str]]
) -> Response:
    return _show_page(
        visit,
        asked,
        answers=form.typed,
        marks=request.form.get("shown", ""),
        errors=errors,
        goes_to_check=request.form.get("back") == "check",
        status=400,
    )


def _after_submission(visit: Visit, asked: Page, form: PageForm, *, has_changed: bool) -> Response:
    if has_changed or form.faults:
        hold(visit, asked, form, SUBMITTED)
        flash(str(HELD_AFTER_SUBMISSION), "information")
    return go_to("receipt", visit.invitation.reference)


def _after_closing(visit: Visit, asked: Page, form: PageForm) -> Response:
    hold(visit, asked, form, CLOSED)
    closes_on = day_in_words(delivery_of(visit).wave.closes_on)
    return _show_held(visit, str(CAME_LATE).format(closes_on=closes_on))


def _after_all_changed(visit: Visit, key: str) -> Response:
    if not hold_unknown(visit, key):
        abort(404)
    return _show_held(visit, str(NO_SUCH_PAGE))


def _show_held(visit: Visit, why: str) -> Response:
    definition = delivery_of(visit).definition
    return show(
        "held",
        study=definition,
        status=409,
        why=why,
        contact_email=definition.study.contact_email,
    )


def _give_back(reference: str, key: str) -> Response:
    """Show a page whose visit was lost, with all that was typed and nothing that is on record."""
    visit = unopened_visit(record(), reference)
    if visit is None:
        return show("open_again", status=403)
    asked = page_posted(visit, key)
    if asked is None:
        abort(404)
    form = page_form(delivery_of(visit), asked)
    form.validate()
    return _show_page(
        visit,
        asked,
        answers=form.typed,
        marks=request.form.get("shown", ""),
        errors=[(LOST, f"#{asked.questions[0].id}")],
        goes_to_check=request.form.get("back") == "check",
        is_lost=True,
        status=403,
    )


def _show_page(
    visit: Visit,
    asked: Page,
    *,
    answers: Mapping[str, str],
    marks: str,
    faults: Mapping[str, str] | None = None,
    errors: list[tuple[str, str]] | None = None,
    goes_to_check: bool = False,
    is_lost: bool = False,
    is_held: bool = False,
    status: int = SHOWN,
) -> Response:
    delivery = delivery_of(visit)
    # What was submitted changes by the press of a button only, never while somebody types.
    items_url = (
        ""
        if is_lost or is_submitted(visit)
        else url_for("participant.save_items", reference=visit.invitation.reference, key=asked.key)
    )
    if items_url:
        use_policy(SCRIPTED_PAGE_POLICY)
    before, _ = neighbours(delivery.questionnaire, asked, visit.answers)
    reference = visit.invitation.reference
    if goes_to_check:
        back_url = url_for("participant.check", reference=reference)
    elif before is None:
        back_url = url_for("participant.consent", reference=reference)
    else:
        back_url = url_for("participant.page", reference=reference, key=before.key)
    return show(
        "page",
        study=delivery.definition,
        status=status,
        step=progress_in_words(delivery.questionnaire, asked, visit.answers),
        page=asked,
        questions=printed_questions(asked, answers=answers, faults=faults or {}),
        marks=marks,
        shown_questions_name=SHOWN_QUESTIONS,
        errors=errors or [],
        back_url="" if is_lost else back_url,
        goes_to_check=goes_to_check,
        is_lost=is_lost,
        is_held=is_held,
        is_submitted=is_submitted(visit),
        is_unsaved=status != SHOWN,
        items_url=items_url,
        warning=(
            delivery.definition.open_questions.warning
            if any(question.kind == "text" for question in asked.questions)
            else ""
        ),
    )
