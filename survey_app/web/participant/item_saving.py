"""Answers saved while their page is being answered, where the browser runs the page's script.

The script posts the whole page as it stands, with the marks of what is saved already. It is told
"saved" by the marks that come back, and by nothing else: those it carries from then on. A page
saved so is not a page sent, so one comes back to it.
"""

from __future__ import annotations

from flask import abort, jsonify, request
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from survey_app.database.queries.invitations import Visit
from survey_app.operations.errors import AlreadySubmittedError, WaveNotOpenError
from survey_app.operations.submissions import PageAnswers, save_page
from survey_app.web.access import visitors
from survey_app.web.dates import day_in_words
from survey_app.web.participant.delivery import delivery_of
from survey_app.web.participant.forms import page_form
from survey_app.web.participant.merging import marks_of, merge
from survey_app.web.participant.posts import (
    CLOSED,
    SUBMITTED,
    changes_of,
    hold,
    hold_faulty,
    on_record,
    page_posted,
)
from survey_app.web.participant.room import blueprint
from survey_app.web.participant.visits import find_visit
from survey_app.web.service import now, record

PRESS = _(
    "Not saved yet. Press “Save and continue” to see why: your answers stay on the page until then."
)
AFTER_CLOSING = _(
    "This questionnaire closed at the end of {closes_on}. What you changed on this page after that "
    "was not added to your answers. It was kept, and the study team can see it."
)
AFTER_SUBMISSION = _(
    "Your answers were submitted from another window. What you changed on this page since was not "
    "added to them. It was kept, and the study team can see it."
)


@blueprint.post("/answer/<string:reference>/<string:key>/items")
@visitors
def save_items(reference: str, key: str) -> Response:
    """Save what was changed on a page so far, and say what is saved."""
    visit = find_visit(reference)
    if visit is None or visit.submission is None:
        return _tell(PRESS, 403)
    asked = page_posted(visit, key)
    if asked is None:
        abort(404)
    form = page_form(delivery_of(visit), asked)
    form.validate()
    if form.is_forged:
        return _tell(PRESS, 403)
    changed = changes_of(visit, asked, form)
    untouched = frozenset(question.id for question in asked.questions) - changed
    posted = form.answers
    try:
        save_page(
            record(),
            study=visit.study,
            invitation=visit.invitation,
            submission=visit.submission,
            page=asked,
            answers=PageAnswers(posted.values, posted.texts, untouched),
            at=now(),
            is_draft=True,
        )
    except AlreadySubmittedError:
        if changed or form.faults:
            hold(visit, asked, form, SUBMITTED)
        return _tell(AFTER_SUBMISSION, 409)
    except WaveNotOpenError:
        hold(visit, asked, form, CLOSED)
        return _tell(_after_closing(visit), 409)
    if form.faults and request.form.get("page-leaving"):
        hold_faulty(visit, asked, form)
    sound = {question.id for question in asked.questions} - form.faults.keys()
    shown = merge(posted=posted, saved=on_record(visit), changed=sound)
    return jsonify(shown=marks_of(asked, shown), refused=sorted(form.faults))


def _after_closing(visit: Visit) -> str:
    return str(AFTER_CLOSING).format(closes_on=day_in_words(delivery_of(visit).wave.closes_on))


def _tell(words: object, status: int) -> Response:
    answer = jsonify(told=str(words))
    answer.status_code = status
    return answer
