"""Names, addresses, comments as written and pages held back are encrypted."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

from survey_app.database.encryption import Encrypted, EncryptedFields, LookUpHash
from survey_app.database.growing import unguarded

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_BODY = Encrypted("comments")
_FIELDS = EncryptedFields("comments")
_CONTACT = Encrypted("contacts")
_HASH = LookUpHash("contacts", of="email")


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        # What stood there in plain words is overwritten, not only let go of.
        connection.execute(sa.text("PRAGMA secure_delete = ON"))
    _encrypt_contacts()
    op.add_column("comment", sa.Column("n_words", sa.Integer(), nullable=False, server_default="0"))
    _each_body("comment", lambda words: _BODY.process_bind_param(words, connection.dialect))
    _count_words()
    with unguarded(connection, "response_event"):
        _each_body(
            "response_event", lambda words: _BODY.process_bind_param(words, connection.dialect)
        )
    held = sa.table("held_page", sa.column("id"), sa.column("posted", sa.JSON()))
    fields = dict(connection.execute(sa.select(held.c.id, held.c.posted)).all())
    op.add_column("held_page", sa.Column("encrypted", sa.Text(), nullable=False, server_default=""))
    for number, posted in fields.items():
        connection.execute(
            sa.text("UPDATE held_page SET encrypted = :kept WHERE id = :id"),
            {"kept": _FIELDS.process_bind_param(posted, connection.dialect), "id": number},
        )
    op.drop_column("held_page", "posted")
    with op.batch_alter_table("held_page") as batch:
        batch.alter_column("encrypted", new_column_name="posted", server_default=None)


def downgrade() -> None:
    connection = op.get_bind()
    kept = sa.table("held_page", sa.column("id"), sa.column("posted", sa.Text()))
    rows = connection.execute(sa.select(kept.c.id, kept.c.posted)).all()
    op.add_column(
        "held_page", sa.Column("plain", sa.JSON(), nullable=False, server_default=sa.text("'{}'"))
    )
    plain = sa.table("held_page", sa.column("id"), sa.column("plain", sa.JSON()))
    for number, posted in rows:
        fields = _FIELDS.process_result_value(posted, connection.dialect)
        connection.execute(sa.update(plain).where(plain.c.id == number).values(plain=fields))
    op.drop_column("held_page", "posted")
    with op.batch_alter_table("held_page") as batch:
        batch.alter_column("plain", new_column_name="posted", server_default=None)
    with unguarded(connection, "response_event"):
        _each_body(
            "response_event", lambda kept: _BODY.process_result_value(kept, connection.dialect)
        )
    _each_body("comment", lambda kept: _BODY.process_result_value(kept, connection.dialect))
    op.drop_column("comment", "n_words")
    _decrypt_contacts()


def _encrypt_contacts() -> None:
    dialect = op.get_bind().dialect
    op.drop_index("ix_contact_current_email", table_name="contact")
    with op.batch_alter_table("contact") as contact:
        contact.add_column(
            sa.Column("email_hash", sa.String(length=64), nullable=False, server_default="")
        )
        for name in ("name", "email"):
            contact.alter_column(name, type_=sa.Text(), existing_type=sa.String(length=200))
    _each_contact(
        lambda name, email: {
            "name": _CONTACT.process_bind_param(name, dialect),
            "email": _CONTACT.process_bind_param(email, dialect),
            "email_hash": _HASH.process_bind_param(email, dialect),
        }
    )
    with op.batch_alter_table("contact") as contact:
        contact.alter_column("email_hash", server_default=None, existing_type=sa.String(length=64))
    _make_index("email_hash")


def _decrypt_contacts() -> None:
    dialect = op.get_bind().dialect
    op.drop_index("ix_contact_current_email", table_name="contact")
    _each_contact(
        lambda name, email: {
            "name": _CONTACT.process_result_value(name, dialect),
            "email": _CONTACT.process_result_value(email, dialect),
            "email_hash": "",
        }
    )
    with op.batch_alter_table("contact") as contact:
        contact.drop_column("email_hash")
        for name in ("name", "email"):
            contact.alter_column(name, type_=sa.String(length=200), existing_type=sa.Text())
    _make_index("email")


def _make_index(column: str) -> None:
    op.create_index(
        "ix_contact_current_email",
        "contact",
        ["study_id", column],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _each_contact(turned: Callable[[str, str], dict[str, str | None]]) -> None:
    connection = op.get_bind()
    text = (sa.column(name, sa.Text()) for name in ("name", "email", "email_hash"))
    table = sa.table("contact", sa.column("participant_id", sa.Integer()), *text)
    rows = connection.execute(sa.select(table.c.participant_id, table.c.name, table.c.email)).all()
    for number, name, email in rows:
        connection.execute(
            sa.update(table).where(table.c.participant_id == number).values(turned(name, email))
        )


def _each_body(name: str, turned: Callable[[str], str | None]) -> None:
    connection = op.get_bind()
    table = sa.table(name, sa.column("id", sa.Integer()), sa.column("body", sa.Text()))
    bodies = connection.execute(
        sa.select(table.c.id, table.c.body).where(table.c.body.is_not(None), table.c.body != "")
    ).all()
    changed = (
        sa.update(table).where(table.c.id == sa.bindparam("of")).values(body=sa.bindparam("words"))
    )
    if bodies:
        connection.execute(changed, [{"of": of, "words": turned(body)} for of, body in bodies])


def _count_words() -> None:
    connection = op.get_bind()
    table = sa.table(
        "comment",
        sa.column("id", sa.Integer()),
        sa.column("body", _BODY),
        sa.column("n_words", sa.Integer()),
    )
    for number, body in connection.execute(sa.select(table.c.id, table.c.body)).all():
        connection.execute(
            sa.update(table).where(table.c.id == number).values(n_words=len(body.split()))
        )
