"""The pane of the 3-D view: an ordinary widget that shows pictures read back from a scene.

While a hand turns it the coarse copy is drawn; when it rests the fine one, strip by strip, so that
the window stays awake.
"""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from workstation.domain.geometry import direction_letters
from workstation.i18n import tr
from workstation.ui.canvas.scene import Scene, strip_rows
from workstation.ui.state.mouse import mouse_roles

REST_MS = 150
STRIP_SECONDS = 0.03
COMPASS_PX = 30.0
# The six directions of the patient, in LPS.
DIRECTIONS = (
    (1.0, 0.0, 0.0), (-1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, 1.0),
    (0.0, 0.0, -1.0),
)  # fmt: skip


class VolumeView(QWidget):
    """`show_scene` or `say`; the first button turns, the middle moves, second and wheel zoom."""

    alone_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.scene: Scene | None = None
        self.refined = False
        self._message = ""
        self._picture: QImage | None = None
        self._drag: tuple[Qt.MouseButton, QPointF] | None = None
        self._strips: list[npt.NDArray[np.uint8]] = []
        self._last = (0, 0.0)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._begin_fine)
        self._work = QTimer(self)
        self._work.setInterval(0)
        self._work.timeout.connect(self._next_strip)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 100)

    def show_scene(self, scene: Scene) -> None:
        self.scene = scene
        self.renew()

    def say(self, message: str) -> None:
        """A sentence instead of a picture."""
        self._message = message
        self.update()

    def release(self) -> None:
        """Free the scene and all it holds."""
        self._rest.stop()
        self._work.stop()
        if self.scene is not None:
            self.scene.release()
        self.scene = self._picture = None
        self._strips = []

    # pictures

    def renew(self) -> None:
        """Something changed: coarse at once, fine when it rests."""
        self._work.stop()
        self._strips = []
        self.refined = False
        if self.scene is None or not self.isVisible():
            return
        cols, rows = self._size()
        self._keep(self.scene.picture(cols, rows, rough=True))
        self._rest.start()
        self.update()

    def _size(self) -> tuple[int, int]:
        ratio = self.devicePixelRatioF()
        return max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))

    def _begin_fine(self) -> None:
        if self._drag is None and self.isVisible():
            self._strips = []
            self._last = (0, 0.0)
            self._work.start()

    def _next_strip(self) -> None:
        if self.scene is None:
            self._work.stop()
            return
        cols, rows = self._size()
        done = sum(len(strip) for strip in self._strips)
        count = min(strip_rows(rows, *self._last, STRIP_SECONDS), rows - done)
        start = time.perf_counter()
        self._strips.append(self.scene.picture(cols, rows, False, done, count))
        self._last = (count, time.perf_counter() - start)
        if done + count >= rows:
            self._work.stop()
            self._keep(np.concatenate(self._strips))
            self._strips = []
            self.refined = True
            self.update()

    def _keep(self, pixels: npt.NDArray[np.uint8]) -> None:
        rows, cols = pixels.shape[:2]
        shown = QImage(pixels.data, cols, rows, cols * 3, QImage.Format.Format_RGB888)
        self._picture = shown.copy()  # its own memory
        self._picture.setDevicePixelRatio(self.devicePixelRatioF())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("#000000"))
        if self._picture is None:
            painter.setPen(QColor("#9aa0a6"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(20, 20, -20, -20), flags, self._message)
            return
        painter.drawImage(0, 0, self._picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_compass(painter)
        self._text(painter, QPointF(8, 18), tr("3-D"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        if self.hasFocus():
            painter.setPen(QColor("#5b6067"))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _draw_compass(self, painter: QPainter) -> None:
        """Where the patient's sides lie, those behind first and fainter."""
        if self.scene is None:
            return
        right, up, towards = (np.array(v) for v in self.scene.frame())
        middle = QPointF(COMPASS_PX + 18, self.height() - COMPASS_PX - 18)
        ordered = sorted(DIRECTIONS, key=lambda d: float(np.array(d) @ towards))
        for direction in ordered:
            vector = np.array(direction)
            near = float(vector @ towards)
            offset = QPointF(float(vector @ right), -float(vector @ up)) * COMPASS_PX
            color = QColor("#d6d8da")
            color.setAlphaF(0.4 if near < -0.2 else 1.0)
            painter.setPen(QPen(color, 1.2))
            painter.drawLine(middle, middle + offset * 0.7)
            letter = direction_letters(direction)
            measure = painter.fontMetrics()
            place = middle + offset - QPointF(measure.horizontalAdvance(letter) / 2, -5)
            self._text(painter, place, letter, color)

    def _text(self, painter: QPainter, at: QPointF, text: str, color: QColor | None = None) -> None:
        path = QPainterPath()
        path.addText(at, painter.font(), text)
        painter.strokePath(path, QPen(QColor(0, 0, 0, 200), 3))
        painter.fillPath(path, color or QColor("#d6d8da"))

    # mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus()
        self._drag = (event.button(), event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag is None or self.scene is None:
            return
        button, was = self._drag
        moved = event.position() - was
        self._drag = (button, event.position())
        if button is mouse_roles().first:
            self.scene.turn(moved.x() * 0.4, moved.y() * 0.4)
        elif button == Qt.MouseButton.MiddleButton:
            self.scene.pan(moved.x() / self.height(), moved.y() / self.height())
        else:
            self.scene.zoom(1.01 ** (-moved.y()))
        self.renew()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._drag = None
        if not self.refined:
            self._rest.start()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() is mouse_roles().first:
            self.alone_wanted.emit(self)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.scene is not None:
            delta = event.angleDelta().y() or event.angleDelta().x()
            self.scene.zoom(1.2 if delta > 0 else 1 / 1.2)
            self.renew()
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.renew()

    def showEvent(self, event: object) -> None:
        self.renew()
