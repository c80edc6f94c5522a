"""Letters by which staff are invited, and wrong passwords counted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from survey_app.database.columns import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "staff_letter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("queued_at", UtcDateTime(), nullable=False),
        sa.Column("queued_by", sa.Integer(), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_staff_letter_staff_id"),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_staff_letter_study_id"),
        sa.ForeignKeyConstraint(["queued_by"], ["staff.id"], name="fk_staff_letter_queued_by"),
        sa.PrimaryKeyConstraint("id", name="pk_staff_letter"),
        sa.UniqueConstraint("token_hash", name="uq_staff_letter_token_hash"),
    )
    op.create_index("ix_staff_letter_staff_id", "staff_letter", ["staff_id"])
    op.create_index("ix_staff_letter_study_id", "staff_letter", ["study_id"])
    op.create_index("ix_staff_letter_due", "staff_letter", ["state", "not_before"])
    op.create_table(
        "wrong_sign_in",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("network_hash", sa.String(length=64), nullable=False),
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("guess_hash", sa.String(length=4), nullable=False),
        sa.Column("tried_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wrong_sign_in"),
        sa.UniqueConstraint(
            "network_hash",
            "address_hash",
            "guess_hash",
            name="uq_wrong_sign_in_network_hash_address_hash_guess_hash",
        ),
    )
    op.create_index("ix_wrong_sign_in_tried_at", "wrong_sign_in", ["tried_at"])


def downgrade() -> None:
    op.drop_index("ix_wrong_sign_in_tried_at", table_name="wrong_sign_in")
    op.drop_table("wrong_sign_in")
    for index in ("ix_staff_letter_due", "ix_staff_letter_study_id", "ix_staff_letter_staff_id"):
        op.drop_index(index, table_name="staff_letter")
    op.drop_table("staff_letter")
