"""Where a person goes on: what is done and what comes next."""

from __future__ import annotations

from typing import Any

from flask import redirect, url_for
from werkzeug.wrappers import Response

from instruments.questionnaire import Page, Questionnaire
from survey_app.database.queries.invitations import Visit


def go_to(endpoint: str, reference: str, **values: Any) -> Response:
    """Lead on to another page of the questionnaire."""
    return redirect(url_for(f"participant.{endpoint}", reference=reference, **values), 303)


def first_unsaved(visit: Visit, questionnaire: Questionnaire) -> Page | None:
    """Give the first page that was not saved as a whole; None when each was."""
    return next((page for page in questionnaire.pages if not _is_saved(visit, page)), None)


def _is_saved(visit: Visit, page: Page) -> bool:
    values, texts = visit.values, visit.texts
    return all(
        question.id in (values if question.kind == "choice" else texts)
        for question in page.questions
    )


def neighbours(questionnaire: Questionnaire, page: Page) -> tuple[Page | None, Page | None]:
    """Give the pages before and after one; None at either end."""
    pages = questionnaire.pages
    number = pages.index(page)
    before = pages[number - 1] if number else None
    after = pages[number + 1] if number + 1 < len(pages) else None
    return before, after
