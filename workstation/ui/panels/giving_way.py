"""A desk whose list gives way to the open case where the screen is narrow or letters are large."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget


class GivingWay(QWidget):
    """`left` stands in the desk's own row; the keys of the desk work without it."""

    left: QWidget

    def minimumSizeHint(self) -> QSize:
        """Without the list: it never makes the window wider than the screen."""
        return QSize(self._others(), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._make_room()
        return done

    def _here(self) -> bool:
        """Not in a window of its own."""
        return self.left.parentWidget() is self

    def _others(self) -> int:
        """The least width of all but the list."""
        layout = self.layout()
        assert layout is not None
        shown = self._here() and not self.left.isHidden()
        return layout.minimumSize().width() - (self._of_list() if shown else 0)

    def _of_list(self) -> int:
        return max(self.left.minimumSizeHint().width(), self.left.minimumWidth())

    def _make_room(self) -> None:
        if self._here():
            self.left.setVisible(self._others() + self._of_list() <= self.width())
