"""People, how to reach them, invitations and the outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from survey_app.database.columns import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "participant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=200), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_participant_school_id"),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_participant_study_id"),
        sa.PrimaryKeyConstraint("id", name="pk_participant"),
        sa.UniqueConstraint("study_id", "code", name="uq_participant_study_id_code"),
    )
    op.create_index("ix_participant_school_id", "participant", ["school_id"], unique=False)
    op.create_index("ix_participant_study_id", "participant", ["study_id"], unique=False)
    op.create_table(
        "contact",
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name="fk_contact_participant_id"
        ),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_contact_study_id"),
        sa.PrimaryKeyConstraint("participant_id", name="pk_contact"),
        sa.UniqueConstraint("study_id", "email", name="uq_contact_study_id_email"),
    )
    op.create_index("ix_contact_study_id", "contact", ["study_id"], unique=False)
    op.create_table(
        "invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("wave", sa.String(length=200), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("invited_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name="fk_invitation_participant_id"
        ),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_invitation_study_id"),
        sa.PrimaryKeyConstraint("id", name="pk_invitation"),
        sa.UniqueConstraint("participant_id", "wave", name="uq_invitation_participant_id_wave"),
        sa.UniqueConstraint("reference", name="uq_invitation_reference"),
    )
    op.create_index("ix_invitation_participant_id", "invitation", ["participant_id"], unique=False)
    op.create_index("ix_invitation_study_id", "invitation", ["study_id"], unique=False)
    op.create_table(
        "letter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("queued_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitation.id"], name="fk_letter_invitation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_letter"),
        sa.UniqueConstraint("key", name="uq_letter_key"),
        sa.UniqueConstraint("token_hash", name="uq_letter_token_hash"),
    )
    op.create_index("ix_letter_due", "letter", ["state", "not_before"], unique=False)
    op.create_index("ix_letter_invitation_id", "letter", ["invitation_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_letter_invitation_id", table_name="letter")
    op.drop_index("ix_letter_due", table_name="letter")
    op.drop_table("letter")
    op.drop_index("ix_invitation_study_id", table_name="invitation")
    op.drop_index("ix_invitation_participant_id", table_name="invitation")
    op.drop_table("invitation")
    op.drop_index("ix_contact_study_id", table_name="contact")
    op.drop_table("contact")
    op.drop_index("ix_participant_study_id", table_name="participant")
    op.drop_index("ix_participant_school_id", table_name="participant")
    op.drop_table("participant")
