"""What a posted page says, beside what is on record; and keeping what cannot be saved."""

from __future__ import annotations

import re
from dataclasses import replace

from flask import request

from instruments.questionnaire import Page
from survey_app.database.queries.invitations import Visit
from survey_app.operations.submissions import PageAnswers, hold_page, lock_answers, take_turn
from survey_app.web.participant.delivery import Delivery, asked_of, delivery_of
from survey_app.web.participant.forms import PageForm
from survey_app.web.participant.merging import changed_in
from survey_app.web.service import now, record

# No question can have these names: they have a hyphen.
SHOWN_QUESTIONS = "shown-questions"
PAGE_WINDOW = "page-window"
PAGE_TURN = "page-turn"

TOO_LONG = "comment too long"
NOT_OFFERED = "an answer that was not offered"
CLOSED = "posted after the wave closed"
SUBMITTED = "posted after submission"
UNKNOWN = "a page that is not in the questionnaire"
_OUR_FIELDS = frozenset(
    {"csrf_token", "shown", "back", "then", SHOWN_QUESTIONS, PAGE_WINDOW, PAGE_TURN}
)
_LONGEST_KEY = 200

_WINDOW = re.compile(r"[0-9a-f]{16}")
_LAST_TURN = 2**31 - 1


def page_of(delivery: Delivery, key: str) -> Page | None:
    """Give a page with all its questions, whoever is asked them; None where there is none."""
    return next((page for page in delivery.questionnaire.pages if page.key == key), None)


def page_as_asked(visit: Visit, whole: Page) -> Page | None:
    """Give the page with the questions asked of this person; None where none of them is."""
    pages = asked_of(visit).pages
    return next((page for page in pages if page.key == whole.key), None)


def page_posted(visit: Visit, key: str) -> Page | None:
    """Give the page as it was shown: what is asked, and where, may have changed since.

    None where nothing of it is known any more.
    """
    delivery = delivery_of(visit)
    shown = request.form.get(SHOWN_QUESTIONS, "").split()
    known = {q.id: page for page in delivery.questionnaire.pages for q in page.questions}
    found = [name for name in dict.fromkeys(shown) if name in known]
    if found:
        questions = tuple(delivery.questionnaire.question(name) for name in found)
        return replace(known[found[0]], questions=questions)
    whole = page_of(delivery, key)
    return whole and (page_as_asked(visit, whole) or whole)


def on_record(visit: Visit) -> PageAnswers:
    """Give every answer saved so far."""
    return PageAnswers(values=visit.values, texts=visit.texts)


def changes_of(visit: Visit, asked: Page, form: PageForm) -> frozenset[str]:
    """Give the questions whose answer this post changes, and wait for whoever saves the same.

    A post that a later one of its window has overtaken changes nothing. What is on record must be
    read after this.
    """
    if visit.submission is None:
        return frozenset()
    lock_answers(record(), submission=visit.submission)
    window, turn = request.form.get(PAGE_WINDOW, ""), request.form.get(PAGE_TURN, 0, type=int)
    if (
        _WINDOW.fullmatch(window)
        and 0 < turn <= _LAST_TURN
        and not take_turn(record(), submission=visit.submission, window=window, turn=turn)
    ):
        return frozenset()
    shown = request.form.get("shown", "")
    return changed_in(asked, posted=form.answers, shown=shown) - form.faults.keys()


def hold(visit: Visit, asked: Page, form: PageForm, reason: str) -> None:
    """Keep a posted page as it came, for a person to look at."""
    hold_page(
        record(),
        invitation=visit.invitation,
        page=asked.key,
        posted=form.typed,
        reason=reason,
        at=now(),
    )


def hold_unknown(visit: Visit, key: str) -> bool:
    """Keep what was posted for a page that is not known; False where nothing was answered."""
    typed = {
        name: value
        for name, value in request.form.items()
        if name not in _OUR_FIELDS and value.strip()
    }
    if typed:
        hold_page(
            record(),
            invitation=visit.invitation,
            page=key[:_LONGEST_KEY],
            posted=typed,
            reason=UNKNOWN,
            at=now(),
        )
    return bool(typed)


def hold_faulty(visit: Visit, asked: Page, form: PageForm) -> None:
    """Keep a posted page of which an answer could not be taken."""
    faulty = {question.kind for question in asked.questions if question.id in form.faults}
    hold(visit, asked, form, TOO_LONG if "text" in faulty else NOT_OFFERED)
