"""What was answered, its history, comments, and pages held back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from survey_app.database.columns import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "held_page",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.Column("page", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("posted", sa.JSON(), nullable=False),
        sa.Column("held_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitation.id"], name="fk_held_page_invitation_id"
        ),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_held_page_study_id"),
        sa.PrimaryKeyConstraint("id", name="pk_held_page"),
    )
    op.create_index("ix_held_page_invitation_id", "held_page", ["invitation_id"], unique=False)
    op.create_index("ix_held_page_study_id", "held_page", ["study_id"], unique=False)
    op.create_table(
        "submission",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("wave", sa.String(length=200), nullable=False),
        sa.Column("definition_sha256", sa.String(length=64), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("submitted_at", UtcDateTime(), nullable=True),
        sa.Column("receipt", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitation.id"], name="fk_submission_invitation_id"
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name="fk_submission_participant_id"
        ),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_submission_study_id"),
        sa.PrimaryKeyConstraint("id", name="pk_submission"),
        sa.UniqueConstraint("invitation_id", name="uq_submission_invitation_id"),
        sa.UniqueConstraint("receipt", name="uq_submission_receipt"),
    )
    op.create_index("ix_submission_invitation_id", "submission", ["invitation_id"], unique=False)
    op.create_index("ix_submission_participant_id", "submission", ["participant_id"], unique=False)
    op.create_index("ix_submission_study_id", "submission", ["study_id"], unique=False)
    op.create_table(
        "comment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.Column("redacted", sa.Text(), nullable=True),
        sa.Column("released_at", UtcDateTime(), nullable=True),
        sa.Column("released_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_comment_study_id"),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name="fk_comment_submission_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_comment"),
        sa.UniqueConstraint("submission_id", "question", name="uq_comment_submission_id_question"),
    )
    op.create_index("ix_comment_study_id", "comment", ["study_id"], unique=False)
    op.create_index("ix_comment_submission_id", "comment", ["submission_id"], unique=False)
    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("notice_version", sa.String(length=200), nullable=False),
        sa.Column("notice_sha256", sa.String(length=64), nullable=False),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name="fk_consent_submission_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_consent"),
        sa.UniqueConstraint("submission_id", "key", name="uq_consent_submission_id_key"),
    )
    op.create_index("ix_consent_submission_id", "consent", ["submission_id"], unique=False)
    op.create_table(
        "response",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(length=200), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name="fk_response_submission_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_response"),
        sa.UniqueConstraint("submission_id", "item", name="uq_response_submission_id_item"),
    )
    op.create_index("ix_response_submission_id", "response", ["submission_id"], unique=False)
    op.create_table(
        "response_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(length=200), nullable=False),
        sa.Column("value", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name="fk_response_event_submission_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_response_event"),
    )
    op.create_index(
        "ix_response_event_submission_id", "response_event", ["submission_id"], unique=False
    )


def downgrade() -> None:
    op.drop_index("ix_response_event_submission_id", table_name="response_event")
    op.drop_table("response_event")
    op.drop_index("ix_response_submission_id", table_name="response")
    op.drop_table("response")
    op.drop_index("ix_consent_submission_id", table_name="consent")
    op.drop_table("consent")
    op.drop_index("ix_comment_submission_id", table_name="comment")
    op.drop_index("ix_comment_study_id", table_name="comment")
    op.drop_table("comment")
    op.drop_index("ix_submission_study_id", table_name="submission")
    op.drop_index("ix_submission_participant_id", table_name="submission")
    op.drop_index("ix_submission_invitation_id", table_name="submission")
    op.drop_table("submission")
    op.drop_index("ix_held_page_study_id", table_name="held_page")
    op.drop_index("ix_held_page_invitation_id", table_name="held_page")
    op.drop_table("held_page")
