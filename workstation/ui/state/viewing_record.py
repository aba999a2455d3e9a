"""Keeps the record of how images were looked at in the session whose reading it belongs to."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QObject

from workstation.domain.image import Image
from workstation.domain.viewing import Viewing
from workstation.ui.state.reading_session import ReadingSession
from workstation.ui.state.view_state import ViewState

Pair = tuple[float, float]


class ViewingRecord(QObject):
    """Follows the view states of images that are read; `presets` are windows with a name."""

    def __init__(self, session: ReadingSession, presets: Collection[Pair]) -> None:
        super().__init__(session)
        self._session = session
        self._presets = frozenset(presets)

    def follow(self, image: Image, view: ViewState) -> None:
        view.changed.connect(lambda: self._note(image.image_id, view))

    def _note(self, image_id: str, view: ViewState) -> None:
        known = {record.image_id: record for record in self._session.viewing}
        before = known.get(image_id, Viewing(image_id))
        after = before
        if view.look != before.look:
            after = after.with_look(view.look)
        if view.window != before.window:
            after = after.with_window(view.window, preset=view.window in self._presets)
        if after is not before:
            known[image_id] = after
            self._session.viewing = tuple(known.values())
