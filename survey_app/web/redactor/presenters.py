"""What the redactor's page says: the question that was answered, and how many comments wait."""

from __future__ import annotations

from instruments.questionnaire import OpenPart
from survey_app.trial.design import StudyDefinition

TYPED_TOKENS = (
    ("[child A], [child B]", "a child, the same letter each time the same child is meant"),
    ("[staff 1], [staff 2]", "a colleague, a supervisor or a social worker"),
    ("[school 1], [school 2]", "a school, a street, an authority or another place"),
)


def question_wording(design: StudyDefinition, question: str) -> str:
    """Give the words of an open question; its id where the study no longer asks it."""
    return next(
        (
            part.text
            for wave in design.waves
            for part in wave.questionnaire
            if isinstance(part, OpenPart) and part.id == question
        ),
        question,
    )


def progress_in_words(*, submitted: int, waiting: int, released: int) -> str:
    """Say how far the redaction is."""
    if not submitted:
        return "No comment has been submitted yet."
    comments = "1 comment was" if submitted == 1 else f"{submitted} comments were"
    return f"{comments} submitted: {released} released to coders, {waiting} waiting."
