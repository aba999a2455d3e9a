"""Saving of a draft after every step: the newest body goes to the writer lane, none is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from workstation.domain.ports import Progress
from workstation.domain.reading import ReadingBody
from workstation.i18n import tr
from workstation.services import reading
from workstation.ui.state.app_state import AppState


class Autosave(QObject):
    """`put` returns at once. Steps that come while one is being written are written together.

    Each step queues a job that saves the newest body, so closing the window, which waits for the
    queue, leaves nothing behind.
    """

    failed = Signal(object)

    def __init__(self, app: AppState, reading_id: str) -> None:
        super().__init__()
        self._app = app
        self._reading_id = reading_id
        self._lock = threading.Lock()
        self._newest: ReadingBody | None = None

    def put(self, body: ReadingBody) -> None:
        with self._lock:
            self._newest = body
        self._app.jobs.run(tr("Saving"), self._write, self._written, self._not_written)

    def then(self, act: Callable[[], object]) -> Callable[[Progress], object]:
        """Work for the writer lane: what is unsaved first, then the act."""

        def work(progress: Progress) -> object:
            self._write(progress)
            return act()

        return work

    def _write(self, _: Progress) -> str:
        with self._lock:
            body, self._newest = self._newest, None
        if body is None:
            return ""
        try:
            saved = reading.save_draft(self._app.workspace, self._reading_id, body)
        except BaseException:
            # It stays here and is tried again with the next step.
            with self._lock:
                self._newest = self._newest or body
            raise
        return saved.saved_at.astimezone().strftime("%H:%M:%S")

    def _written(self, at: object) -> None:
        if at:
            self._app.saved.emit(tr("saved {time}", time=at))

    def _not_written(self, error: BaseException) -> None:
        self._app.saved.emit(tr("NOT SAVED – kept here, tried again with the next step"))
        self.failed.emit(error)
