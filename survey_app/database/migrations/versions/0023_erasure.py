"""Erasure: what was answered can go once its submission is marked erased, and nothing else can."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from survey_app.database.columns import UtcDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

HISTORY = "response_event"
NEW = (
    ("participant", "erased_at", UtcDateTime()),
    ("submission", "erased_at", UtcDateTime()),
    ("report", "html_sha256", sa.String(length=64)),
    ("report", "pdf_sha256", sa.String(length=64)),
    ("report", "destroyed_at", UtcDateTime()),
)


def upgrade() -> None:
    for table, column, kind in NEW:
        op.add_column(table, sa.Column(column, kind, nullable=True))
    op.create_table(
        "tombstone",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("erased_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_tombstone_study_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tombstone"),
        sa.UniqueConstraint("study_id", "address_hash", name="uq_tombstone_study_id_address_hash"),
    )
    op.create_index("ix_tombstone_study_id", "tombstone", ["study_id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP TRIGGER {HISTORY}_grows ON {HISTORY}")
        op.execute(
            f"CREATE TRIGGER {HISTORY}_grows BEFORE UPDATE OR TRUNCATE ON {HISTORY} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION refuse_changes_{HISTORY}()"
        )
        op.execute(
            "CREATE FUNCTION keep_history_unless_erased() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN "
            "IF (SELECT erased_at FROM submission WHERE id = OLD.submission_id) IS NULL THEN "
            "RAISE EXCEPTION 'response_event can only grow'; END IF; RETURN OLD; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {HISTORY}_erased BEFORE DELETE ON {HISTORY} "
            "FOR EACH ROW EXECUTE FUNCTION keep_history_unless_erased()"
        )
        return
    op.execute("DROP TRIGGER response_event_grows_delete")
    op.execute(
        "CREATE TRIGGER response_event_grows_delete BEFORE DELETE ON response_event "
        "WHEN (SELECT erased_at FROM submission WHERE id = OLD.submission_id) IS NULL "
        "BEGIN SELECT RAISE(ABORT, 'response_event can only grow'); END"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP TRIGGER {HISTORY}_erased ON {HISTORY}")
        op.execute("DROP FUNCTION keep_history_unless_erased()")
        op.execute(f"DROP TRIGGER {HISTORY}_grows ON {HISTORY}")
        op.execute(
            f"CREATE TRIGGER {HISTORY}_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {HISTORY} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION refuse_changes_{HISTORY}()"
        )
    else:
        op.execute(f"DROP TRIGGER {HISTORY}_grows_delete")
        op.execute(
            f"CREATE TRIGGER {HISTORY}_grows_delete BEFORE DELETE ON {HISTORY} "
            f"BEGIN SELECT RAISE(ABORT, '{HISTORY} can only grow'); END"
        )
    op.drop_index("ix_tombstone_study_id", table_name="tombstone")
    op.drop_table("tombstone")
    for table, column, _ in reversed(NEW):
        op.drop_column(table, column)
