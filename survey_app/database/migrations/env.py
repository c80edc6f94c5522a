"""Runs the migrations over a connection it is given; see survey_app.database.schema."""

from __future__ import annotations

from alembic import context

import survey_app.database.models  # noqa: F401  # so that every table is known
from survey_app.database.base import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
