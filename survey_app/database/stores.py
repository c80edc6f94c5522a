"""Three stores: contacts, answers, and all the rest, which holds what belongs to whom.

On PostgreSQL contacts and answers have a schema each, and two roles each see one of them: what
sends letters never reads an answer, what analyses never reads a contact. SQLite has neither schemas
nor roles; there, the keys that a part of the service is not given do what they can.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

from sqlalchemy import Connection, Engine, TextClause, text

from survey_app.database.encryption import Purpose

if TYPE_CHECKING:
    import psycopg

Store = Literal["contacts", "answers"]
Part = Literal["letters", "analysis"]

STORES: Final[Mapping[Store, tuple[str, ...]]] = {
    "contacts": ("contact",),
    "answers": ("response", "response_event", "comment", "consent", "held_page", "page_window"),
}
SEARCH_PATH: Final = "public, contacts, answers"

ROLES: Final[Mapping[Part, str]] = {"letters": "survey_letters", "analysis": "survey_analysis"}
_SEES: Final[Mapping[Part, Store]] = {"letters": "contacts", "analysis": "answers"}
# Who signs in, and how, is no matter of an analysis.
_NOT_FOR_ANALYSIS: Final = (
    "staff",
    "staff_letter",
    "staff_recovery_code",
    "staff_session",
    "wrong_sign_in",
    "wrong_link",
    "link_request",
)

_IN_USE: Final = (
    "SELECT 1 FROM pg_roles WHERE rolname = %s AND has_schema_privilege(oid, %s, 'USAGE') "
    "AND pg_has_role(current_user, oid, 'MEMBER')"
)

KEYS_OF: Final[Mapping[Part, tuple[Purpose, ...]]] = {"letters": ("contacts",), "analysis": ()}
"""What each part may read of what is encrypted; how many words a comment has is not."""


def make_roles(engine: Engine) -> tuple[str, ...]:
    """Make the two roles where they are missing, and grant each what it may see; give their names.

    On PostgreSQL only, by somebody who may make roles. Safe to repeat.
    """
    with engine.begin() as connection:
        for role in ROLES.values():
            connection.execute(_unless_there(f"CREATE ROLE {role} NOLOGIN"))
        connection.execute(_unless_there(f"GRANT {', '.join(ROLES.values())} TO CURRENT_USER"))
        _grant(connection)
    return tuple(ROLES.values())


def _unless_there(statement: str) -> TextClause:
    """Roles are the whole server's: another database may be making the same ones now."""
    return text(
        f"DO $$ BEGIN {statement}; "
        "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )


def renew_grants(engine: Engine) -> None:
    """Grant the roles what has been added since, where this database uses them."""
    if engine.dialect.name != "postgresql":
        return
    with engine.begin() as connection:
        if all(_is_in_use(connection, part) for part in ROLES):
            _grant(connection)


def are_kept_apart(engine: Engine) -> bool:
    """Whether the database itself keeps contacts from analysis and answers from letters."""
    if engine.dialect.name != "postgresql":
        return False
    with engine.connect() as connection:
        return all(_is_in_use(connection, part) for part in ROLES)


def take_role(connection: psycopg.Connection[Any], part: Part) -> None:
    """Let a new connection see no more than a part of the service may, if it has a role."""
    found = connection.execute(_IN_USE % ("%s", "%s"), (ROLES[part], _SEES[part])).fetchone()
    if found is not None:
        connection.execute(f"SET ROLE {ROLES[part]}")


def _is_in_use(connection: Connection, part: Part) -> bool:
    found = connection.execute(
        text(_IN_USE % (":role", ":store")), {"role": ROLES[part], "store": _SEES[part]}
    ).first()
    return found is not None


def _grant(connection: Connection) -> None:
    letters, analysis = ROLES["letters"], ROLES["analysis"]
    for statement in (
        f"GRANT USAGE ON SCHEMA public, contacts TO {letters}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public, contacts "
        f"TO {letters}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public, contacts TO {letters}",
        f"GRANT USAGE ON SCHEMA public, answers TO {analysis}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public, answers TO {analysis}",
        *(f"REVOKE ALL ON {table} FROM {analysis}" for table in _NOT_FOR_ANALYSIS),
    ):
        connection.execute(text(statement))
