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
from workstation.services.workspace import Workspace
from workstation.ui.state.app_state import AppState

CHANGED = "reading.changed_elsewhere"


class _Draft:
    """The draft as both threads see it; no Qt object, so that a worker may hold it to the end."""

    def __init__(self, workspace: Workspace, opened: Reading) -> None:
        self._workspace = workspace
        self._reading_id = opened.reading_id
        self._lock = threading.Lock()
        # One write at a time: the lane's, or that of a person who leaves.
        self._writing = threading.Lock()
        self._revision = opened.revision
        self._body = opened.body
        self._newest: ReadingBody | None = None
        self._dropped = False
        self.held: RuleViolation | None = None

    def put(self, body: ReadingBody) -> RuleViolation | None:
        with self._lock:
            self._body = self._newest = body
            return self.held

    def keep(self, revision: int) -> None:
        with self._lock:
            self.held = None
            self._revision = revision
            self._newest = self._body

    def drop(self) -> None:
        with self._lock:
            self._dropped = True
            self._newest = None

    def _hold(self, error: RuleViolation) -> None:
        with self._lock:
            self.held = error
            self._newest = self._body

    def write(self, _: Progress | None = None) -> str:
        """Save the newest body, if it is not saved: the time, else nothing."""
        with self._writing:
            with self._lock:
                if self.held is not None or self._dropped:
                    return ""
                body, self._newest = self._newest, None
            if body is None:
                return ""
            try:
                saved = reading.save_draft(
                    self._workspace, self._reading_id, body, expected=self._revision
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

    def flush(self) -> None:
        self.write()
        with self._lock:
            if self.held is not None and not self._dropped:
                raise self.held

    def then(self, act: Callable[[int], object]) -> object:
        self.flush()
        try:
            return act(self._revision)
        except RuleViolation as error:
            if error.code == CHANGED:
                self._hold(error)
            raise


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
        self._draft = _Draft(app.workspace, opened)
        # Puts what is not handed over step by step (the record of viewing) before the last save.
        self.gather: Callable[[], None] = lambda: None

    @property
    def held(self) -> RuleViolation | None:
        """What keeps this from being saved until the person has chosen."""
        return self._draft.held

    def put(self, body: ReadingBody) -> None:
        held = self._draft.put(body)
        if held is not None:
            self.refused.emit(held)
        else:
            self.resume()

    def then(self, act: Callable[[int], object]) -> Callable[[Progress], object]:
        """Work for the writer lane: what is unsaved first, then the act, which is given the
        revision the draft has now."""
        self._gather()
        draft = self._draft
        return lambda _: draft.then(act)

    def flush(self) -> None:
        """Write what is unsaved before this returns. Raises what keeps it from being written."""
        self._gather()
        self._draft.flush()

    def _gather(self) -> None:
        if self._draft.held is None:
            self.gather()

    def keep(self, revision: int) -> None:
        """What is here is to be saved over that revision, with the next write."""
        self._draft.keep(revision)

    def resume(self) -> None:
        """Queue a save of what is unsaved."""
        self._app.jobs.run(tr("Saving"), self._draft.write, self._written, self._not_written)

    def drop(self) -> None:
        """Write nothing any more: the case is opened anew from the store."""
        self._draft.drop()

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
