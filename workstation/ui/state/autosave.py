"""Saving of a draft after every step: the newest body goes to the writer lane, none is lost.

A draft may be open in two windows. Each save names the revision it started from; where the store
has another by now, nothing is written until the person has chosen (`panels/elsewhere`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from workstation.domain.errors import RuleViolation
from workstation.domain.ports import Progress
from workstation.domain.reading import Reading, ReadingBody
from workstation.i18n import tr
from workstation.services import reading
from workstation.ui.state.app_state import AppState

CHANGED = "reading.changed_elsewhere"


class Autosave(QObject):
    """`put` returns at once. Steps that come while one is being written are written together.

    Each step queues a job that saves the newest body, so closing the window, which waits for the
    queue, leaves nothing behind. After a refusal (`refused`) it holds: the body stays here and is
    not tried again until `keep` or `drop`.
    """

    failed = Signal(object)
    refused = Signal(object)

    def __init__(self, app: AppState, opened: Reading) -> None:
        super().__init__()
        self._app = app
        self._reading_id = opened.reading_id
        self._lock = threading.Lock()
        # One write at a time: the lane's, or that of a person who leaves.
        self._writing = threading.Lock()
        self._revision = opened.revision
        self._body = opened.body
        self._newest: ReadingBody | None = None
        self._held: RuleViolation | None = None
        self._dropped = False

    def put(self, body: ReadingBody) -> None:
        with self._lock:
            self._body = self._newest = body
            held = self._held
        if held is not None:
            self.refused.emit(held)
        else:
            self._queue()

    def _queue(self) -> None:
        self._app.jobs.run(tr("Saving"), lambda _: self._write(), self._written, self._not_written)

    def then(self, act: Callable[[int], object]) -> Callable[[Progress], object]:
        """Work for the writer lane: what is unsaved first, then the act, which is given the
        revision the draft has now."""

        def work(_: Progress) -> object:
            self.flush()
            try:
                return act(self._revision)
            except RuleViolation as error:
                if error.code == CHANGED:
                    self._hold(error)
                raise

        return work

    @property
    def held(self) -> RuleViolation | None:
        """What keeps this from being saved until the person has chosen."""
        return self._held

    def flush(self) -> None:
        """Write what is unsaved before this returns. Raises what keeps it from being written."""
        self._write()
        with self._lock:
            if self._held is not None and not self._dropped:
                raise self._held

    def keep(self, revision: int) -> None:
        """What is here is to be saved over that revision, with the next write."""
        with self._lock:
            self._held = None
            self._revision = revision
            self._newest = self._body

    def resume(self) -> None:
        """Go on writing after `keep`."""
        self._queue()

    def drop(self) -> None:
        """Write nothing any more: the case is opened anew from the store."""
        with self._lock:
            self._dropped = True
            self._newest = None

    def _hold(self, error: RuleViolation) -> None:
        with self._lock:
            self._held = error
            self._newest = self._body

    def _write(self) -> str:
        with self._writing:
            with self._lock:
                if self._held is not None or self._dropped:
                    return ""
                body, self._newest = self._newest, None
            if body is None:
                return ""
            try:
                saved = reading.save_draft(
                    self._app.workspace, self._reading_id, body, expected=self._revision
                )
            except RuleViolation as error:
                self._hold(error)
                raise
            except BaseException:
                # It stays here and is tried again with the next step.
                with self._lock:
                    self._newest = self._newest or body
                raise
            self._revision = saved.revision
        return saved.saved_at.astimezone().strftime("%H:%M:%S")

    def _written(self, at: object) -> None:
        if at:
            self._app.saved.emit(tr("saved {time}", time=at))

    def _not_written(self, error: BaseException) -> None:
        if isinstance(error, RuleViolation):
            self._app.saved.emit(tr("NOT SAVED"))
            self.refused.emit(error)
            return
        self._app.saved.emit(tr("NOT SAVED – kept here, tried again with the next step"))
        self.failed.emit(error)
