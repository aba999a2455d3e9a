"""Alembic's entry: runs the revisions on the connection it is handed, in its transaction."""

from __future__ import annotations

from alembic import context

from workstation.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
context.run_migrations()
