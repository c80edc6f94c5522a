"""What coders are shown: released comments in an order, and under names, that tell them nothing."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from instruments.questionnaire import OpenPart
from survey_app.trial.arm_names import questions_that_tell
from survey_app.trial.design import StudyDefinition

_REFERENCE_LENGTH = 10
_EXCERPT_LENGTH = 90


@dataclass(frozen=True, slots=True)
class CommentToCode:
    """One released comment as a coder sees it."""

    id: int
    reference: str
    question: str
    words: str
    n_codes: int

    @property
    def excerpt(self) -> str:
        """The first words, on one line."""
        line = " ".join(self.words.split())
        return line if len(line) <= _EXCERPT_LENGTH else f"{line[: _EXCERPT_LENGTH - 1].rstrip()}…"

    @property
    def codes_in_words(self) -> str:
        """How many codes the coder gave it."""
        return {0: "Not coded yet", 1: "1 code"}.get(self.n_codes, f"{self.n_codes} codes")


def questions_to_code(design: StudyDefinition, *, is_unmasked: bool) -> Mapping[str, str]:
    """Give the open questions whose answers may be coded, by id, in the order of the study.

    A question asked of one arm would tell a coder the arm, and so would one that depends on its
    answer: they wait until arms are released.
    """
    asked = _open_questions(design)
    hidden = set() if is_unmasked else questions_that_tell(design)
    return {part.id: part.text for part in asked if part.id not in hidden}


def n_questions_held_back(design: StudyDefinition, *, is_unmasked: bool) -> int:
    """Count the open questions whose answers are not shown yet."""
    everything = {part.id for part in _open_questions(design)}
    return len(everything - questions_to_code(design, is_unmasked=is_unmasked).keys())


def _open_questions(design: StudyDefinition) -> list[OpenPart]:
    return [
        part for wave in design.waves for part in wave.questionnaire if isinstance(part, OpenPart)
    ]


def reference_for(comment_id: int, *, key: str) -> str:
    """Give the name a comment has in addresses: the record's own numbers follow the waves."""
    digest = hmac.new(key.encode(), f"comment:{comment_id}".encode(), hashlib.sha256)
    return digest.hexdigest()[:_REFERENCE_LENGTH]


def in_coding_order(comments: Iterable[CommentToCode]) -> list[CommentToCode]:
    """Put comments in the order of their references, which is as good as drawn by lot."""
    return sorted(comments, key=lambda comment: comment.reference)


def place_of(comments: Sequence[CommentToCode], reference: str) -> int | None:
    """Give the place of a comment in the list, from 0; None where it is not on it."""
    return next((n for n, each in enumerate(comments) if each.reference == reference), None)


def next_after(comments: Sequence[CommentToCode], place: int) -> CommentToCode | None:
    """Give the comment to go on to: the next not coded after this place, or else the next."""
    later = comments[place + 1 :]
    return next((each for each in later if not each.n_codes), later[0] if later else None)


def held_back_in_words(n_questions: int) -> str:
    """Say which questions' answers are not on the list, and why; empty where all are."""
    if not n_questions:
        return ""
    if n_questions == 1:
        held, would = "The answers to 1 question are", "it would"
    else:
        held, would = f"The answers to {n_questions} questions are", "they would"
    return (
        f"{held} not shown yet, because {would} tell you what a person's school was offered. "
        "They are added when the arms are released."
    )


def coding_in_words(comments: Sequence[CommentToCode]) -> str:
    """Say how far one coder is."""
    if not comments:
        return "No released comment waits for you."
    coded = sum(1 for each in comments if each.n_codes)
    return f"You have given codes to {coded} of {len(comments)} comments."
