"""A second factor for staff, and sign-ins that are half done until it is passed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from survey_app.database.columns import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("staff", sa.Column("totp_secret", sa.Text(), nullable=True))
    op.add_column("staff", sa.Column("totp_confirmed_at", UtcDateTime(), nullable=True))
    op.add_column("staff", sa.Column("totp_last_step", sa.Integer(), nullable=True))
    op.add_column("staff_session", sa.Column("passed_at", UtcDateTime(), nullable=True))
    op.add_column(
        "staff_session", sa.Column("wrong_codes", sa.Integer(), nullable=False, server_default="0")
    )
    op.execute("UPDATE staff_session SET passed_at = started_at")
    op.create_table(
        "staff_recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_staff_recovery_code_staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_staff_recovery_code"),
        sa.UniqueConstraint(
            "staff_id", "code_hash", name="uq_staff_recovery_code_staff_id_code_hash"
        ),
    )
    op.create_index("ix_staff_recovery_code_staff_id", "staff_recovery_code", ["staff_id"])


def downgrade() -> None:
    op.drop_index("ix_staff_recovery_code_staff_id", table_name="staff_recovery_code")
    op.drop_table("staff_recovery_code")
    for column in ("wrong_codes", "passed_at"):
        op.drop_column("staff_session", column)
    for column in ("totp_last_step", "totp_confirmed_at", "totp_secret"):
        op.drop_column("staff", column)
