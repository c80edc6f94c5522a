"""Every step of the record's shape, up and down, with a trial's data in the tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from answering import answer
from looking import everything
from sqlalchemy import MetaData, inspect, select, text
from sqlalchemy.exc import DBAPIError
from trials import Trial

from survey_app.database import schema
from survey_app.database.base import Base
from survey_app.database.models import Invitation
from survey_app.database.queries.schools import school_by_urn
from survey_app.database.session import Database
from survey_app.operations.coding import add_code
from survey_app.operations.report_requests import request_report
from survey_app.operations.submissions import hold_page
from survey_app.operations.supervision import record_session
from survey_app.trial.meetings import MeetingFacts

MIGRATIONS = Path(schema.__file__).parent / "migrations"


def revisions() -> list[str]:
    """Every revision, oldest first."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return [step.revision for step in ScriptDirectory.from_config(config).walk_revisions()][::-1]


@pytest.fixture
def filled(trial: Trial) -> Trial:
    """A trial with a row in nearly every table."""
    trial.invite()
    answer(trial, 1, text="Some words.")
    trial.randomise()
    with trial.database.writing() as session:
        study = trial.study(session)
        parts: dict[str, Any] = {"by": "test", "at": trial.clock()}
        add_code(session, study=study, label="L", definition="D", **parts)
        request_report(session, study=study, **parts)
        school = school_by_urn(session, study, "100001")
        assert school is not None
        day = trial.clock().date()
        facts = MeetingFacts("supervision", 1, day, outcome="attended", model="one_to_one")
        record_session(session, school=school, facts=facts, **parts)
        hold_page(
            session,
            invitation=session.get_one(Invitation, 1),
            page="gad7",
            posted={"gad7_1": "3"},
            reason="test",
            at=trial.clock(),
        )
    return trial


def tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names()) - {"alembic_version"}


def contents(database: Database) -> Mapping[str, list[str]]:
    """What stands in the tables as they are now, whatever the models say."""
    metadata = MetaData()
    metadata.reflect(database.engine)
    with database.engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table))))
            for table in metadata.sorted_tables
            if table.name != "alembic_version"
        }


def test_there_is_one_line_of_revisions_numbered_in_order():
    assert revisions() == [f"{number:04d}" for number in range(1, len(revisions()) + 1)]


def test_the_newest_shape_is_that_of_the_models(database: Database):
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, Base.metadata) == []
    assert tables(database) == set(Base.metadata.tables)


def test_every_constraint_has_the_name_the_models_give_it(database: Database):
    found = inspect(database.engine)
    for table in Base.metadata.sorted_tables:
        named = {c.name for c in table.constraints if c.name and not c.name.startswith("pk_")}
        there = {
            *(c["name"] for c in found.get_unique_constraints(table.name)),
            *(c["name"] for c in found.get_foreign_keys(table.name)),
        }
        assert named == there, table.name


def test_each_step_down_and_up_again_keeps_the_data_of_the_others(filled: Trial):
    database = filled.database
    before = contents(database)
    for revision in [*revisions()[-2::-1], "base"]:
        schema.downgrade(database.engine, revision)
        left = contents(database)
        assert not schema.is_current(database.engine)
        for table, rows in left.items():
            assert len(rows) == len(before[table]), (revision, table)
    assert tables(database) == set()
    for revision in revisions():
        schema.upgrade(database.engine, revision)
    assert schema.is_current(database.engine)
    assert tables(database) == set(Base.metadata.tables)
    assert not any(everything(database).values())


def test_each_step_up_keeps_the_data_that_were_there(filled: Trial):
    database = filled.database
    for revision in revisions()[-2::-1]:
        schema.downgrade(database.engine, revision)
        earlier = contents(database)
        schema.upgrade(database.engine)
        later = contents(database)
        assert {table: len(rows) for table, rows in earlier.items()} == {
            table: len(later[table]) for table in earlier
        }


def test_upgrading_a_current_record_changes_nothing(filled: Trial):
    before = everything(filled.database)
    schema.upgrade(filled.database.engine)
    assert everything(filled.database) == before


def test_what_only_grows_may_change_once_its_guard_is_taken_back(filled: Trial):
    statement = text("DELETE FROM response_event")
    with pytest.raises(DBAPIError), filled.database.writing() as session:
        session.execute(statement)
    schema.downgrade(filled.database.engine, "0005")
    with filled.database.writing() as session:
        session.execute(statement)
    schema.upgrade(filled.database.engine)
    answer(filled, 2)
    with pytest.raises(DBAPIError), filled.database.writing() as session:
        session.execute(statement)


def test_a_record_never_set_up_is_not_current(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    assert not schema.is_current(database.engine)
    schema.upgrade(database.engine)
    assert schema.is_current(database.engine)
    database.dispose()


def test_an_upgrade_that_fails_half_way_leaves_the_record_as_it_was(database: Database):
    schema.downgrade(database.engine, "0004")
    with database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE supervision_session (id INTEGER)"))
    with pytest.raises(DBAPIError):
        schema.upgrade(database.engine)
    assert "report" not in tables(database)
