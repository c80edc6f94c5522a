"""What the pages of waves say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from survey_app.operations.waves import WaveState, state_of
from survey_app.trial.design import StudyDefinition
from survey_app.trial.study_file import Wave
from survey_app.web.coordinator.presenters import WAVE_STATES, dates_of
from survey_app.web.dates import day_in_words, moment_in_words
from survey_app.web.people import actor_in_words

_COLOURS: Mapping[WaveState, str] = {"not_open_yet": "grey", "open": "green", "closed": "blue"}
_HASH_SHOWN = 12


class Frozen(Protocol):
    """A definition frozen for a study."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...


class Version(Protocol):
    """A version of a questionnaire, as the record gives it."""

    @property
    def wave(self) -> str: ...
    @property
    def number(self) -> int: ...
    @property
    def sha256(self) -> str: ...
    @property
    def because(self) -> str: ...
    @property
    def frozen_at(self) -> datetime: ...
    @property
    def frozen_by(self) -> str: ...
    @property
    def instruments(self) -> Sequence[Frozen]: ...


class Change(Protocol):
    """A change of a wave's days, as the record gives it."""

    @property
    def wave(self) -> str: ...
    @property
    def opened_on(self) -> date: ...
    @property
    def closed_on(self) -> date: ...
    @property
    def opens_on(self) -> date: ...
    @property
    def closes_on(self) -> date: ...
    @property
    def because(self) -> str: ...
    @property
    def changed_at(self) -> datetime: ...
    @property
    def changed_by(self) -> str: ...


@dataclass(frozen=True, slots=True)
class WaveSummary:
    """One wave as its list and its own page show it."""

    id: str
    title: str
    dates: str
    state: str
    colour: str
    href: str


@dataclass(frozen=True, slots=True)
class WaveActs:
    """What can be done to the days of a wave today, in words."""

    can_open: bool
    last_day_hint: str
    closing_note: str


def wave_summary(wave: Wave, *, at: datetime, href: str) -> WaveSummary:
    """Give a wave with its days and its state."""
    state = state_of(wave, at=at)
    return WaveSummary(
        wave.id, wave.title, dates_of(wave), WAVE_STATES[state], _COLOURS[state], href
    )


def wave_acts(wave: Wave, *, at: datetime) -> WaveActs:
    """Say what changing the last day of a wave does, by how it stands."""
    state = state_of(wave, at=at)
    closes_on = day_in_words(wave.closes_on)
    hints: Mapping[WaveState, str] = {
        "not_open_yet": f"It is {closes_on} now; a later day keeps the wave open longer.",
        "open": f"It is {closes_on} now. A later day keeps the wave open longer; an earlier one, "
        "today at the earliest, closes it early.",
        "closed": f"It was {closes_on}; a later day, today at the earliest, opens the wave again.",
    }
    note = (
        "A wave takes answers until the end of its last day. A page that comes after that is not "
        "lost: it is kept with the held pages, and the person is told so."
        if state == "open"
        else ""
    )
    return WaveActs(state == "not_open_yet", hints[state], note)


def moved_in_words(wave: Wave, filed: Wave) -> str:
    """Say that a wave's days are not those of the study's file; empty where they are."""
    if (wave.opens_on, wave.closes_on) == (filed.opens_on, filed.closes_on):
        return ""
    return f"The study's file has {dates_of(filed)}."


def frozen_rows(
    design: StudyDefinition, versions: Sequence[Version], names: Mapping[int, str]
) -> list[list[str | int]]:
    """Give the frozen versions of each questionnaire; a wave without one says since when not."""
    rows: list[list[str | int]] = []
    for wave in design.waves:
        of_wave = [each for each in versions if each.wave == wave.id]
        rows += [
            [
                wave.title,
                each.number,
                f"{moment_in_words(each.frozen_at)}, by {actor_in_words(each.frozen_by, names)}",
                each.because or "The first people were invited",
                ", ".join(f"{part.name} {part.version}" for part in each.instruments) or "None",
                each.sha256[:_HASH_SHOWN],
            ]
            for each in of_wave
        ]
        if not of_wave:
            rows.append([wave.title, "–", "Not frozen yet", "–", "–", "–"])
    return rows


def change_rows(
    design: StudyDefinition, changes: Sequence[Change], names: Mapping[int, str]
) -> list[list[str]]:
    """Give every change of a wave's days, newest first."""
    titles = {wave.id: wave.title for wave in design.waves}
    return [
        [
            titles.get(each.wave, each.wave),
            moment_in_words(each.changed_at),
            actor_in_words(each.changed_by, names),
            f"{day_in_words(each.opened_on)} to {day_in_words(each.closed_on)}",
            f"{day_in_words(each.opens_on)} to {day_in_words(each.closes_on)}",
            each.because,
        ]
        for each in changes
    ]
