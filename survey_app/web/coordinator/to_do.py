"""What waits for somebody in a study today, for whoever may do it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import g

from survey_app.database.queries.rollout import n_to_invite
from survey_app.database.queries.schools import RosterCounts, roster_counts
from survey_app.database.queries.studies import randomisation_of
from survey_app.database.queries.to_do import (
    Waiting,
    n_sessions_unrecorded,
    n_times_guessing_was_slowed,
    things_waiting,
)
from survey_app.operations.invitations import n_without_link
from survey_app.operations.studies import definition_of
from survey_app.operations.waves import day_in_england, state_of
from survey_app.roles import Permission
from survey_app.trial.design import StudyDefinition
from survey_app.trial.meetings import supervised_arms
from survey_app.web.dates import day_in_words, moment_in_words
from survey_app.web.service import now, record

SOON = timedelta(days=7)
LATELY = timedelta(days=7)
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do, and the page it is done on, for whoever has the permission."""

    text: str
    label: str
    endpoint: str
    permission: Permission


@dataclass(frozen=True, slots=True)
class Standing:
    """All that decides what there is to do in a study."""

    roster: RosterCounts
    waiting: Waiting
    is_randomised: bool
    letters_paused_at: datetime | None
    to_invite: dict[str, int]
    """The people not invited yet, by wave that is open."""
    without_link: dict[str, int]
    """The people who are to answer and have no link, by wave that is open."""
    sessions_unrecorded: int
    times_slowed: int


def steps_today() -> list[Step]:
    """Give what whoever is signed in can do today in the study, the most pressing first."""
    design = definition_of(g.study)
    steps = steps_of(design, _standing(design), at=now())
    return [step for step in steps if step.permission in g.permissions]


def _standing(design: StudyDefinition) -> Standing:
    session, study, at = record(), g.study, now()
    open_waves = [wave.id for wave in design.waves if state_of(wave, at=at) == "open"]
    today = day_in_england(at)
    n_due = sum(day < today for day in design.sessions.planned_dates())
    return Standing(
        roster=roster_counts(session, study),
        waiting=things_waiting(session, study, held_since=at - LATELY),
        is_randomised=randomisation_of(session, study) is not None,
        letters_paused_at=study.letters_paused_at,
        to_invite={wave: n_to_invite(session, study, wave=wave) for wave in open_waves},
        without_link={wave: n_without_link(session, study, wave) for wave in open_waves},
        sessions_unrecorded=n_sessions_unrecorded(
            session, study, arms=supervised_arms(design), n_due=n_due
        ),
        times_slowed=n_times_guessing_was_slowed(session, since=at - A_DAY),
    )


def steps_of(design: StudyDefinition, standing: Standing, *, at: datetime) -> Iterator[Step]:
    """Give everything there is to do in a study, whoever may do it."""
    waiting = standing.waiting
    if not standing.roster.people:
        yield Step(
            "Nobody is on the roster yet.",
            "Import a roster",
            "coordinator.roster_import",
            "import_roster",
        )
    if standing.letters_paused_at:
        yield Step(
            f"Letters have been paused since {moment_in_words(standing.letters_paused_at)}.",
            "See the letters",
            "coordinator.letters",
            "send_letters",
        )
    yield from _steps_of_waves(design, standing, at=at)
    planned_on = design.allocation.planned_on
    is_due = day_in_england(at) >= planned_on
    if standing.roster.schools_eligible and not standing.is_randomised and is_due:
        yield Step(
            f"The schools were to be randomised on {day_in_words(planned_on)} and are not yet.",
            "Randomise the schools",
            "coordinator.randomisation",
            "randomise",
        )
    yield from _steps_of_letters(waiting)
    if waiting.schools_without_lead:
        yield Step(
            f"{_counted(waiting.schools_without_lead, 'school has', 'schools have')} no "
            "safeguarding lead who takes part.",
            "See the schools",
            "coordinator.schools",
            "see_contacts",
        )
    if standing.sessions_unrecorded:
        sessions = standing.sessions_unrecorded
        yield Step(
            f"{_counted(sessions, 'supervision session', 'supervision sessions')} planned before "
            f"today {'is' if sessions == 1 else 'are'} not recorded.",
            "Record sessions",
            "coordinator.session_marks",
            "record_sessions",
        )
    if waiting.comments:
        yield Step(
            f"{_counted(waiting.comments, 'comment waits', 'comments wait')} for redaction.",
            "Redact comments",
            "redactor.queue",
            "redact_comments",
        )
    if waiting.held_pages:
        yield Step(
            f"{_counted(waiting.held_pages, 'page', 'pages')} that could not be saved "
            f"{'was' if waiting.held_pages == 1 else 'were'} kept in the last 7 days.",
            "Look at held pages",
            "data_manager.held_pages",
            "see_held_pages",
        )
    if standing.times_slowed:
        times = _counted(standing.times_slowed, "time", "times")
        text = f"Guessing at links was slowed {times} in the last 24 hours, on the whole service."
        yield Step(text, "See the audit trail", "data_manager.audit_trail", "see_audit")
    if waiting.failed_report:
        yield Step(
            "The newest report could not be made.",
            "See the reports",
            "evaluator.reports",
            "make_reports",
        )


def _steps_of_waves(design: StudyDefinition, standing: Standing, *, at: datetime) -> Iterator[Step]:
    today = day_in_england(at)
    for wave in design.waves:
        state = state_of(wave, at=at)
        closes_on = day_in_words(wave.closes_on)
        n_people = standing.to_invite.get(wave.id, 0)
        if n_people:
            yield Step(
                f"{_counted(n_people, 'person is', 'people are')} not invited to “{wave.title}” "
                f"yet, which closes on {closes_on}.",
                "Invite them",
                "coordinator.invitations",
                "send_letters",
            )
        n_people = standing.without_link.get(wave.id, 0)
        if n_people:
            yield Step(
                f"{_counted(n_people, 'person is', 'people are')} still to answer “{wave.title}” "
                f"and {'has' if n_people == 1 else 'have'} no link that works.",
                "See the letters",
                "coordinator.letters",
                "send_letters",
            )
        is_told = standing.to_invite.get(wave.id)
        if state == "open" and not is_told and wave.closes_on - today <= SOON:
            yield Step(
                f"“{wave.title}” closes on {closes_on}.",
                "See the waves",
                "coordinator.waves",
                "send_letters",
            )
        if state == "not_open_yet" and wave.opens_on - today <= SOON:
            yield Step(
                f"“{wave.title}” opens on {day_in_words(wave.opens_on)}.",
                "See the waves",
                "coordinator.waves",
                "send_letters",
            )


def _steps_of_letters(waiting: Waiting) -> Iterator[Step]:
    found = (
        (
            waiting.refused_letters,
            ("letter was", "letters were"),
            "refused by the mail server: look at the addresses.",
        ),
        (
            waiting.failing_letters,
            ("letter has", "letters have"),
            "not left yet because of a fault; sending is tried again.",
        ),
        (
            waiting.addresses_that_bounce,
            ("address takes", "addresses take"),
            "no letters: find out a new one.",
        ),
        (
            waiting.disowned_letters,
            ("letter", "letters"),
            "came to somebody else, as they told us: find out who should have it.",
        ),
    )
    for number, (one, more), text in found:
        if number:
            yield Step(
                f"{_counted(number, one, more)} {text}",
                "See the letters",
                "coordinator.letters",
                "send_letters",
            )


def _counted(number: int, one: str, more: str) -> str:
    return f"{number:,} {one if number == 1 else more}"
