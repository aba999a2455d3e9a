"""SQLCipher engines: keyed on every connection, transactions begun on purpose.

`isolation_level=None` and a "begin" listener (decision 14): units that write begin IMMEDIATE and
wait their turn, reads begin plainly and block nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import sqlcipher3.dbapi2
from sqlalchemy import event
from sqlalchemy.pool import QueuePool

from workstation.domain.errors import EnvironmentProblem, IntegrityProblem

BUSY_SECONDS = 10


def make_engine(path: Path, key: bytes, *, busy_seconds: float = BUSY_SECONDS) -> sa.Engine:
    """An engine for the database at `path` with the raw 256-bit `key`.

    Nothing is opened yet; a wrong key shows at the first statement.
    """
    if str(path).startswith(("\\\\", "//")):
        raise EnvironmentProblem("store.network_path", folder=str(path.parent))
    engine = sa.create_engine(
        sa.URL.create("sqlite+pysqlite", database=str(path)),
        module=sqlcipher3.dbapi2,
        poolclass=QueuePool,
        connect_args={"check_same_thread": False, "timeout": busy_seconds},
    )
    # The key is bound in a closure, not in the URL: it appears in no repr and no log.
    pragmas = (
        "cipher_log_level=NONE",
        f"key=\"x'{key.hex()}'\"",
        "cipher_compatibility=4",
        "journal_mode=WAL",
        "synchronous=FULL",
        "fullfsync=ON",
        "foreign_keys=ON",
        "secure_delete=ON",
        "temp_store=MEMORY",
        "trusted_schema=OFF",
        "cell_size_check=ON",
    )

    @event.listens_for(engine, "connect", insert=True)
    def _key(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute("PRAGMA " + pragma)

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        write = connection.get_execution_options().get("write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


@contextmanager
def translated() -> Iterator[None]:
    """Driver errors as coded problems: busy, full, damaged or not ours."""
    try:
        yield
    except sa.exc.DatabaseError as error:
        text = str(error.orig).lower()
        if "locked" in text or "busy" in text:
            raise EnvironmentProblem("store.busy") from error
        if "full" in text or "disk i/o" in text:
            raise EnvironmentProblem("disk.full", folder="") from error
        if "readonly" in text or "unable to open" in text:
            raise EnvironmentProblem("store.not_writable") from error
        if "not a database" in text or "malformed" in text or "file is encrypted" in text:
            raise IntegrityProblem("store.damaged") from error
        if "frozen:" in text:
            raise IntegrityProblem("store.immutable") from error
        raise
