"""One person's course is read from the trail by what each event is about."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_audit_event_subject", "audit_event", ["subject"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_audit_event_subject", table_name="audit_event")
