"""Wrong links, new links asked for, letters that came to somebody else, and letters on hold."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from survey_app.database.columns import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "wrong_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("network_hash", sa.String(length=64), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("tried_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wrong_link"),
        sa.UniqueConstraint(
            "network_hash", "token_hash", name="uq_wrong_link_network_hash_token_hash"
        ),
    )
    op.create_index("ix_wrong_link_tried_at", "wrong_link", ["tried_at"], unique=False)
    op.create_table(
        "link_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("network_hash", sa.String(length=64), nullable=False),
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_link_request"),
    )
    op.create_index(
        "ix_link_request_network_hash", "link_request", ["network_hash", "asked_at"], unique=False
    )
    op.create_index(
        "ix_link_request_address_hash", "link_request", ["address_hash", "asked_at"], unique=False
    )
    op.create_index("ix_link_request_asked_at", "link_request", ["asked_at"], unique=False)
    op.add_column("letter", sa.Column("disowned_at", UtcDateTime(), nullable=True))
    op.add_column("study", sa.Column("letters_paused_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("study", "letters_paused_at")
    op.drop_column("letter", "disowned_at")
    op.drop_index("ix_link_request_asked_at", table_name="link_request")
    op.drop_index("ix_link_request_address_hash", table_name="link_request")
    op.drop_index("ix_link_request_network_hash", table_name="link_request")
    op.drop_table("link_request")
    op.drop_index("ix_wrong_link_tried_at", table_name="wrong_link")
    op.drop_table("wrong_link")
