"""Answering in tests: consent, pages and submission, as one person of the small trial."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping

from sqlalchemy.orm import Session
from trials import KEY, Trial

from instruments.questionnaire import Question
from survey_app.database.queries.invitations import Visit, visit_by_token
from survey_app.links import token_hash
from survey_app.operations.submissions import (
    PageAnswers,
    questionnaire_for,
    save_page,
    start_submission,
    submit,
)

Choose = Callable[[Question], int]


def first_option(question: Question) -> int:
    return question.options[0].value


def visit_of(session: Session, trial: Trial, person: int = 1, wave: str = "baseline") -> Visit:
    visit = visit_by_token(session, token_hash(trial.token(person, wave)))
    assert visit is not None
    return visit


def start(
    trial: Trial,
    person: int = 1,
    wave: str = "baseline",
    *,
    consents: Mapping[str, bool] | None = None,
) -> int:
    """Consent to everything unless told otherwise; give the submission's number."""
    with trial.database.writing() as session:
        visit = visit_of(session, trial, person, wave)
        given = consents or {consent.key: True for consent in trial.definition.consents}
        return start_submission(
            session,
            study=visit.study,
            invitation=visit.invitation,
            consents=given,
            at=trial.clock(),
        ).id


def save(
    trial: Trial,
    page: str,
    *,
    person: int = 1,
    wave: str = "baseline",
    values: Mapping[str, int] | None = None,
    texts: Mapping[str, str] | None = None,
    untouched: Collection[str] = (),
    is_draft: bool = False,
) -> int:
    """Save one page of a person who has started; give how many answers are new."""
    with trial.database.writing() as session:
        visit = visit_of(session, trial, person, wave)
        assert visit.submission is not None
        pages = questionnaire_for(study=visit.study, invitation=visit.invitation)
        return save_page(
            session,
            study=visit.study,
            invitation=visit.invitation,
            submission=visit.submission,
            page=pages.page(page),
            answers=PageAnswers(values or {}, texts or {}, frozenset(untouched)),
            at=trial.clock(),
            is_draft=is_draft,
        )


def send(trial: Trial, person: int = 1, wave: str = "baseline") -> str:
    """Submit what a person has saved; give the receipt."""
    with trial.database.writing() as session:
        visit = visit_of(session, trial, person, wave)
        assert visit.submission is not None
        return submit(
            session,
            study=visit.study,
            invitation=visit.invitation,
            submission=visit.submission,
            key=KEY,
            at=trial.clock(),
            # Many receipts in one test must differ, and each test must be able to repeat them.
            rng=random.Random(f"{person} {wave}"),
        )


def answer(
    trial: Trial,
    person: int = 1,
    wave: str = "baseline",
    *,
    choose: Choose = first_option,
    text: str = "",
) -> str:
    """Consent, answer every page and submit; give the receipt."""
    start(trial, person, wave)
    with trial.database.reading() as session:
        visit = visit_of(session, trial, person, wave)
        pages = questionnaire_for(study=visit.study, invitation=visit.invitation).pages
    for page in pages:
        save(
            trial,
            page.key,
            person=person,
            wave=wave,
            values={q.id: choose(q) for q in page.questions if q.kind == "choice"},
            texts={q.id: text for q in page.questions if q.kind == "text"},
        )
    return send(trial, person, wave)
