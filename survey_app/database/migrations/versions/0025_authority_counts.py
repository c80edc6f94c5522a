"""The counts that authorities hold of schools, import by import."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from survey_app.database.columns import UtcDateTime

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

MEASURES = (
    "contacts",
    "no_further_action",
    "referrals",
    "child_in_need_plans",
    "initial_conferences",
)


def upgrade() -> None:
    op.create_table(
        "counts_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("imported_at", UtcDateTime(), nullable=False),
        sa.Column("imported_by", sa.String(length=200), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("n_new", sa.Integer(), nullable=False),
        sa.Column("n_changed", sa.Integer(), nullable=False),
        sa.Column("n_unchanged", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_counts_import_study_id"),
        sa.PrimaryKeyConstraint("id", name="pk_counts_import"),
    )
    op.create_index("ix_counts_import_study_id", "counts_import", ["study_id"])
    op.create_table(
        "school_month",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=True) for name in MEASURES),
        sa.ForeignKeyConstraint(
            ["import_id"], ["counts_import.id"], name="fk_school_month_import_id"
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_school_month_school_id"),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_school_month_study_id"),
        sa.PrimaryKeyConstraint("id", name="pk_school_month"),
        sa.UniqueConstraint(
            "import_id", "school_id", "month", name="uq_school_month_import_id_school_id_month"
        ),
    )
    for column in ("study_id", "import_id", "school_id"):
        op.create_index(f"ix_school_month_{column}", "school_month", [column])


def downgrade() -> None:
    for column in ("school_id", "import_id", "study_id"):
        op.drop_index(f"ix_school_month_{column}", table_name="school_month")
    op.drop_table("school_month")
    op.drop_index("ix_counts_import_study_id", table_name="counts_import")
    op.drop_table("counts_import")
