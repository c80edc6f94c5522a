"""The server killed at each step of consent, of a page, and of submitting: all is done, or nothing.

What was acknowledged before is there once; what was not can be sent again and is then there once.
"""

from __future__ import annotations

import pytest
from dying import BEFORE_COMMIT, BEFORE_REPLY, killed
from letterboxes import outbox
from looking import events, only, rows
from respondents import CONSENT, Respondent

from survey_app.database.models import Comment, Consent, Response, ResponseEvent, Submission

from .conftest import VALUES, WORDS

PSS10 = {f"pss10_{n}": "1" for n in range(1, 11)}
SAVED = {**{name: int(value) for name, value in VALUES.items()}, **WORDS}


def thanks(dev: Respondent) -> int:
    return sum(letter.kind == "thanks" for letter in outbox(dev.trial.database))


def has_every_answer_once(dev: Respondent) -> bool:
    n_values, n_words = len(rows(dev.trial.database, Response)), len(WORDS)
    return dev.saved == SAVED and (n_values, len(rows(dev.trial.database, Comment))) == (7, n_words)


@pytest.mark.parametrize(
    "at",
    [
        "UPDATE submission",
        "UPDATE letter",
        "INSERT INTO letter",
        "INSERT INTO audit_event",
        BEFORE_COMMIT,
        BEFORE_REPLY,
    ],
)
def test_submitting_is_all_or_nothing_and_can_be_done_again(dev, settings, clock, at):
    received = killed(dev, settings, clock, at=at, act=Respondent.submit)
    assert received == b""
    was_committed = at == BEFORE_REPLY
    submission = only(dev.trial.database, Submission)
    assert (submission.receipt is not None) is was_committed
    assert thanks(dev) == was_committed
    assert has_every_answer_once(dev)
    assert dev.submit().location.endswith("/receipt")
    receipt = only(dev.trial.database, Submission).receipt
    assert receipt in dev.get("receipt").text
    assert submission.receipt in {None, receipt}
    assert thanks(dev) == 1
    assert len(events(dev.trial.database, "answers_submitted")) == 1
    assert has_every_answer_once(dev)


@pytest.mark.parametrize(
    "at",
    [
        "INSERT INTO response ",
        "INSERT INTO response_event",
        "INSERT INTO audit_event",
        BEFORE_COMMIT,
        BEFORE_REPLY,
    ],
)
def test_a_page_is_saved_whole_or_not_at_all_and_can_be_saved_again(dev, settings, clock, at):
    before = len(rows(dev.trial.database, ResponseEvent))
    received = killed(
        dev, settings, clock, at=at, act=lambda browser: browser.save("pss10", PSS10, shown="")
    )
    assert received == b""
    n_saved = 10 if at == BEFORE_REPLY else 0
    assert len(rows(dev.trial.database, Response)) == 7 + n_saved
    assert len(rows(dev.trial.database, ResponseEvent)) == before + n_saved
    assert dev.save("pss10", PSS10, shown="").status_code == 303
    assert len(rows(dev.trial.database, Response)) == 7 + 10
    assert len(rows(dev.trial.database, ResponseEvent)) == before + 10
    assert {name: dev.saved[name] for name in PSS10} == dict.fromkeys(PSS10, 1)


def agree(browser: Respondent):
    return browser.client.post(browser.address("consent"), data=CONSENT)


@pytest.mark.parametrize(
    "at",
    [
        "INSERT INTO submission",
        "INSERT INTO consent",
        "INSERT INTO audit_event",
        BEFORE_COMMIT,
        BEFORE_REPLY,
    ],
)
def test_consent_is_given_whole_or_not_at_all_and_can_be_given_again(
    app, invited, settings, clock, at
):
    eager = Respondent(app, invited)
    eager.open_link()
    assert killed(eager, settings, clock, at=at, act=agree) == b""
    record, n_consents = invited.database, len(invited.definition.consents)
    was_committed = at == BEFORE_REPLY
    assert len(rows(record, Submission)) == was_committed
    assert len(rows(record, Consent)) == n_consents * was_committed
    assert len(events(record, "answering_started")) == was_committed
    assert agree(eager).status_code == 303
    assert only(record, Submission).submitted_at is None
    assert len(rows(record, Consent)) == n_consents
    assert len(events(record, "answering_started")) == 1
    assert eager.get("gad7").status_code == 200
