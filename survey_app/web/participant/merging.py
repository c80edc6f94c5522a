"""Two windows on one page: a window changes only what was changed in it.

Each page carries a mark of every answer it was shown with. An answer that comes back as it was
shown was not touched there, so a newer one, given in another window meanwhile, stays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import TypeVar

from instruments.missing import NOT_ANSWERED
from instruments.questionnaire import Page, Question
from survey_app.operations.submissions import PageAnswers

_MARK_LENGTH = 8
_BETWEEN = "."

Answer = TypeVar("Answer", int, str)


def marks_of(page: Page, answers: PageAnswers) -> str:
    """Give the marks of a page's answers, for the page to carry."""
    return _BETWEEN.join(_mark(question, answers) for question in page.questions)


def changed_in(page: Page, *, posted: PageAnswers, shown: str) -> frozenset[str]:
    """Give the questions whose answer was changed in this window.

    Marks that do not fit the page are as good as none: then all that was posted counts.
    """
    marks = shown.split(_BETWEEN)
    if len(marks) != len(page.questions):
        return frozenset(question.id for question in page.questions)
    return frozenset(
        question.id
        for question, mark in zip(page.questions, marks, strict=True)
        if _mark(question, posted) != mark
    )


def merge(*, posted: PageAnswers, saved: PageAnswers, changed: Collection[str]) -> PageAnswers:
    """Give what to save: what was changed in this window, and for the rest what is saved."""
    return PageAnswers(
        values=_chosen(posted.values, changed) | _without(saved.values, changed),
        texts=_chosen(posted.texts, changed) | _without(saved.texts, changed),
        untouched=posted.untouched,
    )


def _chosen(answers: Mapping[str, Answer], names: Collection[str]) -> dict[str, Answer]:
    return {name: answer for name, answer in answers.items() if name in names}


def _without(answers: Mapping[str, Answer], names: Collection[str]) -> dict[str, Answer]:
    return {name: answer for name, answer in answers.items() if name not in names}


def differs(page: Page, one: PageAnswers, other: PageAnswers) -> bool:
    """Whether two sets of answers to a page say different things."""
    return marks_of(page, one) != marks_of(page, other)


def _mark(question: Question, answers: PageAnswers) -> str:
    if question.kind == "choice":
        value = answers.values.get(question.id, NOT_ANSWERED)
        return "" if value == NOT_ANSWERED else str(value)
    text = answers.texts.get(question.id, "")
    return hashlib.sha256(text.encode()).hexdigest()[:_MARK_LENGTH] if text else ""
