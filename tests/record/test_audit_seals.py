"""The trail is sealed in batches, and whatever was done to it by hand is found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from at_once import at_once
from looking import rows
from sqlalchemy import Connection, text
from trials import Trial

from survey_app.database.models import AuditEvent, AuditSeal, AuditSealedEvent
from survey_app.jobs.sealing import seal_audit_trail
from survey_app.operations import audit_seals
from survey_app.operations.audit_seals import FIRST_PREVIOUS, TrailCheck, check_trail
from survey_app.operations.staff import add_staff


def seal(trial: Trial) -> None:
    seal_audit_trail(trial.database, clock=trial.clock, stopping=lambda: False)


def check(trial: Trial, expected_head: str = "") -> TrailCheck:
    with trial.database.reading() as session:
        return check_trail(session, at=trial.clock(), expected_head=expected_head)


def add_event(trial: Trial, name: str) -> None:
    with trial.database.writing() as session:
        add_staff(
            session,
            name=name,
            email=f"{name}@trial.example",
            password="a long password",
            by="test",
            at=trial.clock(),
        )


@pytest.fixture
def sealed(trial: Trial) -> Trial:
    """A trial with three seals."""
    seal(trial)
    for name in ("nora", "otto"):
        add_event(trial, name)
        seal(trial)
    return trial


@contextmanager
def tampering(trial: Trial, *tables: str) -> Iterator[Connection]:
    """Get past the triggers, as somebody with all rights on the database can."""
    with trial.database.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA query_only=OFF")
        for table in tables:
            if connection.dialect.name == "sqlite":
                for act in ("update", "delete"):
                    connection.exec_driver_sql(f"DROP TRIGGER {table}_grows_{act}")
            else:
                connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield connection


def test_every_event_is_under_one_seal_and_the_trail_fits(sealed: Trial):
    found = check(sealed)
    assert found.faults == ()
    assert (found.n_seals, found.n_unsealed) == (3, 0)
    assert found.n_sealed == len(rows(sealed.database, AuditEvent))
    seals = rows(sealed.database, AuditSeal)
    assert [s.previous_sha256 for s in seals] == [FIRST_PREVIOUS, *(s.sha256 for s in seals[:-1])]
    assert found.head == seals[-1].sha256


def test_nothing_new_makes_no_seal(sealed: Trial):
    seal(sealed)
    assert len(rows(sealed.database, AuditSeal)) == 3


def test_many_events_are_sealed_in_several_batches(trial: Trial, monkeypatch):
    monkeypatch.setattr(audit_seals, "MOST_EVENTS_IN_A_SEAL", 4)
    monkeypatch.setattr("survey_app.jobs.sealing.MOST_EVENTS_IN_A_SEAL", 4)
    seal(trial)
    assert [s.n_events for s in rows(trial.database, AuditSeal)[:-1]] == [4] * (
        len(rows(trial.database, AuditEvent)) // 4
    )
    assert check(trial).faults == ()
    assert len(rows(trial.database, AuditSealedEvent)) == len(rows(trial.database, AuditEvent))


def test_a_changed_event_is_found(sealed: Trial):
    with tampering(sealed, "audit_event") as connection:
        connection.execute(text("UPDATE audit_event SET \"by\" = 'staff:9' WHERE id = 2"))
    (fault,) = check(sealed).faults
    assert "under seal 1" in fault
    assert "not as they were sealed" in fault


def test_an_event_taken_away_is_found(sealed: Trial):
    with tampering(sealed, "audit_event") as connection:
        connection.execute(text("DELETE FROM audit_event WHERE id = 2"))
    assert check(sealed).faults == ("Event 2, under seal 1, is gone.",)


def test_a_seal_taken_out_of_the_middle_is_found(sealed: Trial):
    with tampering(sealed, "audit_seal", "audit_sealed_event", "audit_event") as connection:
        for statement in (
            "DELETE FROM audit_event WHERE id IN "
            "(SELECT event_id FROM audit_sealed_event WHERE seal_id = 2)",
            "DELETE FROM audit_sealed_event WHERE seal_id = 2",
            "DELETE FROM audit_seal WHERE id = 2",
        ):
            connection.execute(text(statement))
    assert check(sealed).faults == ("Seal 3 does not follow seal 1.",)


def test_seals_cut_off_at_the_end_are_found_by_a_head_noted_before(sealed: Trial):
    head = check(sealed).head
    with tampering(sealed, "audit_seal", "audit_sealed_event", "audit_event") as connection:
        for statement in (
            "DELETE FROM audit_event WHERE id IN "
            "(SELECT event_id FROM audit_sealed_event WHERE seal_id = 3)",
            "DELETE FROM audit_sealed_event WHERE seal_id = 3",
            "DELETE FROM audit_seal WHERE id = 3",
        ):
            connection.execute(text(statement))
    assert check(sealed).faults == ()
    (fault,) = check(sealed, expected_head=head).faults
    assert head in fault


def test_a_head_noted_before_stays_good_when_more_is_sealed(sealed: Trial):
    head = check(sealed).head
    add_event(sealed, "paula")
    seal(sealed)
    assert check(sealed, expected_head=head).faults == ()


def test_events_long_unsealed_are_told_and_new_ones_are_not(sealed: Trial):
    add_event(sealed, "paula")
    assert check(sealed).faults == ()
    assert check(sealed).n_unsealed == 1
    sealed.clock.move(hours=2)
    (fault,) = check(sealed).faults
    assert "1 events are older than an hour" in fault


def test_two_workers_at_once_make_one_chain(trial: Trial):
    assert at_once(trial, seal, seal) == []
    assert check(trial).faults == ()
    assert len(rows(trial.database, AuditSeal)) == 1
