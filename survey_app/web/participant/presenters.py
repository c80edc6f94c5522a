"""What the templates show, made ready: they compute nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for

from instruments.missing import NOT_ANSWERED
from instruments.questionnaire import PREFER_NOT_TO_SAY_OPTION, Page, Question, Questionnaire
from instruments.routing import Answers
from survey_app.database.queries.invitations import Visit
from survey_app.operations.submissions import PageAnswers
from survey_app.web.languages import gettext


def as_posted(answers: PageAnswers) -> dict[str, str]:
    """Give answers as a page would post them."""
    values = {item: str(value) for item, value in answers.values.items() if value != NOT_ANSWERED}
    return values | dict(answers.texts)


def error_lines(page: Page, faults: Mapping[str, str]) -> list[tuple[str, str]]:
    """The faults of a page for its error summary, in the order of its questions."""
    return [
        (f"{_short(question.text)}: {_lowered(faults[question.id])}", f"#{question.id}")
        for question in page.questions
        if question.id in faults
    ]


def _short(text: str) -> str:
    most = 60
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0] + "…"


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]


@dataclass(frozen=True, slots=True)
class CheckedPage:
    """One page of the questionnaire as the check page lists it."""

    title: str
    stem: str
    rows: list[dict[str, Any]]


def checked_pages(visit: Visit, questionnaire: Questionnaire) -> list[CheckedPage]:
    """Everything answered, in words, with the way back to each answer."""
    action, reference = gettext("Change"), visit.invitation.reference
    found = []
    for page in questionnaire.pages:
        address = url_for("participant.page", reference=reference, key=page.key, back="check")
        rows = [
            {
                "key": question.text,
                "value": answer_in_words(visit, question),
                "href": f"{address}#{question.id}",
                "action": action,
            }
            for question in page.questions
        ]
        found.append(CheckedPage(title=page.title, stem=page.stem, rows=rows))
    return found


def kept_and_not_asked(visit: Visit, questionnaire: Questionnaire) -> list[dict[str, str]]:
    """What was answered and then, by a change of an earlier answer, is asked no longer."""
    asked = {question.id for question in questionnaire.asked(visit.answers).questions()}
    return [
        {"key": question.text, "value": words}
        for question in questionnaire.questions()
        if question.id not in asked and (words := answer_in_words(visit, question))
    ]


def progress_in_words(questionnaire: Questionnaire, page: Page, answers: Answers) -> str:
    """Say which page this is, and of how many as far as that is decided before it is answered."""
    asked = {each.key for each in questionnaire.asked(answers).pages}
    keys = [each.key for each in questionnaire.pages]
    before = keys[: keys.index(page.key)]
    number = sum(key in asked for key in before) + 1
    pages = questionnaire.n_pages(answers, up_to=page.key)
    fewest, most = max(pages[0], number), max(pages[-1], number)
    parts = {"number": number, "fewest": fewest, "most": most}
    if most == fewest:
        words = gettext("Page %(number)d of %(fewest)d", **parts)
    elif most == fewest + 1:
        words = gettext("Page %(number)d of %(fewest)d or %(most)d", **parts)
    else:
        words = gettext("Page %(number)d of %(fewest)d to %(most)d", **parts)
    return str(words)


def answer_in_words(visit: Visit, question: Question) -> str:
    """Give an answer as it was worded on its page; empty where there is none."""
    if question.kind == "text":
        return visit.texts.get(question.id, "")
    value = visit.values.get(question.id, NOT_ANSWERED)
    if value == PREFER_NOT_TO_SAY_OPTION.value:
        return str(gettext("Prefer not to say"))
    return next((option.label for option in question.choices if option.value == value), "")
