"""Schema of a study store, revision by revision, run when a study is opened.

Alembic takes 0.1 s to load, at every start; so it is loaded only where there is something to
migrate, and what a store that is up to date needs is answered without it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workstation.domain.errors import EnvironmentProblem

if TYPE_CHECKING:
    from alembic.config import Config

HERE = Path(__file__).parent


def _config(connection: sa.Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def current_revision(connection: sa.Connection) -> str | None:
    """The revision a store is at; None before its first."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return None if found is None else str(found)


def head_revision() -> str:
    """The program's own revision: the number that starts the last file's name."""
    return max(path.name.partition("_")[0] for path in (HERE / "versions").glob("[0-9]*_*.py"))


def migrate(connection: sa.Connection) -> bool:
    """Bring the store to the program's revision, in the transaction given; True if it changed.

    Raises EnvironmentProblem where the store was written by a newer program.
    """
    found = current_revision(connection)
    if found == head_revision():
        return False
    from alembic import command
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(_config(connection))
    known = {revision.revision for revision in script.walk_revisions()}
    if found is not None and found not in known:
        raise EnvironmentProblem("store.newer_than_program", revision=found)
    command.upgrade(_config(connection), "head")
    return True
