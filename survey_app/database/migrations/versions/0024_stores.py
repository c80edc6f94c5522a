"""On PostgreSQL, contacts and answers get a schema each."""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

STORES = {
    "contacts": ("contact",),
    "answers": ("response", "response_event", "comment", "consent", "held_page", "page_window"),
}


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for store, tables in STORES.items():
        op.execute(f"CREATE SCHEMA IF NOT EXISTS {store}")
        for table in tables:
            op.execute(f"ALTER TABLE public.{table} SET SCHEMA {store}")


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for store, tables in STORES.items():
        for table in tables:
            op.execute(f"ALTER TABLE {store}.{table} SET SCHEMA public")
        # Roles that were granted its use keep nothing of it.
        op.execute(f"DROP SCHEMA {store}")
