"""Ways of allocating, acts for late schools, and to whom the arms were released."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from survey_app.database.columns import UtcDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column(
            "method", sa.String(length=200), nullable=False, server_default="permuted_blocks"
        ),
        sa.Column("factors", sa.String(length=200), nullable=False, server_default="authority"),
        sa.Column("probability", sa.String(length=200), nullable=False, server_default=""),
        sa.Column("program", sa.String(length=200), nullable=False, server_default=""),
        sa.Column("engine_sha256", sa.String(length=64), nullable=False, server_default=""),
        sa.Column("baseline", sa.Text(), nullable=False, server_default=""),
        sa.Column("source", sa.Text(), nullable=False, server_default=""),
        sa.Column("file_sha256", sa.String(length=64), nullable=False, server_default=""),
    ):
        op.add_column("randomisation", column)
    op.add_column("allocation", sa.Column("act", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "late_allocation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("previous_sha256", sa.String(length=64), nullable=False),
        sa.Column("roster_sha256", sa.String(length=64), nullable=False),
        sa.Column("allocation_sha256", sa.String(length=64), nullable=False),
        sa.Column("program", sa.String(length=200), nullable=False, server_default=""),
        sa.Column("engine_sha256", sa.String(length=64), nullable=False, server_default=""),
        sa.Column("baseline", sa.Text(), nullable=False, server_default=""),
        sa.Column("source", sa.Text(), nullable=False, server_default=""),
        sa.Column("file_sha256", sa.String(length=64), nullable=False, server_default=""),
        sa.Column("allocated_at", UtcDateTime(), nullable=False),
        sa.Column("allocated_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_late_allocation_study_id"),
        sa.PrimaryKeyConstraint("id", name="pk_late_allocation"),
        sa.UniqueConstraint("study_id", "number", name="uq_late_allocation_study_id_number"),
    )
    op.create_index("ix_late_allocation_study_id", "late_allocation", ["study_id"], unique=False)
    op.create_table(
        "arm_release",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("released_at", UtcDateTime(), nullable=False),
        sa.Column("released_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_arm_release_staff_id"),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_arm_release_study_id"),
        sa.PrimaryKeyConstraint("id", name="pk_arm_release"),
        sa.UniqueConstraint("study_id", "staff_id", name="uq_arm_release_study_id_staff_id"),
    )
    op.create_index("ix_arm_release_staff_id", "arm_release", ["staff_id"], unique=False)
    op.create_index("ix_arm_release_study_id", "arm_release", ["study_id"], unique=False)
    # Where schools were randomised before, coordinators have seen the arms: they keep them.
    op.execute(
        "INSERT INTO arm_release (study_id, staff_id, because, released_at, released_by) "
        "SELECT DISTINCT staff_role.study_id, staff_role.staff_id, "
        "'Known before releases were recorded', randomisation.allocated_at, "
        "randomisation.allocated_by FROM staff_role "
        "JOIN randomisation ON randomisation.study_id = staff_role.study_id "
        "WHERE staff_role.role = 'coordinator'"
    )


def downgrade() -> None:
    op.drop_index("ix_arm_release_study_id", table_name="arm_release")
    op.drop_index("ix_arm_release_staff_id", table_name="arm_release")
    op.drop_table("arm_release")
    op.drop_index("ix_late_allocation_study_id", table_name="late_allocation")
    op.drop_table("late_allocation")
    op.drop_column("allocation", "act")
    for name in (
        "file_sha256",
        "source",
        "baseline",
        "engine_sha256",
        "program",
        "probability",
        "factors",
        "method",
    ):
        op.drop_column("randomisation", name)
