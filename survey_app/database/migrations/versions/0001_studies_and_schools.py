"""Studies, their schools, and what each was randomised to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from survey_app.database.columns import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "study",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=200), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("shifted_by_days", sa.Integer(), nullable=False),
        sa.Column("definition_sha256", sa.String(length=64), nullable=False),
        sa.Column("registered_at", UtcDateTime(), nullable=False),
        sa.Column("unmasked_at", UtcDateTime(), nullable=True),
        sa.Column("unmasked_by", sa.String(length=200), nullable=True),
        sa.Column("unmasked_because", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_study"),
        sa.UniqueConstraint("slug", name="uq_study_slug"),
    )
    op.create_table(
        "authority",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_authority_study_id"),
        sa.PrimaryKeyConstraint("id", name="pk_authority"),
        sa.UniqueConstraint("study_id", "name", name="uq_authority_study_id_name"),
    )
    op.create_index("ix_authority_study_id", "authority", ["study_id"], unique=False)
    op.create_table(
        "randomisation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("seed", sa.String(length=200), nullable=False),
        sa.Column("block_size", sa.Integer(), nullable=False),
        sa.Column("arms", sa.JSON(), nullable=False),
        sa.Column("mask", sa.JSON(), nullable=False),
        sa.Column("roster_sha256", sa.String(length=64), nullable=False),
        sa.Column("allocation_sha256", sa.String(length=64), nullable=False),
        sa.Column("allocated_at", UtcDateTime(), nullable=False),
        sa.Column("allocated_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_randomisation_study_id"),
        sa.PrimaryKeyConstraint("id", name="pk_randomisation"),
        sa.UniqueConstraint("study_id", name="uq_randomisation_study_id"),
    )
    op.create_index("ix_randomisation_study_id", "randomisation", ["study_id"], unique=False)
    op.create_table(
        "school",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("authority_id", sa.Integer(), nullable=False),
        sa.Column("urn", sa.String(length=200), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("phase", sa.String(length=200), nullable=False),
        sa.Column("mainstream", sa.Boolean(), nullable=False),
        sa.Column("exclusion", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name="fk_school_authority_id"),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_school_study_id"),
        sa.PrimaryKeyConstraint("id", name="pk_school"),
        sa.UniqueConstraint("study_id", "code", name="uq_school_study_id_code"),
        sa.UniqueConstraint("study_id", "urn", name="uq_school_study_id_urn"),
    )
    op.create_index("ix_school_authority_id", "school", ["authority_id"], unique=False)
    op.create_index("ix_school_study_id", "school", ["study_id"], unique=False)
    op.create_table(
        "allocation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.Integer(), nullable=False),
        sa.Column("stratum", sa.String(length=200), nullable=False),
        sa.Column("block", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("arm", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_allocation_school_id"),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_allocation_study_id"),
        sa.PrimaryKeyConstraint("id", name="pk_allocation"),
        sa.UniqueConstraint("school_id", name="uq_allocation_school_id"),
    )
    op.create_index("ix_allocation_school_id", "allocation", ["school_id"], unique=False)
    op.create_index("ix_allocation_study_id", "allocation", ["study_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_allocation_study_id", table_name="allocation")
    op.drop_index("ix_allocation_school_id", table_name="allocation")
    op.drop_table("allocation")
    op.drop_index("ix_school_study_id", table_name="school")
    op.drop_index("ix_school_authority_id", table_name="school")
    op.drop_table("school")
    op.drop_index("ix_randomisation_study_id", table_name="randomisation")
    op.drop_table("randomisation")
    op.drop_index("ix_authority_study_id", table_name="authority")
    op.drop_table("authority")
    op.drop_table("study")
