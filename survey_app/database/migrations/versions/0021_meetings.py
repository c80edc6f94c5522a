"""What became of sessions, who held them and who came; and the parts beside supervision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TABLE = "supervision_session"
OLD_KEY = ("uq_supervision_session_school_id_number", ["school_id", "number"])
NEW_KEY = ("uq_supervision_session_school_id_part_number", ["school_id", "part", "number"])


def upgrade() -> None:
    op.add_column(
        TABLE,
        sa.Column("part", sa.String(length=200), nullable=False, server_default="supervision"),
    )
    op.add_column(TABLE, sa.Column("held_on", sa.Date(), nullable=True))
    op.add_column(
        TABLE, sa.Column("outcome", sa.String(length=20), nullable=False, server_default="planned")
    )
    for name in ("group_name", "supervisor"):
        op.add_column(
            TABLE, sa.Column(name, sa.String(length=200), nullable=False, server_default="")
        )
    op.add_column(TABLE, sa.Column("because", sa.Text(), nullable=False, server_default=""))
    op.execute(
        "UPDATE supervision_session SET outcome = CASE WHEN attended THEN 'attended' "
        "WHEN offered THEN 'missed' ELSE 'not_offered' END"
    )
    op.execute("UPDATE supervision_session SET held_on = planned_on WHERE attended")
    with op.batch_alter_table(TABLE) as batch:
        batch.alter_column("outcome", server_default=None)
        batch.drop_column("offered")
        batch.drop_column("attended")
        batch.drop_constraint(OLD_KEY[0], type_="unique")
        batch.create_unique_constraint(*NEW_KEY)
    op.create_table(
        "session_attendance",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("attended", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name="fk_session_attendance_participant_id"
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["supervision_session.id"], name="fk_session_attendance_session_id"
        ),
        sa.PrimaryKeyConstraint("session_id", "participant_id", name="pk_session_attendance"),
    )
    op.create_index(
        "ix_session_attendance_participant_id", "session_attendance", ["participant_id"]
    )


def downgrade() -> None:
    op.drop_index("ix_session_attendance_participant_id", table_name="session_attendance")
    op.drop_table("session_attendance")
    # The earlier shape has supervision alone, and one row for each of its sessions.
    op.execute("DELETE FROM supervision_session WHERE part <> 'supervision'")
    for name in ("offered", "attended"):
        op.add_column(
            TABLE, sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
        )
    op.execute("UPDATE supervision_session SET attended = (outcome = 'attended')")
    op.execute("UPDATE supervision_session SET offered = (outcome IN ('attended', 'missed'))")
    with op.batch_alter_table(TABLE) as batch:
        batch.alter_column("offered", server_default=None)
        batch.alter_column("attended", server_default=None)
        batch.drop_constraint(NEW_KEY[0], type_="unique")
        batch.create_unique_constraint(*OLD_KEY)
        for name in ("because", "supervisor", "group_name", "outcome", "held_on", "part"):
            batch.drop_column(name)
