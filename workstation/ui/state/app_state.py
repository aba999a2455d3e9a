"""Who is signed in at which study, and the one signal that something changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from workstation.ui.jobs import JobRunner

if TYPE_CHECKING:
    from workstation.domain.events import Changes
    from workstation.services.opening import StudyOpener
    from workstation.services.workspace import Workspace


class AppState(QObject):
    """`changed` carries a `Changes`; a desk refreshes itself if a topic of its own is in it."""

    changed = Signal(object)
    saved = Signal(str)
    # What lies under the pointer.
    read_out = Signal(str)
    # Desk id and case numbers: another desk has something to show of them.
    wanted = Signal(str, object)

    def __init__(self, workspace: Workspace, jobs: JobRunner, opener: StudyOpener) -> None:
        super().__init__()
        self.workspace = workspace
        self.opener = opener
        self.jobs = jobs

    def announce(self, changes: Changes) -> None:
        if changes.topics:
            self.changed.emit(changes)
