"""Seals over the trail of changes, each over the one before, so that tampering shows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from survey_app.database.columns import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

GROWING = ("audit_seal", "audit_sealed_event")


def upgrade() -> None:
    op.create_table(
        "audit_seal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sealed_at", UtcDateTime(), nullable=False),
        sa.Column("n_events", sa.Integer(), nullable=False),
        sa.Column("previous_sha256", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_seal"),
        sa.UniqueConstraint("previous_sha256", name="uq_audit_seal_previous_sha256"),
        sa.UniqueConstraint("sha256", name="uq_audit_seal_sha256"),
    )
    op.create_table(
        "audit_sealed_event",
        sa.Column("event_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seal_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["seal_id"], ["audit_seal.id"], name="fk_audit_sealed_event_seal_id"
        ),
        sa.PrimaryKeyConstraint("event_id", name="pk_audit_sealed_event"),
    )
    op.create_index("ix_audit_sealed_event_seal_id", "audit_sealed_event", ["seal_id"])
    for table in GROWING:
        _refuse_changes(table)


def downgrade() -> None:
    for table in GROWING:
        _allow_changes(table)
    op.drop_index("ix_audit_sealed_event_seal_id", table_name="audit_sealed_event")
    op.drop_table("audit_sealed_event")
    op.drop_table("audit_seal")


def _refuse_changes(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION refuse_changes_{table}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{table} can only grow'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION refuse_changes_{table}()"
        )
        return
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_grows_{act.lower()} BEFORE {act} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} can only grow'); END"
        )


def _allow_changes(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP TRIGGER {table}_grows ON {table}")
        op.execute(f"DROP FUNCTION refuse_changes_{table}()")
        return
    for act in ("update", "delete"):
        op.execute(f"DROP TRIGGER {table}_grows_{act}")
