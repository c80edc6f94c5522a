"""Supervision sessions and reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from survey_app.database.columns import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("requested_by", sa.String(length=200), nullable=False),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("masked", sa.Boolean(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("html", sa.LargeBinary(), nullable=True),
        sa.Column("pdf", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_report_study_id"),
        sa.PrimaryKeyConstraint("id", name="pk_report"),
    )
    op.create_index("ix_report_study_id", "report", ["study_id"], unique=False)
    op.create_table(
        "supervision_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("offered", sa.Boolean(), nullable=False),
        sa.Column("attended", sa.Boolean(), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id"], ["school.id"], name="fk_supervision_session_school_id"
        ),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_supervision_session_study_id"),
        sa.PrimaryKeyConstraint("id", name="pk_supervision_session"),
        sa.UniqueConstraint("school_id", "number", name="uq_supervision_session_school_id_number"),
    )
    op.create_index(
        "ix_supervision_session_school_id", "supervision_session", ["school_id"], unique=False
    )
    op.create_index(
        "ix_supervision_session_study_id", "supervision_session", ["study_id"], unique=False
    )


def downgrade() -> None:
    op.drop_index("ix_supervision_session_study_id", table_name="supervision_session")
    op.drop_index("ix_supervision_session_school_id", table_name="supervision_session")
    op.drop_table("supervision_session")
    op.drop_index("ix_report_study_id", table_name="report")
    op.drop_table("report")
