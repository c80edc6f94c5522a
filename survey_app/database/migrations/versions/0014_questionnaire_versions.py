"""Definitions frozen by use, and the version of the questionnaire that a submission answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from survey_app.database.columns import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# What was asked can be added to and never altered.
FROZEN = ("frozen_definition", "questionnaire_version", "questionnaire_instrument")


def upgrade() -> None:
    op.create_table(
        "frozen_definition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("version", sa.String(length=200), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("frozen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_frozen_definition"),
        sa.UniqueConstraint("sha256", name="uq_frozen_definition_sha256"),
    )
    op.create_table(
        "questionnaire_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("wave", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("definition_id", sa.Integer(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("frozen_at", UtcDateTime(), nullable=False),
        sa.Column("frozen_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["definition_id"],
            ["frozen_definition.id"],
            name="fk_questionnaire_version_definition_id",
        ),
        sa.ForeignKeyConstraint(
            ["study_id"], ["study.id"], name="fk_questionnaire_version_study_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_questionnaire_version"),
        sa.UniqueConstraint(
            "study_id", "wave", "number", name="uq_questionnaire_version_study_id_wave_number"
        ),
    )
    op.create_index(
        "ix_questionnaire_version_study_id", "questionnaire_version", ["study_id"], unique=False
    )
    op.create_table(
        "questionnaire_instrument",
        sa.Column("questionnaire_id", sa.Integer(), nullable=False),
        sa.Column("definition_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["questionnaire_id"],
            ["questionnaire_version.id"],
            name="fk_questionnaire_instrument_questionnaire_id",
        ),
        sa.ForeignKeyConstraint(
            ["definition_id"],
            ["frozen_definition.id"],
            name="fk_questionnaire_instrument_definition_id",
        ),
        sa.PrimaryKeyConstraint(
            "questionnaire_id", "definition_id", name="pk_questionnaire_instrument"
        ),
    )
    op.add_column("study", sa.Column("frozen_instruments", sa.JSON(), nullable=True))
    op.add_column("submission", sa.Column("questionnaire_id", sa.Integer(), nullable=True))
    op.drop_column("submission", "definition_sha256")
    for table_name in FROZEN:
        _refuse_changes(table_name)


def downgrade() -> None:
    for table_name in FROZEN:
        _allow_changes(table_name)
    op.add_column(
        "submission",
        sa.Column("definition_sha256", sa.String(length=64), nullable=False, server_default=""),
    )
    op.execute(
        "UPDATE submission SET definition_sha256 = "
        "(SELECT definition_sha256 FROM study WHERE study.id = submission.study_id)"
    )
    op.drop_column("submission", "questionnaire_id")
    op.drop_column("study", "frozen_instruments")
    op.drop_table("questionnaire_instrument")
    op.drop_index("ix_questionnaire_version_study_id", table_name="questionnaire_version")
    op.drop_table("questionnaire_version")
    op.drop_table("frozen_definition")


def _refuse_changes(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION refuse_changes_{table}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{table} can only grow'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION refuse_changes_{table}()"
        )
        return
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_grows_{act.lower()} BEFORE {act} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} can only grow'); END"
        )


def _allow_changes(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP TRIGGER {table}_grows ON {table}")
        op.execute(f"DROP FUNCTION refuse_changes_{table}()")
        return
    for act in ("update", "delete"):
        op.execute(f"DROP TRIGGER {table}_grows_{act}")
