"""Invented answers: who responds, when, and what each person answers at each wave.

Shares and correlations are the demonstration's own choices. The response mechanism makes people of
schools that were supervised likelier to answer the follow-up, so that the report has something to
say about it. There is no effect on anxiety or stress, and one of a quarter of a standard deviation
on confidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from instruments.catalogue import load_catalogue
from instruments.missing import NOT_ANSWERED, PREFER_NOT_TO_SAY
from instruments.questionnaire import Page
from scoring.rules import Floats
from scoring.simulate import graded_items, simulate_answers
from survey_app.demonstration.chance import numbers_from

RESPONSE_AT_BASELINE = 0.55
RESPONSE_AT_FOLLOW_UP = {"intervention": 0.65, "control": 0.55}
RESPONSE_WITHOUT_BASELINE = 0.20
BREAK_OFF = 0.04
DAYS_UNTIL_ANSWERED = 6.0
LATE_AFTER_ALLOCATION = 0.05
ITEM_LEFT_OUT = 0.015
ITEM_NOT_SAID = 0.005
SECONDS_AN_ITEM = 6.0
HURRIED = 0.04
SCHOOL_VARIANCE = 0.05
# Behind scores that measure with a reliability near .85, this gives about .60 before and after.
CARRIED_OVER = 0.70
EFFECTS: Mapping[str, float] = {"gad7": 0.0, "pss10": 0.0, "dsl_confidence": 0.25}
# Anxiety, stress, confidence: how the three hang together in one person.
CONSTRUCTS = ("gad7", "pss10", "dsl_confidence")
TOGETHER = np.array([[1.0, 0.7, -0.35], [0.7, 1.0, -0.35], [-0.35, -0.35, 1.0]])


@dataclass(frozen=True, slots=True)
class Person:
    """What the simulation knows of one participant."""

    participant_id: int
    school_id: int
    is_supervised: bool


class InventedAnswers:
    """The answers of these people at baseline and follow-up, drawn once from the seed."""

    def __init__(self, people: Sequence[Person], *, seed: str) -> None:
        self._people = people
        self._seed = seed
        self._row = {person.participant_id: n for n, person in enumerate(people)}
        self._baseline = self._latent("baseline")
        self._follow_up = self._carried_over()
        self._tables: dict[str, Mapping[str, pd.DataFrame]] = {
            "baseline": self._item_answers("baseline", self._baseline),
            "follow_up": self._item_answers("follow_up", self._follow_up),
        }
        self._gaps = numbers_from(seed, "gaps")
        self._own = numbers_from(seed, "own items")

    def _latent(self, stream: str) -> Floats:
        rng = numbers_from(self._seed, f"latent {stream}")
        schools = sorted({person.school_id for person in self._people})
        of_school = dict(zip(schools, rng.standard_normal((len(schools), 3)), strict=True))
        shared = np.array([of_school[person.school_id] for person in self._people])
        own = rng.standard_normal((len(self._people), 3))
        mixed = np.sqrt(SCHOOL_VARIANCE) * shared + np.sqrt(1 - SCHOOL_VARIANCE) * own
        hanging_together: Floats = mixed @ np.linalg.cholesky(TOGETHER).T
        return hanging_together

    def _carried_over(self) -> Floats:
        fresh = self._latent("follow_up")
        latent = CARRIED_OVER * self._baseline + np.sqrt(1 - CARRIED_OVER**2) * fresh
        supervised = np.array([person.is_supervised for person in self._people], dtype=float)
        effects = np.array([EFFECTS[name] for name in CONSTRUCTS])
        shifted: Floats = latent + supervised[:, None] * effects
        return shifted

    def _item_answers(self, wave: str, latent: Floats) -> Mapping[str, pd.DataFrame]:
        return {
            name: simulate_answers(
                latent[:, number],
                load_catalogue()[name],
                graded_items(load_catalogue()[name]),
                rng=numbers_from(self._seed, f"items {wave} {name}"),
            )
            for number, name in enumerate(CONSTRUCTS)
        }

    def values(self, person: Person, wave: str, page: Page) -> dict[str, int]:
        """Give one person's answers to the choices of one page, some left out."""
        row = self._row[person.participant_id]
        given: dict[str, int] = {}
        for question in page.questions:
            if question.kind != "choice":
                continue
            draw = self._gaps.random()
            if draw < ITEM_LEFT_OUT:
                given[question.id] = NOT_ANSWERED
            elif draw < ITEM_LEFT_OUT + ITEM_NOT_SAID and question.prefer_not_to_say:
                given[question.id] = PREFER_NOT_TO_SAY
            elif question.instrument is not None:
                table = self._tables[wave][question.instrument]
                given[question.id] = int(table.iloc[row][question.id])
            else:
                codes = [option.value for option in question.options]
                share = self._own.beta(3.0, 2.0)
                given[question.id] = codes[min(int(share * len(codes)), len(codes) - 1)]
        return given

    def responds(self, person: Person, wave: str, *, answered_before: bool) -> bool:
        """Say whether one person answers one wave: likelier at follow-up when supervised."""
        rng = numbers_from(self._seed, f"response {wave} {person.participant_id}")
        if wave == "baseline":
            share = RESPONSE_AT_BASELINE
        elif answered_before:
            share = RESPONSE_AT_FOLLOW_UP["intervention" if person.is_supervised else "control"]
        else:
            share = RESPONSE_WITHOUT_BASELINE
        return bool(rng.random() < share)

    def breaks_off(self, person: Person, wave: str) -> bool:
        """Say whether one person stops after the second page."""
        rng = numbers_from(self._seed, f"break-off {wave} {person.participant_id}")
        return bool(rng.random() < BREAK_OFF)

    def seconds_an_item(self, person: Person, wave: str) -> float:
        """Give how long one person looks at an item; a few only click through."""
        rng = numbers_from(self._seed, f"pace {wave} {person.participant_id}")
        if rng.random() < HURRIED:
            return float(rng.uniform(0.7, 1.6))
        return float(SECONDS_AN_ITEM * np.exp(0.35 * rng.standard_normal()))

    def sits_down(
        self, person: Person, *, opens_on: date, closes_on: date, allocated_on: date
    ) -> tuple[date, int]:
        """Give the day and the minute of it when one person answers a wave.

        Most do so soon after a letter; some of a wave that is open while schools are randomised do
        so after that day.
        """
        rng = numbers_from(
            self._seed, f"moment {(closes_on - opens_on).days} {person.participant_id}"
        )
        last = closes_on
        if opens_on < allocated_on <= closes_on:
            if rng.random() < LATE_AFTER_ALLOCATION:
                opens_on = allocated_on
            else:
                last = allocated_on - timedelta(days=1)
        days = min(int(rng.exponential(DAYS_UNTIL_ANSWERED)), (last - opens_on).days)
        return opens_on + timedelta(days=days), int(rng.integers(8 * 60 + 30, 18 * 60))
