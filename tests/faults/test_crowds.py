"""A whole school at once, and one link in four browsers at once, over real sockets."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest
from flask import Flask
from letterboxes import outbox
from looking import events, only, rows
from sqlalchemy import func, select
from trials import BY, KEY, Trial
from werkzeug.serving import WSGIRequestHandler, make_server

from benchmarks.visiting import Visited, visit
from survey_app.database.models import (
    Comment,
    Invitation,
    Letter,
    Response,
    ResponseEvent,
    Submission,
)
from survey_app.links import token_for_letter
from survey_app.operations.enrolment import import_roster
from survey_app.trial.roster import read_roster

A_SCHOOL = "authority,school,urn,phase,mainstream,dsl_name,dsl_email,dsl_role\n" + "".join(
    f"Bolton,School 1,100001,primary,yes,Colleague {n},colleague{n}@school1.example,deputy\n"
    for n in range(30)
)
ITEMS, COMMENTS = 31, 2


@pytest.fixture
def school(trial: Trial) -> list[str]:
    """The links of the 32 people of one school."""
    with trial.database.writing() as session:
        study = trial.study(session)
        # Or a school's letters would go out over a week.
        study.source = study.source.replace("per_day = 4", "per_day = 40")
        study.definition_sha256 = sha256(study.source.encode()).hexdigest()
        roster = read_roster(A_SCHOOL.encode(), phases=trial.definition.study.phases)
        import_roster(session, study=study, rows=roster.rows, key=KEY, by=BY, at=trial.clock())
    trial.invite()
    with trial.database.reading() as session:
        letters = session.scalars(
            select(Letter.id)
            .join(Invitation)
            .where(Invitation.participant.has(school_id=1))
            .order_by(Letter.id)
        )
        return [token_for_letter(letter, key=KEY) for letter in letters]


class Quiet(WSGIRequestHandler):
    """A server's half of a connection, without a log."""

    def log(self, *_: object) -> None:
        return None


@pytest.fixture
def port(app: Flask) -> Iterator[int]:
    """A server that answers each connection in a thread of its own."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def all_at_once(port: int, tokens: list[str]) -> list[Visited]:
    """Walk every link in a browser of its own, from the letter to the receipt."""
    with ThreadPoolExecutor(len(tokens)) as crowd:
        walks = [
            crowd.submit(visit, port, token, random.Random(n)) for n, token in enumerate(tokens)
        ]
        return [walk.result(timeout=120) for walk in walks]


def test_32_people_at_one_address_all_get_through_at_once(trial, school, port):
    assert len(school) == 32
    receipts = {each.receipt for each in all_at_once(port, school)}
    assert len(receipts) == 32
    assert {row.receipt for row in rows(trial.database, Submission)} == receipts
    assert len(rows(trial.database, Response)) == 32 * ITEMS
    assert len(rows(trial.database, Comment)) == 32 * COMMENTS
    assert len(events(trial.database, "answers_submitted")) == 32


def test_one_link_in_four_browsers_at_once_is_one_submission(trial, school, port):
    receipts = {each.receipt for each in all_at_once(port, school[:1] * 4)}
    assert receipts == {only(trial.database, Submission).receipt}
    answered = Counter(row.item for row in rows(trial.database, Response))
    assert set(answered.values()) == {1}
    assert len(answered) == ITEMS
    assert len(rows(trial.database, Comment)) == COMMENTS
    assert [letter.kind for letter in outbox(trial.database)].count("thanks") == 1
    with trial.database.reading() as session:
        newest = select(func.max(ResponseEvent.id)).group_by(ResponseEvent.item)
        said = select(ResponseEvent.item, ResponseEvent.value).where(ResponseEvent.id.in_(newest))
        last_said = {item: value for item, value in session.execute(said) if value is not None}
    assert {row.item: row.value for row in rows(trial.database, Response)} == last_said
