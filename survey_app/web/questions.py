"""The questions of a page as every room shows them: to the people who answer, and in previews.

What a choice looks like with one of its options chosen is the same for everybody, so it is printed
once and kept; so is an empty box for words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import Environment
from markupsafe import Markup

from instruments.model import ResponseOption
from instruments.questionnaire import PREFER_NOT_TO_SAY_OPTION, Page, Question
from survey_app.web.languages import templates

_MOST_KEPT = 10_000

_ROW_WIDTH = 940
_CARD_EDGES = 22
_LETTER_WIDTH = 9
_LONGEST_LABEL = 30


@dataclass(frozen=True, slots=True)
class ShownQuestion:
    """One question as a page shows it: with the answer so far and what is wrong with it."""

    id: str
    kind: str
    text: str
    hint: str
    options: tuple[ResponseOption, ...]
    apart: tuple[ResponseOption, ...]
    may_clear: bool
    """Whether a choice, once made, can be taken back; "Prefer not to say" does it where offered."""
    in_columns: bool
    max_length: int | None
    value: str
    error: str


def printed_questions(
    page: Page, *, answers: Mapping[str, str], faults: Mapping[str, str]
) -> Markup:
    """Give the questions of a page as they stand on it, each with its answer and its fault."""
    environment, has_stem = templates(), bool(page.stem)
    printed = []
    for question in page.questions:
        answer, fault = answers.get(question.id, ""), faults.get(question.id, "")
        if fault or (answer and not _is_offered(question, answer)):
            printed.append(_print(environment, question, answer, fault, has_stem=has_stem))
        else:
            printed.append(_kept(environment, question, answer, has_stem=has_stem))
    return Markup("\n").join(printed)


def _is_offered(question: Question, answer: str) -> bool:
    return any(str(option.value) == answer for option in question.choices)


@lru_cache(maxsize=_MOST_KEPT)
def _kept(environment: Environment, question: Question, answer: str, *, has_stem: bool) -> Markup:
    return _print(environment, question, answer, "", has_stem=has_stem)


def _print(
    environment: Environment, question: Question, answer: str, fault: str, *, has_stem: bool
) -> Markup:
    macros = environment.get_template("shared/components/questions.html").module
    shown = ShownQuestion(
        id=question.id,
        kind=question.kind,
        text=question.text,
        hint=question.hint,
        options=question.options,
        apart=(PREFER_NOT_TO_SAY_OPTION,) if question.prefer_not_to_say else (),
        may_clear=question.kind == "choice" and not question.prefer_not_to_say,
        in_columns=fits_in_columns(question.options),
        max_length=question.max_length,
        value=answer,
        error=fault,
    )
    html: Markup = macros.page_question(shown, "stem" if has_stem else "")  # type: ignore[attr-defined]  # a macro of the template
    return html


def fits_in_columns(options: Sequence[ResponseOption]) -> bool:
    """Whether the options can stand in one row on a wide screen, no word broken."""
    if not options:
        return False
    room = _ROW_WIDTH / len(options) - _CARD_EDGES
    labels = [option.label for option in options]
    longest_word = max(len(word) for label in labels for word in label.split())
    return longest_word * _LETTER_WIDTH <= room and max(map(len, labels)) <= _LONGEST_LABEL
