"""Answers saved while their page is being answered, and the order of one window's posts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ANSWERS = ("response", "comment")


def upgrade() -> None:
    for table in ANSWERS:
        op.add_column(
            table, sa.Column("is_draft", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    op.create_table(
        "page_window",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name="fk_page_window_submission_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_page_window"),
        sa.UniqueConstraint("submission_id", "key", name="uq_page_window_submission_id_key"),
    )
    op.create_index("ix_page_window_submission_id", "page_window", ["submission_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_page_window_submission_id", table_name="page_window")
    op.drop_table("page_window")
    for table in ANSWERS:
        op.drop_column(table, "is_draft")
