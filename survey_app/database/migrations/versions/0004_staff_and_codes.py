"""Staff, their roles and sign-ins, and the codebook."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from survey_app.database.columns import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "staff",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("disabled_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_staff"),
        sa.UniqueConstraint("email", name="uq_staff_email"),
    )
    op.create_table(
        "code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_code_study_id"),
        sa.PrimaryKeyConstraint("id", name="pk_code"),
        sa.UniqueConstraint("study_id", "label", name="uq_code_study_id_label"),
    )
    op.create_index("ix_code_study_id", "code", ["study_id"], unique=False)
    op.create_table(
        "staff_role",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_staff_role_staff_id"),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_staff_role_study_id"),
        sa.PrimaryKeyConstraint("id", name="pk_staff_role"),
        sa.UniqueConstraint(
            "staff_id", "study_id", "role", name="uq_staff_role_staff_id_study_id_role"
        ),
    )
    op.create_index("ix_staff_role_staff_id", "staff_role", ["staff_id"], unique=False)
    op.create_index("ix_staff_role_study_id", "staff_role", ["study_id"], unique=False)
    op.create_table(
        "staff_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_staff_session_staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_staff_session"),
        sa.UniqueConstraint("token_hash", name="uq_staff_session_token_hash"),
    )
    op.create_index("ix_staff_session_staff_id", "staff_session", ["staff_id"], unique=False)
    op.create_table(
        "coding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("comment_id", sa.Integer(), nullable=False),
        sa.Column("code_id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("coded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["code_id"], ["code.id"], name="fk_coding_code_id"),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name="fk_coding_comment_id"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_coding_staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_coding"),
        sa.UniqueConstraint(
            "comment_id", "code_id", "staff_id", name="uq_coding_comment_id_code_id_staff_id"
        ),
    )
    op.create_index("ix_coding_code_id", "coding", ["code_id"], unique=False)
    op.create_index("ix_coding_comment_id", "coding", ["comment_id"], unique=False)
    op.create_index("ix_coding_staff_id", "coding", ["staff_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_coding_staff_id", table_name="coding")
    op.drop_index("ix_coding_comment_id", table_name="coding")
    op.drop_index("ix_coding_code_id", table_name="coding")
    op.drop_table("coding")
    op.drop_index("ix_staff_session_staff_id", table_name="staff_session")
    op.drop_table("staff_session")
    op.drop_index("ix_staff_role_study_id", table_name="staff_role")
    op.drop_index("ix_staff_role_staff_id", table_name="staff_role")
    op.drop_table("staff_role")
    op.drop_index("ix_code_study_id", table_name="code")
    op.drop_table("code")
    op.drop_table("staff")
