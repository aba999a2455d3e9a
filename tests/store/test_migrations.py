"""What is answered without alembic is what alembic would say."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from workstation.store import migrations


def test_head_is_alembics_only_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations.HERE).replace("%", "%%"))
    assert ScriptDirectory.from_config(config).get_heads() == [migrations.head_revision()]


def test_current_revision_before_and_after_the_first_migration() -> None:
    with sa.create_engine("sqlite://").begin() as connection:
        assert migrations.current_revision(connection) is None
        assert migrations.migrate(connection)
        found = migrations.current_revision(connection)
        assert found == MigrationContext.configure(connection).get_current_revision()
        assert found == migrations.head_revision()
        assert not migrations.migrate(connection)
