"""Where a person goes on: what is done and what comes next."""

from __future__ import annotations

from typing import Any

from flask import redirect, url_for
from werkzeug.wrappers import Response

from instruments.questionnaire import Page, Questionnaire
from instruments.routing import Answers
from survey_app.database.queries.invitations import Visit


def go_to(endpoint: str, reference: str, **values: Any) -> Response:
    """Lead on to another page of the questionnaire."""
    return redirect(url_for(f"participant.{endpoint}", reference=reference, **values), 303)


def first_unsaved(visit: Visit, questionnaire: Questionnaire) -> Page | None:
    """Give the first page that was not sent as a whole; None when each was."""
    return next((page for page in questionnaire.pages if not _is_saved(visit, page)), None)


def _is_saved(visit: Visit, page: Page) -> bool:
    values, texts, drafts = visit.values, visit.texts, visit.drafts
    return all(
        question.id in (values if question.kind == "choice" else texts)
        and question.id not in drafts
        for question in page.questions
    )


def neighbours(
    questionnaire: Questionnaire, page: Page, answers: Answers
) -> tuple[Page | None, Page | None]:
    """Give the pages asked before and after one; None at either end."""
    order = [each.key for each in questionnaire.pages]
    place = order.index(page.key)
    asked = questionnaire.asked(answers).pages
    before = [each for each in asked if order.index(each.key) < place]
    after = [each for each in asked if order.index(each.key) > place]
    return (before[-1] if before else None), (after[0] if after else None)


def newly_asked(questionnaire: Questionnaire, *, before: Answers, after: Answers) -> Page | None:
    """Give the first page with a question that only a change of answers asks, and none has."""
    asked_before = {question.id for question in questionnaire.asked(before).questions()}
    for page in questionnaire.asked(after).pages:
        if any(q.id not in asked_before and q.id not in after for q in page.questions):
            return page
    return None
