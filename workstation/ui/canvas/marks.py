"""Marks over a picture: their lines, points and hatching, where a transform puts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QPainter, QPainterPath, QPen, QTransform

from workstation.display.view import Point, ViewTransform
from workstation.domain.image import Image
from workstation.domain.marks import Mark, PointShape, mark_planes
from workstation.ui.canvas.painting import outline_lines
from workstation.ui.canvas.writing import write
from workstation.ui.state.view_state import MarksShown

LINE_STYLES = {
    "own": Qt.PenStyle.SolidLine,
    "x": Qt.PenStyle.DashLine,
    "y": Qt.PenStyle.DotLine,
}
HATCHES = {
    "own": Qt.BrushStyle.BDiagPattern,
    "x": Qt.BrushStyle.BDiagPattern,
    "y": Qt.BrushStyle.FDiagPattern,
}
# Screen pixels around a point within which a click chooses it.
POINT_REACH = 12.0


@dataclass(frozen=True)
class DrawnMark:
    """A mark as it is drawn: whose it is decides the line, its class the colour.

    `strong` marks are what is being decided; `hatch` fills a region in every state but hidden.
    """

    mark: Mark
    color: str
    side: str = "own"
    label: str = ""
    strong: bool = False
    hatch: Qt.BrushStyle | None = None


class MarksLayer:
    """The marks of one image; outlines are kept as long as their mark is the same one."""

    def __init__(self) -> None:
        self.marks: tuple[DrawnMark, ...] = ()
        self.selected = ""
        self._outlines: dict[tuple[str, int], tuple[Mark, list[QLineF]]] = {}

    def show(self, marks: Sequence[DrawnMark], selected: str) -> None:
        self.marks = tuple(marks)
        self.selected = selected

    def forget(self) -> None:
        self._outlines.clear()

    def lines(self, drawn: DrawnMark, image: Image, z: int) -> list[QLineF]:
        """Outline of the mark on this slice, in image coordinates."""
        key = (drawn.mark.mark_id, z)
        kept = self._outlines.get(key)
        if kept is None or kept[0] is not drawn.mark:
            mask = mark_planes(drawn.mark, image.rows, image.cols).get(z)
            segments = outline_lines(mask) if mask is not None and not mask.empty else []
            kept = drawn.mark, [QLineF(*map(float, s)) for s in segments]
            self._outlines[key] = kept
        return kept[1]

    def draw(
        self, painter: QPainter, image: Image, z: int, view: ViewTransform, shown: MarksShown,
        opacity: float, font: QFont,
    ) -> None:  # fmt: skip
        if shown is MarksShown.HIDDEN:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(opacity)
        painter.setFont(font)
        for drawn in self.marks:
            self._draw(painter, drawn, image, z, view, shown)
        painter.restore()

    def _draw(
        self, painter: QPainter, drawn: DrawnMark, image: Image, z: int, view: ViewTransform,
        shown: MarksShown,
    ) -> None:  # fmt: skip
        chosen = drawn.strong or drawn.mark.mark_id == self.selected
        color = QColor(drawn.color)
        shape = drawn.mark.shape
        if isinstance(shape, PointShape):
            if shape.z == z:
                at = QPointF(*view.to_screen((shape.x, shape.y)))
                _draw_point(painter, at, color, drawn, chosen)
            return
        lines = self.lines(drawn, image, z)
        if not lines:
            return
        painter.save()
        painter.setTransform(_to_screen(view), True)
        casing = QPen(QColor(0, 0, 0, 190), 4.0 if chosen else 3.0)
        pen = QPen(color, 2.2 if chosen else 1.3, LINE_STYLES[drawn.side])
        for one in (casing, pen):
            one.setCosmetic(True)
            painter.setPen(one)
            painter.drawLines(lines)
        painter.restore()
        if shown is MarksShown.FILLED or drawn.hatch is not None:
            _fill(painter, drawn, color, image, z, view)
        if drawn.label and (chosen or view.zoom > 0.25):
            corner = QPointF(*view.to_screen((lines[0].x1(), lines[0].y1())))
            write(painter, corner + QPointF(3, -4), drawn.label, color)

    def under(self, point: Point, image: Image, z: int, view: ViewTransform) -> str:
        """Id of the smallest mark at an image point, points first; empty where none is."""
        x, y = round(point[0]), round(point[1])
        at = view.to_screen(point)
        hits = []
        for drawn in self.marks:
            shape = drawn.mark.shape
            if isinstance(shape, PointShape):
                there = view.to_screen((shape.x, shape.y))
                gap = abs(there[0] - at[0]) + abs(there[1] - at[1])
                if shape.z == z and gap < POINT_REACH:
                    hits.append((0, drawn.mark.mark_id))
                continue
            mask = mark_planes(drawn.mark, image.rows, image.cols).get(z)
            if mask is not None and mask.contains(y, x):
                hits.append((mask.area, drawn.mark.mark_id))
        return min(hits)[1] if hits else ""


def _to_screen(view: ViewTransform) -> QTransform:
    (a, b), (c, d) = view.linear
    dx, dy = view.to_screen((0.0, 0.0))
    return QTransform(a, c, b, d, dx, dy)


def _fill(
    painter: QPainter, drawn: DrawnMark, color: QColor, image: Image, z: int, view: ViewTransform
) -> None:
    """Hatch rather than tint: the pixels below stay what they are."""
    mask = mark_planes(drawn.mark, image.rows, image.cols).get(z)
    if mask is None:
        return
    path = QPainterPath()
    for start, length in mask.runs.tolist():
        row, col = divmod(start, mask.cols)
        first = QPointF(*view.to_screen((col - 0.5, row - 0.5)))
        last = QPointF(*view.to_screen((col + length - 0.5, row + 0.5)))
        path.addRect(QRectF(first, last).normalized())
    shade = QColor(color)
    shade.setAlpha(90 if drawn.hatch is None else 200)
    painter.fillPath(path, QBrush(shade, drawn.hatch or HATCHES[drawn.side]))


def _draw_point(
    painter: QPainter, at: QPointF, color: QColor, drawn: DrawnMark, chosen: bool
) -> None:
    size = 8.0 if chosen else 6.0
    for pen in (QPen(QColor(0, 0, 0, 190), 3.5), QPen(color, 1.6, LINE_STYLES[drawn.side])):
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(at, size, size)
        painter.drawPoint(at)
    if drawn.label:
        write(painter, at + QPointF(size + 3, -size - 4), drawn.label, color)
