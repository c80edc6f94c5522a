"""Invented answers to any study: who answers which wave, on which day, and what.

The shares are those of the demonstration, and nobody's in particular. No arm has an effect and none
is likelier to answer, so that a rehearsal shows what a report looks like and not what it will say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import TYPE_CHECKING

import numpy as np

from instruments.missing import NOT_ANSWERED, PREFER_NOT_TO_SAY
from instruments.questionnaire import Page, Question
from scoring.simulate import graded_items, simulate_answers
from survey_app.demonstration.chance import numbers_from
from survey_app.trial.design import StudyDefinition
from survey_app.trial.study_file import Wave

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

FIRST_RESPONSE = 0.55
LATER_RESPONSE = 0.60
LATER_RESPONSE_WITHOUT_FIRST = 0.20
BREAK_OFF = 0.04
DAYS_UNTIL_ANSWERED = 6.0
LEFT_OUT = 0.015
NOT_SAID = 0.005
COMMENTS = 0.45
CARRIED_OVER = 0.70
SHARED = 0.70
SCHOOL_VARIANCE = 0.05
COMMENT = "This comment was invented for a rehearsal."


@dataclass(frozen=True, slots=True)
class Respondent:
    """What a rehearsal knows of one participant."""

    participant_id: int
    school_id: int


class RehearsedAnswers:
    """The answers of these people at every wave of a study, drawn once from the seed."""

    def __init__(
        self, definition: StudyDefinition, people: Sequence[Respondent], *, seed: str
    ) -> None:
        self._seed = seed
        self._row = {person.participant_id: n for n, person in enumerate(people)}
        self._schools = np.array([person.school_id for person in people])
        self._tables: dict[str, Mapping[str, pd.DataFrame]] = {}
        before: dict[str, NDArray[np.float64]] = {}
        for wave in definition.waves:
            latent = {
                name: self._latent(wave.id, name, before.get(name)) for name in wave.instruments()
            }
            self._tables[wave.id] = {
                name: simulate_answers(
                    values,
                    definition.catalogue[name],
                    graded_items(definition.catalogue[name]),
                    rng=numbers_from(seed, f"items {wave.id} {name}"),
                )
                for name, values in latent.items()
            }
            before |= latent

    def _latent(
        self, wave: str, instrument: str, before: NDArray[np.float64] | None
    ) -> NDArray[np.float64]:
        """What an instrument measures: partly what all measure, partly the school, partly kept."""
        common = self._people_and_schools(f"common {wave}")
        own = self._people_and_schools(f"own {wave} {instrument}")
        fresh = np.sqrt(SHARED) * common + np.sqrt(1 - SHARED) * own
        if before is None:
            return np.asarray(fresh, dtype=np.float64)
        kept = CARRIED_OVER * before + np.sqrt(1 - CARRIED_OVER**2) * fresh
        return np.asarray(kept, dtype=np.float64)

    def _people_and_schools(self, stream: str) -> NDArray[np.float64]:
        rng = numbers_from(self._seed, stream)
        _, place = np.unique(self._schools, return_inverse=True)
        of_school = rng.standard_normal(place.max(initial=0) + 1)[place]
        own = rng.standard_normal(len(place))
        mixed = np.sqrt(SCHOOL_VARIANCE) * of_school + np.sqrt(1 - SCHOOL_VARIANCE) * own
        return np.asarray(mixed, dtype=np.float64)

    def answers(self, person: int, wave: str, page: Page) -> tuple[dict[str, int], dict[str, str]]:
        """Give one person's codes and words for the questions of one page, some left out."""
        rng = numbers_from(self._seed, f"page {wave} {person} {page.key}")
        values, texts = {}, {}
        for question in page.questions:
            if question.kind == "choice":
                values[question.id] = self._value(person, wave, question, rng)
            elif rng.random() < COMMENTS:
                texts[question.id] = COMMENT
        return values, texts

    def _value(self, person: int, wave: str, question: Question, rng: np.random.Generator) -> int:
        draw = rng.random()
        if draw < LEFT_OUT:
            return NOT_ANSWERED
        if draw < LEFT_OUT + NOT_SAID and question.prefer_not_to_say:
            return PREFER_NOT_TO_SAY
        if question.instrument is not None:
            table = self._tables[wave][question.instrument]
            return int(table.iloc[self._row[person]][question.id])
        codes = [option.value for option in question.options]
        return codes[int(rng.integers(len(codes)))]

    def responds(self, person: int, wave: str, *, is_first: bool, answered_before: bool) -> bool:
        """Say whether one person answers one wave."""
        share = LATER_RESPONSE if answered_before else LATER_RESPONSE_WITHOUT_FIRST
        return self._chance(f"response {wave}", person) < (FIRST_RESPONSE if is_first else share)

    def breaks_off(self, person: int, wave: str) -> bool:
        """Say whether one person stops after the second page."""
        return self._chance(f"break-off {wave}", person) < BREAK_OFF

    def sits_down(self, person: int, wave: Wave) -> tuple[date, time]:
        """Give the day and the time when one person answers a wave."""
        rng = numbers_from(self._seed, f"moment {wave.id} {person}")
        longest = (wave.closes_on - wave.opens_on).days
        days = min(1 + int(rng.exponential(DAYS_UNTIL_ANSWERED)), longest)
        minute = int(rng.integers(9 * 60, 17 * 60))
        return wave.opens_on + timedelta(days=days), time(minute // 60, minute % 60)

    def _chance(self, stream: str, person: int) -> float:
        return float(numbers_from(self._seed, f"{stream} {person}").random())
