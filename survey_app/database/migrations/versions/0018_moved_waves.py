"""The days of waves that a coordinator changed, and each change with its reason."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from survey_app.database.columns import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

DAYS = ("opened_on", "closed_on", "opens_on", "closes_on")


def upgrade() -> None:
    op.add_column("study", sa.Column("moved_waves", sa.JSON(), nullable=True))
    op.create_table(
        "wave_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("wave", sa.String(length=200), nullable=False),
        *(sa.Column(day, sa.Date(), nullable=False) for day in DAYS),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_wave_change_study_id"),
        sa.PrimaryKeyConstraint("id", name="pk_wave_change"),
    )
    op.create_index("ix_wave_change_study_id", "wave_change", ["study_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_wave_change_study_id", table_name="wave_change")
    op.drop_table("wave_change")
    op.drop_column("study", "moved_waves")
