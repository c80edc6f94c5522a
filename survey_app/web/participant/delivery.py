"""The questionnaire as one person gets it, compiled once for all who get the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from instruments.questionnaire import Page, Questionnaire
from survey_app.database.queries.invitations import Visit
from survey_app.operations.studies import definition_of
from survey_app.operations.versions import definition_asked, definition_at_start
from survey_app.operations.waves import state_of
from survey_app.trial.design import StudyDefinition
from survey_app.trial.study_file import Wave
from survey_app.web.service import now


@dataclass(frozen=True, slots=True)
class Delivery:
    """What decides which pages a person is shown; two that are equal show the same pages."""

    definition_sha256: str
    shifted_by_days: int
    wave_id: str
    arm: str | None
    instruments: tuple[tuple[str, str], ...]
    """The hash of each instrument frozen for the study, by its id."""
    definition: StudyDefinition = field(compare=False, repr=False)
    """The study as it is now."""
    asked: StudyDefinition = field(compare=False, repr=False)
    """The study as it asks this person: as it was, once the answers are submitted."""

    @property
    def questionnaire(self) -> Questionnaire:
        return _compiled(self)

    @property
    def wave(self) -> Wave:
        return self.definition.wave(self.wave_id)


def delivery_of(visit: Visit) -> Delivery:
    """Give what a visit is for."""
    asked = definition_asked(visit.study, visit.submission)
    return Delivery(
        definition_sha256=asked.sha256,
        shifted_by_days=visit.study.shifted_by_days,
        wave_id=visit.invitation.wave,
        arm=visit.arm,
        instruments=tuple(sorted(visit.study.instruments.items())),
        definition=definition_of(visit.study),
        asked=asked,
    )


def asked_of(visit: Visit) -> Questionnaire:
    """Give the pages that are asked of one person, by what that person has answered so far."""
    return delivery_of(visit).questionnaire.asked(visit.answers)


def added_since_start(visit: Visit) -> Page | None:
    """Give the first page with a question that was added since this person began, and not shown."""
    if visit.submission is None:
        return None
    before = definition_at_start(visit.study, visit.submission)
    wave = before.questionnaire(visit.invitation.wave, visit.arm)
    known = {question.id for question in wave.questions()} | visit.answers.keys()
    for page in asked_of(visit).pages:
        if any(question.id not in known for question in page.questions):
            return page
    return None


def is_submitted(visit: Visit) -> bool:
    """Whether the answers were submitted."""
    return visit.submission is not None and visit.submission.submitted_at is not None


def is_final(visit: Visit) -> bool:
    """Whether the answers were submitted and can no longer be changed by who gave them."""
    wave = delivery_of(visit).wave
    may_change = wave.changes_after_submission and state_of(wave, at=now()) == "open"
    return is_submitted(visit) and not may_change


@lru_cache(maxsize=128)
def _compiled(delivery: Delivery) -> Questionnaire:
    return delivery.asked.questionnaire(delivery.wave_id, delivery.arm)
