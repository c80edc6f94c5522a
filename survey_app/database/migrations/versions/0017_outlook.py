"""What a study can still detect, as the worker worked it out last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from survey_app.database.columns import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outlook",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("worked_out_at", UtcDateTime(), nullable=False),
        sa.Column("basis", sa.String(length=64), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_outlook_study_id"),
        sa.PrimaryKeyConstraint("id", name="pk_outlook"),
        sa.UniqueConstraint("study_id", name="uq_outlook_study_id"),
    )
    op.create_index("ix_outlook_study_id", "outlook", ["study_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_outlook_study_id", table_name="outlook")
    op.drop_table("outlook")
