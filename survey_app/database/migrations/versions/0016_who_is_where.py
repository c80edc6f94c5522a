"""People who come, leave and are succeeded: who was at which school from when until when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from survey_app.database.columns import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

OF_PARTICIPANTS = (
    ("left_on", sa.Date()),
    ("left_because", sa.String(length=200)),
    ("succeeds_id", sa.Integer()),
    ("came_from_id", sa.Integer()),
    ("merged_into_id", sa.Integer()),
)


def upgrade() -> None:
    op.create_table(
        "membership",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=200), nullable=False),
        sa.Column("since_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name="fk_membership_participant_id"
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_membership_school_id"),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_membership_study_id"),
        sa.PrimaryKeyConstraint("id", name="pk_membership"),
    )
    op.create_index("ix_membership_participant_id", "membership", ["participant_id"], unique=False)
    op.create_index("ix_membership_school_id", "membership", ["school_id"], unique=False)
    op.create_index("ix_membership_study_id", "membership", ["study_id"], unique=False)
    op.execute(
        "INSERT INTO membership (study_id, participant_id, school_id, role, since_on) "
        "SELECT study_id, id, school_id, role, date(added_at) FROM participant ORDER BY id"
    )
    for name, kind in OF_PARTICIPANTS:
        op.add_column("participant", sa.Column(name, kind, nullable=True))
    op.add_column(
        "school",
        sa.Column("trust", sa.String(length=200), nullable=False, server_default=sa.text("''")),
    )
    op.add_column("school", sa.Column("merged_into_id", sa.Integer(), nullable=True))
    with op.batch_alter_table("contact") as contact:
        contact.add_column(sa.Column("ended_at", UtcDateTime(), nullable=True))
        contact.drop_constraint("uq_contact_study_id_email", type_="unique")
    op.create_index(
        "ix_contact_current_email",
        "contact",
        ["study_id", "email"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_contact_current_email", table_name="contact")
    # One address was one person's for good; whoever left keeps a name and loses the address.
    op.execute(
        "UPDATE contact SET email = 'left-' || participant_id || '@invalid' "
        "WHERE ended_at IS NOT NULL"
    )
    with op.batch_alter_table("contact") as contact:
        contact.create_unique_constraint("uq_contact_study_id_email", ["study_id", "email"])
        contact.drop_column("ended_at")
    op.drop_column("school", "merged_into_id")
    op.drop_column("school", "trust")
    for name, _ in reversed(OF_PARTICIPANTS):
        op.drop_column("participant", name)
    op.drop_index("ix_membership_study_id", table_name="membership")
    op.drop_index("ix_membership_school_id", table_name="membership")
    op.drop_index("ix_membership_participant_id", table_name="membership")
    op.drop_table("membership")
