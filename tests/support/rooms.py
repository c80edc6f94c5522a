"""What tests of the staff rooms share: who may come in, a comment to work on, what was audited."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from html import unescape

from flask.testing import FlaskClient
from sqlalchemy import select
from trials import KEY, Trial

from survey_app.database.models import AuditEvent, Comment, Invitation, Participant
from survey_app.operations.redaction import release_comment
from survey_app.operations.submissions import (
    PageAnswers,
    questionnaire_for,
    save_page,
    start_submission,
    submit,
)
from survey_app.roles import ROLES

STUDY = "/studies/bolton-primary"
SignIn = Callable[..., FlaskClient]


def assert_open_only_to(
    roles: Collection[str],
    *,
    client: FlaskClient,
    sign_in_as: SignIn,
    pages: Collection[str] = (),
    posts: Collection[str] = (),
) -> None:
    """Fail unless only these roles get past the door; posts are tried by the others alone."""
    for role in ROLES:
        browser = sign_in_as(role)
        expected = 200 if role in roles else 403
        assert [browser.get(path).status_code for path in pages] == [expected] * len(pages), role
        if role not in roles:
            assert [browser.post(path).status_code for path in posts] == [403] * len(posts), role
    eve = sign_in_as("eve")
    refused = [*(eve.get(path) for path in pages), *(eve.post(path) for path in posts)]
    assert [answer.status_code for answer in refused] == [404] * len(refused)
    asked = [*(client.get(path) for path in pages), *(client.post(path) for path in posts)]
    assert [answer.status_code for answer in asked] == [303] * len(asked)
    assert all(answer.location.startswith("/account/sign-in") for answer in asked)


def comment_by(
    trial: Trial,
    words: str,
    *,
    person: int = 1,
    question: str = "would_help",
    wave: str = "baseline",
    is_submitted: bool = True,
) -> int:
    """Have the n-th person, who is invited, write a comment; give its number."""
    with trial.database.writing() as session:
        study = trial.study(session)
        invitation = session.scalars(
            select(Invitation)
            .join(Participant)
            .where(Participant.code == f"P{person:05d}", Invitation.wave == wave)
        ).one()
        submission = start_submission(
            session,
            study=study,
            invitation=invitation,
            consents={consent.key: True for consent in trial.definition.consents},
            at=trial.clock(),
        )
        pages = questionnaire_for(study=study, invitation=invitation).pages
        page = next(p for p in pages if question in [q.id for q in p.questions])
        save_page(
            session,
            study=study,
            invitation=invitation,
            submission=submission,
            page=page,
            answers=PageAnswers({}, {question: words}),
            at=trial.clock(),
        )
        if is_submitted:
            submit(
                session,
                study=study,
                invitation=invitation,
                submission=submission,
                key=KEY,
                at=trial.clock(),
                rng=trial.rng,
            )
        return session.scalars(
            select(Comment.id).where(
                Comment.submission_id == submission.id, Comment.question == question
            )
        ).one()


def release(trial: Trial, comment_id: int, words: str, *, by_role: str = "redactor") -> None:
    """Have a comment redacted and released."""
    staff = trial.staff_with(by_role)
    with trial.database.writing() as session:
        release_comment(
            session,
            comment=session.get_one(Comment, comment_id),
            redacted=words,
            staff_id=staff.id,
            by=f"staff:{staff.id}",
            at=trial.clock(),
        )


def events(trial: Trial, action: str) -> list[AuditEvent]:
    """Every event of one kind on the trail."""
    with trial.database.reading() as session:
        return list(
            session.scalars(
                select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id)
            )
        )


def actor_of(trial: Trial, role: str) -> str:
    """How the trail names the member of staff with this role."""
    return f"staff:{trial.staff_with(role).id}"


def text_of_page(markup: str) -> str:
    """The words a page shows, on one line."""
    shown = re.sub(
        r"<[^>]+>", " ", markup.partition("<main")[2].partition(">")[2].partition("</main>")[0]
    )
    return " ".join(unescape(shown).split())
