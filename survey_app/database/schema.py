"""The shape of the record: brought up to date, taken back, and told where it stands."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from survey_app.database.stores import renew_grants

_MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the record up to a revision; at the newest already, nothing happens."""
    _run(engine, command.upgrade, revision)
    if is_current(engine):
        renew_grants(engine)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the record back to an earlier revision."""
    _run(engine, command.downgrade, revision)


def known_revisions() -> set[str]:
    """Every revision that this version knows."""
    return {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def is_of_a_later_version(engine: Engine) -> bool:
    """Whether the record is at a revision that this version does not know."""
    with engine.connect() as connection:
        return not known_revisions().issuperset(
            MigrationContext.configure(connection).get_current_heads()
        )


def is_current(engine: Engine) -> bool:
    """Whether the record is at the newest revision."""
    with engine.connect() as connection:
        return revision_of(connection) == newest_revision()


def revision_of(connection: Connection) -> str | None:
    """At which revision the record is; None where it is not set up."""
    return MigrationContext.configure(connection).get_current_revision()


@cache
def newest_revision() -> str | None:
    """The revision that this version works with."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _run(engine: Engine, step, revision: str) -> None:  # type: ignore[no-untyped-def]  # alembic types no step
    with engine.begin() as connection:
        step(_config(connection), revision)
