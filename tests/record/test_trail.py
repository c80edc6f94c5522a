"""The trail of changes only grows, is worded throughout, and names nobody."""

from __future__ import annotations

from pathlib import Path

import pytest
from answering import answer
from looking import everything, rows
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from trials import KEY, PASSWORD, Trial

import survey_app
from survey_app.database.models import AuditEvent, Contact, ResponseEvent
from survey_app.database.queries.trail import events_page, n_events
from survey_app.links import token_for_letter
from survey_app.operations.audit import WORDING, describe, record_event
from survey_app.operations.errors import OperationError
from survey_app.operations.staff import open_session
from survey_app.operations.studies import unmask_study

SOURCES = Path(survey_app.__file__).parent


@pytest.fixture
def told(trial: Trial) -> Trial:
    trial.invite()
    answer(trial, 1, text="Kayleigh was hard.")
    trial.randomise()
    return trial


@pytest.mark.parametrize("action", sorted(WORDING))
def test_every_worded_action_is_recorded_somewhere(action):
    named = [
        path.name
        for folder in ("operations", "jobs", "web")
        for path in (SOURCES / folder).rglob("*.py")
        if path.name != "audit.py" and f'"{action}"' in path.read_text()
    ]
    assert named, f"nothing records {action}"


def test_an_action_without_a_wording_is_refused(trial: Trial):
    with trial.database.writing() as session, pytest.raises(KeyError):
        record_event(session, "invented", by="test", at=trial.clock(), subject="study:1")


def test_an_event_whose_detail_does_not_fill_its_wording_is_refused(trial: Trial):
    with trial.database.writing() as session, pytest.raises(KeyError):
        record_event(session, "wave_invited", by="test", at=trial.clock(), subject="study:1")


def test_every_event_can_be_read_in_plain_english(told: Trial):
    sentences = [describe(e.action, e.detail) for e in rows(told.database, AuditEvent)]
    assert "10 people invited to wave baseline" in sentences
    assert any(each.startswith("8 schools randomised; baseline ") for each in sentences)
    assert not [sentence for sentence in sentences if "{" in sentence]


def test_the_trail_of_a_study_is_paged_newest_first(told: Trial):
    with told.database.reading() as session:
        study = told.study(session)
        total = n_events(session, study)
        pages = [
            *events_page(session, study, offset=0, limit=3),
            *events_page(session, study, offset=3, limit=total),
        ]
    assert len(pages) == total
    assert [e.id for e in pages] == sorted((e.id for e in pages), reverse=True)


def test_the_trail_holds_no_name_address_link_password_or_answer(told: Trial):
    trail = str(everything(told.database)["audit_event"])
    with told.database.reading() as session:
        people = session.query(Contact).all()
    secrets = [
        *(c.name for c in people),
        *(c.email for c in people),
        *(token_for_letter(n, key=KEY) for n in range(1, 12)),
        PASSWORD,
        "Kayleigh",
    ]
    assert not [secret for secret in secrets if secret in trail]


@pytest.mark.parametrize("table", ["audit_event", "response_event"])
@pytest.mark.parametrize("act", ["UPDATE {} SET id = id + 1000", "DELETE FROM {}"])
def test_what_happened_cannot_be_altered_or_deleted(told: Trial, table, act):
    before = everything(told.database)
    assert before[table]
    with (
        pytest.raises(DBAPIError, match=f"{table} can only grow"),
        told.database.writing() as session,
    ):
        session.execute(text(act.format(table)))
    assert everything(told.database) == before


@pytest.mark.parametrize("table", ["audit_event", "response_event"])
def test_postgresql_refuses_to_empty_what_only_grows(told: Trial, table):
    if told.database.engine.dialect.name == "sqlite":
        return  # SQLite has no TRUNCATE
    with (
        pytest.raises(DBAPIError, match=f"{table} can only grow"),
        told.database.writing() as session,
    ):
        session.execute(text(f"TRUNCATE {table}"))


def test_what_only_grows_does_grow(told: Trial):
    assert len(rows(told.database, ResponseEvent)) > 20


@pytest.mark.parametrize(
    "reason",
    [
        "Asked for by person1@school1.example.",
        "PERSON 1 wished it.",
        "So that Deputy-One can answer",
        "wegen deputy\ntwo",
    ],
)
def test_a_reason_that_names_somebody_is_refused_and_changes_nothing(told: Trial, reason):
    before = everything(told.database)
    with told.database.writing() as session:
        study = told.study(session)
        with pytest.raises(OperationError, match="nobody can be erased"):
            unmask_study(session, study=study, because=reason, by="test", at=told.clock())
    assert everything(told.database) == before


def test_a_reason_that_names_nobody_is_taken(told: Trial):
    reason = "The board decided on 1 May; a person 12 schools know, the deputy ones, agreed."
    with told.database.writing() as session:
        study = told.study(session)
        unmask_study(session, study=study, because=reason, by="test", at=told.clock())
    with told.database.reading() as session:
        assert told.study(session).unmasked_at is not None


def test_a_study_s_trail_has_the_sign_ins_of_its_staff_and_of_nobody_else(told: Trial):
    with told.database.writing() as session:
        for role in ("redactor", "eve"):
            open_session(session, staff=told.staff_with(role), token=role, at=told.clock())
        record_event(session, "wrong_links_slowed", by="v", at=told.clock(), subject="service")
    with told.database.reading() as session:
        study = told.study(session)
        shown = events_page(session, study, offset=0, limit=n_events(session, study))
    signed_in = [event.subject for event in shown if event.action == "signed_in"]
    assert signed_in == [f"staff:{told.staff_with('redactor').id}"]
    assert "wrong_links_slowed" in {event.action for event in shown}
