"""Who was asked what, for many submissions at once: routing as `instruments.routing` has it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import numpy.typing as npt

from instruments.missing import MISSING_CODES
from instruments.questionnaire import Question, Questionnaire
from instruments.routing import AskedWhen, Condition

Booleans = npt.NDArray[np.bool_]
Column = npt.NDArray[np.int8]


def asked_columns(
    questionnaire: Questionnaire,
    *,
    values: Mapping[str, Column],
    written: Mapping[str, Booleans],
    n_rows: int,
) -> dict[str, Booleans]:
    """Give who was asked each question, by its id; an array of shape (n_rows,) each.

    Parameters
    ----------
    questionnaire : Questionnaire
        What everybody in these rows is asked as far as no answer decides.
    values : mapping of str to int8 array, shape (n_rows,)
        The codes of each choice.
    written : mapping of str to bool array, shape (n_rows,)
        Where each open question was answered with any words.
    n_rows : int
        How many submissions there are.
    """
    everyone = np.ones(n_rows, dtype=np.bool_)
    answered: dict[str, Booleans] = {}
    asked: dict[str, Booleans] = {}

    def holds(condition: Condition) -> Booleans:
        given = answered.get(condition.question, ~everyone)
        if condition.answered is not None:
            return given if condition.answered else ~given
        accepted = [value for value in range(128) if condition.accepts(value)]
        met: Booleans = given & np.isin(values[condition.question], accepted)
        return met

    for question in questionnaire.questions():
        here = everyone
        for rule in question.asked_when:
            here = here & _met(rule, holds, everyone)
        asked[question.id] = here
        answered[question.id] = here & _given(question, values, written, ~everyone)
    return asked


def _given(
    question: Question,
    values: Mapping[str, Column],
    written: Mapping[str, Booleans],
    nobody: Booleans,
) -> Booleans:
    if question.kind == "text":
        return written.get(question.id, nobody)
    given: Booleans = ~np.isin(values[question.id], list(MISSING_CODES))
    return given


def _met(rule: AskedWhen, holds: Callable[[Condition], Booleans], everyone: Booleans) -> Booleans:
    met = _every(map(holds, rule.all), everyone) & ~_some(map(holds, rule.none), everyone)
    return met & _some(map(holds, rule.any), everyone) if rule.any else met


def _every(columns: Iterable[Booleans], everyone: Booleans) -> Booleans:
    met: Booleans = np.logical_and.reduce([everyone, *columns])
    return met


def _some(columns: Iterable[Booleans], everyone: Booleans) -> Booleans:
    met: Booleans = np.logical_or.reduce([~everyone, *columns])
    return met
