"""Background work: one writer lane and a pool; results arrive on the main thread by one signal."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from workstation.domain.errors import Cancelled

Work = Callable[["Progress"], Any]


class Progress:
    """Handed to the work: call it as a `ports.Progress`; it raises Cancelled when asked to stop."""

    def __init__(self, report: Callable[[int, int, str], None]) -> None:
        self._report = report
        self._stop = threading.Event()

    def __call__(self, done: int, total: int, what: str) -> None:
        if self._stop.is_set():
            raise Cancelled
        self._report(done, total, what)

    def cancel(self) -> None:
        self._stop.set()


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work under way, as the status bar shows it."""

    number: int
    title: str
    progress: Progress


class JobRunner(QObject):
    """`run` from the main thread; `fn(progress)` never touches Qt."""

    started = Signal(object)
    progressed = Signal(object, int, int, str)
    finished = Signal(object)
    # Before all is stopped: whoever has something unsaved writes it now, or asks.
    closing = Signal()
    _done = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="pool")
        self._count = 0
        self.active: dict[int, Job] = {}
        # Kept here: a worker lets go of its future late, and must not be the last to hold a
        # Qt object, which would then be destroyed in its thread.
        self._calls: dict[int, tuple[Callable[[Any], None], Callable[[BaseException], None]]] = {}
        self._done.connect(self._settle, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        title: str,
        fn: Work,
        on_done: Callable[[Any], None],
        on_error: Callable[[BaseException], None],
        *,
        writer: bool = True,
    ) -> Job:
        """Start work; exactly one of the two callbacks is called, on the main thread. `fn` holds
        no Qt object that may be gone before it ends."""
        self._count += 1
        number = self._count
        job = Job(number, title, Progress(lambda d, t, w: self.progressed.emit(job, d, t, w)))
        self.active[number] = job
        self._calls[number] = (on_done, on_error)
        self.started.emit(job)
        future = (self._writer if writer else self._pool).submit(fn, job.progress)
        future.add_done_callback(lambda f: self._done.emit(job, f))
        return job

    def _settle(self, job: Job, future: Future[Any]) -> None:
        self.active.pop(job.number, None)
        on_done, on_error = self._calls.pop(job.number)
        self.finished.emit(job)
        error = future.exception()
        if error is not None:
            on_error(error)
        else:
            on_done(future.result())

    def close(self) -> None:
        """Ask everything to stop, then wait for what is being written."""
        self.closing.emit()
        for job in self.active.values():
            job.progress.cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._writer.shutdown(wait=True)
