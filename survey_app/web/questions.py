"""The questions of a page as every room shows them: to the people who answer, and in previews."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from instruments.model import ResponseOption
from instruments.questionnaire import PREFER_NOT_TO_SAY_OPTION, Page

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


def shown_questions(
    page: Page, *, answers: Mapping[str, str], faults: Mapping[str, str]
) -> list[ShownQuestion]:
    """Give the questions of a page, each with its answer and its fault."""
    return [
        ShownQuestion(
            id=question.id,
            kind=question.kind,
            text=question.text,
            hint=question.hint,
            options=question.options,
            apart=(PREFER_NOT_TO_SAY_OPTION,) if question.prefer_not_to_say else (),
            may_clear=question.kind == "choice" and not question.prefer_not_to_say,
            in_columns=fits_in_columns(question.options),
            max_length=question.max_length,
            value=answers.get(question.id, ""),
            error=faults.get(question.id, ""),
        )
        for question in page.questions
    ]


def fits_in_columns(options: Sequence[ResponseOption]) -> bool:
    """Whether the options can stand in one row on a wide screen, no word broken."""
    if not options:
        return False
    room = _ROW_WIDTH / len(options) - _CARD_EDGES
    labels = [option.label for option in options]
    longest_word = max(len(word) for label in labels for word in label.split())
    return longest_word * _LETTER_WIDTH <= room and max(map(len, labels)) <= _LONGEST_LABEL
