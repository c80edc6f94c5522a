"""Contacts and answers are kept apart: letters read no answer, an analysis reads no contact."""

from __future__ import annotations

import re

import pytest
from answering import answer
from letterboxes import Remembering
from looking import rows
from sqlalchemy import event, text
from sqlalchemy.exc import ProgrammingError
from trials import BY, KEY, Trial

from survey_app.database import schema
from survey_app.database.base import Base
from survey_app.database.encryption import KeyMissingError
from survey_app.database.models import Comment, Contact, Letter, Report
from survey_app.database.session import Database
from survey_app.database.stores import ROLES, STORES, are_kept_apart, make_roles
from survey_app.jobs.delivery import deliver_letters
from survey_app.jobs.link_requests import queue_new_links
from survey_app.jobs.reminders import queue_reminders
from survey_app.jobs.reports import make_reports
from survey_app.jobs.staff_letters import deliver_staff_letters
from survey_app.links import address_hash
from survey_app.operations.link_requests import request_link
from survey_app.operations.report_requests import request_report
from survey_app.operations.staff_access import invite_staff

ANSWERS = STORES["answers"]


@pytest.fixture
def told(trial: Trial, database_kind: str) -> Trial:
    """A trial in which all was done that letters and reports are about; its roles are made."""
    if database_kind == "postgresql":
        make_roles(trial.database.engine)
    trial.invite()
    answer(trial, 1, text="Kayleigh was hard.")
    trial.randomise()
    with trial.database.writing() as session:
        study = trial.study(session)
        request_report(session, study=study, by=BY, at=trial.clock())
        request_link(
            session,
            network_hash="here",
            address_hash=address_hash("person2@school2.example", key=KEY),
            at=trial.clock(),
        )
        invite_staff(
            session,
            study=study,
            name="Nora",
            email="nora@trial.example",
            roles=["redactor"],
            key=KEY,
            by=BY,
            at=trial.clock(),
        )
    return trial


@pytest.fixture
def letters(told: Trial) -> Database:
    return told.database.of_part("letters")


@pytest.fixture
def analysis(told: Trial) -> Database:
    return told.database.of_part("analysis")


def statements_of(*databases: Database) -> list[str]:
    """Every statement that these databases are asked from now on."""
    asked: list[str] = []

    def note(_connection, _cursor, statement, *_):
        asked.append(statement)

    for database in databases:
        for engine in (database.engine, database._reader):
            event.listen(engine, "before_cursor_execute", note)
    return asked


def names(asked: list[str], table: str) -> bool:
    named = re.compile(rf"\b{table}(_\d+)?\.|\b(FROM|INTO|UPDATE|JOIN) {table}\b")
    return any(named.search(statement) for statement in asked)


def test_every_letter_leaves_and_no_answer_is_read(told: Trial, settings, letters: Database):
    asked = statements_of(letters)
    assert queue_new_links(settings, letters, clock=told.clock) == 1
    sent = deliver_letters(settings, letters, clock=told.clock, transport=Remembering())
    assert sent.sent == 11
    assert deliver_staff_letters(settings, letters, clock=told.clock, transport=Remembering()) == 1
    told.clock.move(days=7)
    assert queue_reminders(settings, letters, clock=told.clock) > 0
    assert deliver_letters(settings, letters, clock=told.clock, transport=Remembering()).sent > 0
    assert {each.state for each in rows(told.database, Letter)} <= {"sent", "cancelled"}
    assert names(asked, "contact")
    assert [table for table in ANSWERS if names(asked, table)] == []


def test_a_report_is_made_and_no_contact_is_read(told: Trial, analysis: Database):
    asked = statements_of(analysis)
    assert make_reports(told.database, reading=analysis, clock=told.clock) == 1
    (report,) = rows(told.database, Report)
    assert (report.state, report.error) == ("ready", "")
    assert names(asked, "response")
    assert [table for table in ("contact", "staff") if names(asked, table)] == []


def test_what_a_part_has_no_key_for_it_cannot_read(letters: Database, analysis: Database, told):
    assert rows(letters, Contact)[0].name == "Person 1"
    with pytest.raises((KeyMissingError, ProgrammingError)):
        rows(letters, Comment)
    with pytest.raises((KeyMissingError, ProgrammingError)):
        rows(analysis, Contact)
    with pytest.raises((KeyMissingError, ProgrammingError)):
        rows(analysis, Comment)


def may(database: Database, statement: str) -> bool:
    try:
        with database.engine.connect() as connection:
            connection.execute(text(statement))
    except ProgrammingError as error:
        if "permission denied" not in str(error.orig):
            raise
        return False
    return True


class TestOnPostgresql:
    """What the grants themselves refuse, whatever a program asks."""

    @pytest.fixture(params=[pytest.param("postgresql", marks=pytest.mark.postgresql)])
    def database_kind(self, request: pytest.FixtureRequest) -> str:
        return request.param

    def test_who_reads_answers_reads_no_contact_and_the_other_way_round(
        self, letters: Database, analysis: Database
    ):
        assert may(letters, "SELECT * FROM contacts.contact")
        assert not may(analysis, "SELECT * FROM contacts.contact")
        for table in ANSWERS:
            assert may(analysis, f"SELECT * FROM answers.{table}"), table
            assert not may(letters, f"SELECT * FROM answers.{table}"), table
            assert not may(letters, f"DELETE FROM answers.{table}"), table

    def test_an_analysis_changes_nothing_and_reads_nobody_s_sign_in(self, analysis: Database):
        for table in ("staff", "staff_session", "staff_letter", "staff_recovery_code"):
            assert not may(analysis, f"SELECT * FROM {table}"), table
        assert not may(analysis, "UPDATE answers.response SET value = 0")
        assert not may(analysis, "DELETE FROM audit_event")

    def test_each_table_stands_in_its_store(self, told: Trial):
        with told.database.engine.connect() as connection:
            found = connection.execute(
                text(
                    "SELECT table_schema, table_name FROM information_schema.tables "
                    "WHERE table_schema IN ('public', 'contacts', 'answers')"
                )
            )
            where = {table: store for store, table in found if table in Base.metadata.tables}
        expected = {table: store for store, tables in STORES.items() for table in tables}
        assert where == {name: expected.get(name, "public") for name in Base.metadata.tables}

    def test_without_roles_the_service_works_as_before(self, trial: Trial, settings):
        trial.invite()
        assert not are_kept_apart(trial.database.engine)
        part = trial.database.of_part("letters")
        sent = deliver_letters(settings, part, clock=trial.clock, transport=Remembering())
        assert sent.sent == 10

    def test_once_they_are_made_the_database_keeps_the_stores_apart(self, told: Trial):
        assert are_kept_apart(told.database.engine)

    def test_an_upgrade_grants_what_is_missing(self, told: Trial, letters: Database):
        with told.database.writing() as session:
            session.execute(text(f"REVOKE ALL ON letter FROM {ROLES['letters']}"))
        assert not may(letters, "SELECT * FROM letter")
        schema.upgrade(told.database.engine)
        assert may(letters, "SELECT * FROM letter")

    @pytest.mark.usefixtures("trial")
    def test_the_command_makes_them_and_may_be_repeated(self, app):
        for _ in range(2):
            result = app.test_cli_runner().invoke(args=["database", "roles"])
            assert result.exit_code == 0, result.output
            assert " and ".join(ROLES.values()) in result.output


def test_on_sqlite_the_command_says_that_there_are_none(app, database_kind: str):
    if database_kind == "sqlite":
        result = app.test_cli_runner().invoke(args=["database", "roles"])
        assert result.exit_code == 1
        assert "SQLite has no roles" in result.output
