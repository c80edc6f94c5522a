"""What the coordinator's pages say: the study's facts, its waves, and what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from survey_app.database.queries.invitations import VersionCounts, WaveCounts
from survey_app.database.queries.people import STANDINGS, Standing, StandingCounts
from survey_app.database.queries.schools import RosterCounts
from survey_app.operations.waves import WaveState, day_in_england, state_of
from survey_app.trial.design import StudyDefinition
from survey_app.trial.study_file import Event, Fact, Wave
from survey_app.trial.working_days import working_days_of
from survey_app.web.dates import day_in_words, moment_in_words

WAVE_STATES: Mapping[WaveState, str] = {
    "not_open_yet": "Not open yet",
    "open": "Open",
    "closed": "Closed",
}
_TAG_COLOURS = {
    "verified": "green",
    "secondary copy": "blue",
    "recalled, unverified": "yellow",
    "our choice": "grey",
}
STANDINGS_IN_WORDS: Mapping[Standing, str] = {
    "stayer": "Stayed",
    "joiner": "Joined later, or in somebody’s place",
    "leaver": "Have left since",
}
LETTER_STATES = ("waiting", "sending", "sent", "refused", "cancelled")
MODELS = {"one_to_one": "One to one", "group": "Group", "usual_support": "Usual support"}


@dataclass(frozen=True, slots=True)
class TaggedFact:
    """One statement about the trial, with how sure it is."""

    text: str
    tag: str
    colour: str
    source: str


@dataclass(frozen=True, slots=True)
class WaveLine:
    """One wave as the invitations page shows it."""

    id: str
    title: str
    dates: str
    state: str
    is_open: bool
    n_to_invite: int

    @property
    def button(self) -> str:
        """What the button that invites says."""
        people = "1 person" if self.n_to_invite == 1 else f"{self.n_to_invite} people"
        return f"Invite {people} to “{self.title}”"


def tagged_facts(facts: Iterable[Fact]) -> list[TaggedFact]:
    """Give the study's facts with the colour of their tag."""
    return [
        TaggedFact(fact.text, fact.tag.capitalize(), _TAG_COLOURS[fact.tag], fact.source)
        for fact in facts
    ]


def events_as_facts(design: StudyDefinition) -> list[TaggedFact]:
    """Give what happened outside the trial as facts, on the days on which it really happened."""
    return [
        TaggedFact(
            _event_in_words(event, shifted_by_days=design.shifted_by_days),
            event.tag.capitalize(),
            _TAG_COLOURS[event.tag],
            event.source,
        )
        for event in design.events
    ]


def _event_in_words(event: Event, *, shifted_by_days: int) -> str:
    really = f"{event.title}, {day_in_words(event.on - timedelta(days=shifted_by_days))}."
    if not shifted_by_days:
        return really
    return f"{really} With the study's dates moved, it falls on {day_in_words(event.on)} here."


def moved_in_words(design: StudyDefinition) -> str:
    """Say that the study's dates are moved; empty where they are as written."""
    days = design.shifted_by_days
    if not days:
        return ""
    opened = design.waves[0].opens_on - timedelta(days=days)
    return (
        f"The dates of this study are moved by {days:,} days, so that it can be tried now. In the "
        f"study's file its first wave opens on {day_in_words(opened)}."
    )


def dates_of(wave: Wave) -> str:
    """Give a wave's days as "16 September 2019 to 18 October 2019"."""
    return f"{day_in_words(wave.opens_on)} to {day_in_words(wave.closes_on)}"


def wave_rows(
    design: StudyDefinition, counts: Sequence[WaveCounts], *, at: datetime
) -> list[list[str | int]]:
    """Give each wave with its days, its state, and how many were invited and answered."""
    by_wave = {each.wave: each for each in counts}
    rows: list[list[str | int]] = []
    for wave in design.waves:
        count = by_wave.get(wave.id, WaveCounts(wave.id, 0, 0, 0, {}))
        rows.append(
            [
                wave.title,
                dates_of(wave),
                WAVE_STATES[state_of(wave, at=at)],
                count.invited,
                count.started,
                count.submitted,
                _share(count.submitted, count.invited),
            ]
        )
    return rows


def turnover_rows(
    design: StudyDefinition, counts: Sequence[StandingCounts]
) -> list[list[str | int]]:
    """Give who stayed, joined and left at each wave that was invited to; empty if all stayed."""
    if not any(each.standing != "stayer" for each in counts):
        return []
    found = {(each.wave, each.standing): each for each in counts}
    return [
        [
            wave.title,
            STANDINGS_IN_WORDS[standing],
            count.invited,
            count.submitted,
            _share(count.submitted, count.invited),
        ]
        for wave in design.waves
        for standing in STANDINGS
        if (count := found.get((wave.id, standing))) is not None
    ]


def version_rows(design: StudyDefinition, counts: Sequence[VersionCounts]) -> list[list[str | int]]:
    """Give the versions of each questionnaire that has more than one, with who answered which."""
    versions = Counter(each.wave for each in counts)
    return [
        [
            design.wave(each.wave).title,
            each.number,
            day_in_words(day_in_england(each.frozen_at)),
            each.because or "As first asked",
            each.started,
            each.submitted,
        ]
        for each in counts
        if versions[each.wave] > 1
    ]


def letter_rows(design: StudyDefinition, counts: Sequence[WaveCounts]) -> list[list[str | int]]:
    """Give the number of letters in each state, by wave; states as in LETTER_STATES."""
    letters = {each.wave: each.letters for each in counts}
    return [
        [wave.title, *(letters.get(wave.id, {}).get(state, 0) for state in LETTER_STATES)]
        for wave in design.waves
    ]


def wave_lines(
    design: StudyDefinition, to_invite: Mapping[str, int], *, at: datetime
) -> list[WaveLine]:
    """Give each wave with how many are still to be invited."""
    return [
        WaveLine(
            id=wave.id,
            title=wave.title,
            dates=dates_of(wave),
            state=WAVE_STATES[state_of(wave, at=at)],
            is_open=state_of(wave, at=at) == "open",
            n_to_invite=to_invite[wave.id],
        )
        for wave in design.waves
    ]


def delivered_rows(design: StudyDefinition) -> list[list[str | int]]:
    """Give what each arm is given and from which day to which, a line for each model."""
    return [
        [
            arm.label,
            arm.ratio,
            MODELS[each.model],
            day_in_words(each.starts_on),
            day_in_words(each.ends_on) if each.ends_on else "No end is planned",
            each.tag.capitalize(),
        ]
        for arm in design.arms
        for each in arm.delivered
    ]


def roster_rows(counts: RosterCounts) -> list[dict[str, str]]:
    """Say how large the roster is."""
    return [
        {"key": "Local authorities", "value": f"{counts.authorities:,}"},
        {
            "key": "Schools",
            "value": f"{counts.schools:,}, of which {counts.schools_eligible:,} can take part",
        },
        {
            "key": "People",
            "value": f"{counts.people_in_role:,} safeguarding leads and deputies"
            + (
                f"; {counts.people - counts.people_in_role:,} more have left or withdrawn"
                if counts.people > counts.people_in_role
                else ""
            ),
        },
    ]


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f}%" if whole else "–"


def leaving_in_words(design: StudyDefinition, *, at: datetime, keeps_hours: bool) -> str:
    """Say when letters queued now leave, and what keeps some of them back for a day."""
    leaves_at = working_days_of(design).from_moment(at, None) if keeps_hours else at
    most = design.letters.most_per_school_per_day
    when = (
        "Their letters are on their way."
        if leaves_at <= at
        else f"Their letters leave from {moment_in_words(leaves_at)}, and later where a school is "
        "away."
    )
    limit = f" A school is sent {most} a day at most, and the rest on the next." if most else ""
    return when + limit
