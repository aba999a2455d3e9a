"""What lies over the pixels of a pane beside the marks, and may be taken by the mouse."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QWidget

from workstation.domain.image import Image
from workstation.ui.canvas.tool import Point, Stroke, Tool

EDGE_PX = 8.0
CASING = QColor(0, 0, 0, 200)


class Pane(Protocol):
    """What a layer needs of an image pane."""

    image: Image | None

    @property
    def tool(self) -> Tool | None: ...
    @property
    def stroke(self) -> Stroke | None: ...
    def slice(self) -> int: ...
    def to_screen(self, point: Point) -> QPointF: ...
    def to_image(self, at: QPointF) -> Point: ...
    def update(self) -> None: ...


class Layer:
    """Painted over the marks while marks are shown; asked first when the left button goes down."""

    def paint(self, painter: QPainter, pane: Pane) -> None:
        """Draw on the pane, in screen coordinates."""
        del painter, pane

    def always(self, painter: QPainter, pane: Pane) -> None:
        """What stays while marks are hidden."""
        del painter, pane

    def press(self, pane: Pane, at: QPointF) -> bool:
        """True where the layer takes the press, and the moves up to the release."""
        del pane, at
        return False

    def drag(self, pane: Pane, at: QPointF) -> None:
        """The pointer moved with the button down, after a press that was taken."""
        del pane, at

    def release(self, pane: Pane) -> None:
        """The button went up."""
        del pane


def write(painter: QPainter, within: QWidget, at: QPointF, lines: list[str], color: QColor) -> None:
    """Lines of text with a dark edge, right below a place, moved in where they would be cut."""
    metrics = QFontMetricsF(within.font())
    wide = max(metrics.horizontalAdvance(line) for line in lines)
    high = metrics.height() * len(lines)
    room = QRectF(within.rect()).adjusted(EDGE_PX, EDGE_PX, -EDGE_PX, -EDGE_PX)
    x = max(room.left(), min(at.x() + EDGE_PX, room.right() - wide))
    y = max(room.top(), min(at.y() + EDGE_PX, room.bottom() - high))
    path = QPainterPath()
    for n, line in enumerate(lines):
        path.addText(QPointF(x, y + metrics.ascent() + n * metrics.height()), within.font(), line)
    painter.strokePath(path, QPen(CASING, 3))
    painter.fillPath(path, color)
