"""One transaction with all repositories; rolled back unless committed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from workstation.domain.errors import EnvironmentProblem, IntegrityProblem
from workstation.domain.ports import Clock
from workstation.store import rows
from workstation.store.engine import BUSY_SECONDS, translated


class StoreUnitOfWork:
    """The `UnitOfWork` port on one connection."""

    def __init__(
        self, connection: sa.Connection, actor: str, clock: Clock, has_blob: Callable[[str], bool]
    ) -> None:
        self._connection = connection
        self._has_blob = has_blob
        self.actor = actor
        self.study = rows.Studies(connection)
        self.protocols = rows.Protocols(connection)
        self.people = rows.People(connection)
        self.subjects = rows.Subjects(connection)
        self.cases = rows.Cases(connection)
        self.images = rows.Images(connection)
        self.assignments = rows.Assignments(connection)
        self.readings = rows.Readings(connection)
        self.comparisons = rows.Comparisons(connection)
        self.disputes = rows.Disputes(connection)
        self.rulings = rows.Rulings(connection)
        self.references = rows.References(connection)
        self.datasets = rows.Datasets(connection)
        self.imports = rows.Imports(connection)
        self.audit = rows.Audit(connection, actor, clock)

    @property
    def connection(self) -> sa.Connection:
        """For the store's own rows (keys, meta); never handed to services."""
        return self._connection

    def commit(self) -> None:
        """Raises IntegrityProblem where the file of an image that was added is gone."""
        if not all(self._has_blob(blob_id) for blob_id in self.images.added):
            raise IntegrityProblem("blob.missing")
        self._connection.commit()


class UnitsOfWork:
    """Makes units of work: one writer at a time in this process, any number of readers."""

    def __init__(
        self,
        engine: sa.Engine,
        clock: Clock,
        has_blob: Callable[[str], bool],
        after_write: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._lane = threading.RLock()
        self._has_blob = has_blob
        self._after_write = after_write

    @contextmanager
    def __call__(self, actor: str, *, write: bool = True) -> Iterator[StoreUnitOfWork]:
        if write and not self._lane.acquire(timeout=BUSY_SECONDS):
            raise EnvironmentProblem("store.busy")
        try:
            with (
                translated(),
                self._engine.connect().execution_options(write=write) as connection,
                connection.begin() as transaction,
            ):
                try:
                    yield StoreUnitOfWork(connection, actor, self._clock, self._has_blob)
                finally:
                    if transaction.is_active:
                        transaction.rollback()
        finally:
            if write:
                self._lane.release()
        if write:
            self._after_write()
