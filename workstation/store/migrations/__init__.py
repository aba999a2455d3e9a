"""Schema of a study store, revision by revision, run when a study is opened."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from workstation.domain.errors import EnvironmentProblem


def _config(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def current_revision(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def head_revision(connection: sa.Connection) -> str:
    head = ScriptDirectory.from_config(_config(connection)).get_current_head()
    assert head is not None
    return head


def migrate(connection: sa.Connection) -> bool:
    """Bring the store to the program's revision, in the transaction given; True if it changed.

    Raises EnvironmentProblem where the store was written by a newer program.
    """
    script = ScriptDirectory.from_config(_config(connection))
    found, wanted = current_revision(connection), script.get_current_head()
    if found == wanted:
        return False
    known = {revision.revision for revision in script.walk_revisions()}
    if found is not None and found not in known:
        raise EnvironmentProblem("store.newer_than_program", revision=found)
    command.upgrade(_config(connection), "head")
    return True
