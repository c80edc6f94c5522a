"""What stops letters: reminders not wanted, addresses that take none; and reports of bounces."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from survey_app.database.columns import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MOMENTS = (
    ("participant", "reminders_stopped_at"),
    ("contact", "address_since"),
    ("contact", "undeliverable_at"),
)


def upgrade() -> None:
    for table, column in MOMENTS:
        op.add_column(table, sa.Column(column, UtcDateTime(), nullable=True))
    op.create_table(
        "delivery_report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("reported_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["letter_id"], ["letter.id"], name="fk_delivery_report_letter_id"),
        sa.PrimaryKeyConstraint("id", name="pk_delivery_report"),
        sa.UniqueConstraint("source", name="uq_delivery_report_source"),
    )
    op.create_index("ix_delivery_report_letter_id", "delivery_report", ["letter_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_delivery_report_letter_id", table_name="delivery_report")
    op.drop_table("delivery_report")
    for table, column in reversed(MOMENTS):
        op.drop_column(table, column)
