"""One pane: an image, its marks and the tool in hand.

Screen and image: the centre of pixel (x, y) lies at screen `(p - center) * zoom + size / 2`; a
pixel covers half a pixel either side (decision 11). Grey values are resampled as stored, then
windowed, so that a window step touches what is on the screen only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QLineF, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from workstation.display.grey import GreyChain
from workstation.domain.image import Image, ImageKind, SpacingKind, Window
from workstation.domain.marks import Mark, PointShape, mark_planes
from workstation.i18n import tr
from workstation.ui.canvas.painting import outline_lines, pyramid
from workstation.ui.canvas.tool import Point, Stroke, Surface, Tool
from workstation.ui.state.view_state import MarksShown, ViewState

LoadPlane = Callable[[Image, int], npt.NDArray[np.generic]]

# Screen pixels around a point that still hit it.
GRIP_PX = 10.0

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


class ImageView(QWidget):
    """`set_image`, `set_marks`, `set_tool`; linked panes share one `ViewState`."""

    read_out = Signal(str)
    focused = Signal(object)
    mark_clicked = Signal(str)
    alone_wanted = Signal(object)

    def __init__(self, view: ViewState, load: LoadPlane, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = view
        self.image: Image | None = None
        self.surface_for: Callable[[Image, int], Surface] | None = None
        self.message = ""
        self._load = load
        self._levels: list[npt.NDArray[np.generic]] = []
        self._shown_plane: tuple[str, int] | None = None
        self._buffer: tuple[tuple[object, ...], npt.NDArray[np.generic]] | None = None
        self._marks: tuple[DrawnMark, ...] = ()
        self._selected = ""
        self._outlines: dict[tuple[str, int], tuple[Mark, list[QLineF]]] = {}
        self._tool: Tool | None = None
        self._stroke: Stroke | None = None
        self._drag: tuple[str, QPointF, tuple[float, ...]] | None = None
        self._pointer: Point | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        # Chinese input methods would swallow the letter keys.
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 120)
        view.changed.connect(self.update)

    # what is shown

    def set_image(self, image: Image | None) -> None:
        self.image = image
        self._shown_plane = None
        self._levels = []
        self._outlines.clear()
        self._stroke = None
        self.update()

    def set_marks(self, marks: Sequence[DrawnMark], selected: str = "") -> None:
        self._marks = tuple(marks)
        self._selected = selected
        self.update()

    def set_tool(self, tool: Tool | None) -> None:
        self._tool = tool
        self._stroke = None
        self.setCursor(Qt.CursorShape.CrossCursor if tool else Qt.CursorShape.ArrowCursor)
        self.update()

    @property
    def stroke_open(self) -> bool:
        return self._stroke is not None

    # geometry

    def zoom(self) -> float:
        """Screen pixels per image pixel."""
        if self.view.zoom is not None:
            return self.view.zoom
        if self.image is None:
            return 1.0
        return min(self.width() / self.image.cols, self.height() / self.image.rows) * 0.98

    def center(self) -> tuple[float, float]:
        if self.view.zoom is None and self.image is not None:
            return (self.image.cols - 1) / 2, (self.image.rows - 1) / 2
        return self.view.center

    def to_image(self, at: QPointF | QPoint) -> Point:
        zoom, (cx, cy) = self.zoom(), self.center()
        return (at.x() - self.width() / 2) / zoom + cx, (at.y() - self.height() / 2) / zoom + cy

    def to_screen(self, point: Point) -> QPointF:
        zoom, (cx, cy) = self.zoom(), self.center()
        x = (point[0] - cx) * zoom + self.width() / 2
        return QPointF(x, (point[1] - cy) * zoom + self.height() / 2)

    def zoom_at(self, at: QPointF, factor: float) -> None:
        """Zoom keeping the image point under `at` where it is."""
        point = self.to_image(at)
        zoom = min(40.0, max(0.02, self.zoom() * factor))
        cx = point[0] - (at.x() - self.width() / 2) / zoom
        cy = point[1] - (at.y() - self.height() / 2) / zoom
        self.view.set(zoom=zoom, center=(cx, cy))

    def fit(self) -> None:
        self.view.set(zoom=None)

    def show_box(self, x0: float, y0: float, x1: float, y1: float, z: int) -> None:
        """Bring a box of the image to the middle, with four times its size around it."""
        if self.image is None:
            return
        fit = min(self.width() / self.image.cols, self.height() / self.image.rows) * 0.98
        across = max(x1 - x0, 1.0) * 4, max(y1 - y0, 1.0) * 4
        zoom = max(fit, min(self.width() / across[0], self.height() / across[1], 4.0))
        self.view.set(zoom=zoom, center=((x0 + x1) / 2, (y0 + y1) / 2), z=z)

    def show_point(self, point: Point, z: int) -> None:
        """Bring an image point to the middle, at least at its own size."""
        self.view.set(zoom=max(self.zoom(), 1.0), center=point, z=z)

    # painting

    def slice(self) -> int:
        return min(self.view.z, self.image.slices - 1) if self.image else 0

    def values_window(self) -> tuple[float, float]:
        """(centre, width) in modality values."""
        if self.view.window is not None:
            return self.view.window
        if self.image is not None and self.image.windows:
            first = self.image.windows[0]
            return first.center, first.width
        if self.image is not None and self._levels:
            values = self._levels[0].astype(np.float64) * self.image.slope + self.image.intercept
            if self.image.padding is not None:
                low, high = self.image.padding
                kept = values[(self._levels[0] < low) | (self._levels[0] > high)]
                values = kept if kept.size else values
            return float(values.min() + values.max()) / 2, max(float(np.ptp(values)), 1.0)
        return 128.0, 256.0

    def _plane(self) -> None:
        assert self.image is not None
        wanted = (self.image.image_id, self.slice())
        if self._shown_plane != wanted:
            self._levels = pyramid(self._load(self.image, self.slice()))
            self._shown_plane = wanted
            self._buffer = None

    def _resampled(self) -> npt.NDArray[np.generic]:
        """Raw values at every screen pixel; kept until the view moves."""
        zoom, (cx, cy) = self.zoom(), self.center()
        ratio = self.devicePixelRatioF()
        size = (max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio)))
        key = (self._shown_plane, zoom, cx, cy, size)
        if self._buffer is not None and self._buffer[0] == key:
            return self._buffer[1]
        level = 0
        while level + 1 < len(self._levels) and zoom * ratio * 2 ** (level + 1) <= 1.0:
            level += 1
        scale = 2.0**level
        z = zoom * ratio
        # dst = z * ((x_level + 0.5) * scale - 0.5 - c) + size / 2 - 0.5
        offset_x = z * (0.5 * scale - 0.5 - cx) + size[0] / 2 - 0.5
        offset_y = z * (0.5 * scale - 0.5 - cy) + size[1] / 2 - 0.5
        matrix = np.array([[z * scale, 0, offset_x], [0, z * scale, offset_y]])
        near = zoom * ratio >= 3
        plane = self._levels[level]
        outside = self._outside()
        border = (outside,) * 3 if plane.ndim == 3 else outside
        out = cv2.warpAffine(
            plane, matrix, size, flags=cv2.INTER_NEAREST if near else cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT, borderValue=border,
        )  # fmt: skip
        self._buffer = (key, out)
        return out

    def _outside(self) -> int:
        """A stored value that is shown black beside the image."""
        if self.image is None or self.image.samples == 3:
            return 0
        kind = np.iinfo(np.dtype(self.image.dtype))
        return int(kind.max if self.image.monochrome1 else kind.min)

    def _pixels(self) -> npt.NDArray[np.uint8]:
        """What is painted: (rows, cols, 3) uint8 at device pixels."""
        assert self.image is not None
        raw = self._resampled()
        if raw.ndim == 3:
            shown = np.asarray(raw, np.uint8)
            if self.view.green_only:
                shown = np.repeat(shown[..., 1:2], 3, axis=2)
            if self.view.window is not None:
                center, width = self.view.window
                scaled = (shown.astype(np.float32) - (center - width / 2)) * (255.0 / width)
                shown = np.clip(scaled, 0, 255).astype(np.uint8)
            return shown
        return np.repeat(self._windowed(raw)[..., None], 3, axis=2)

    def _windowed(self, raw: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
        """Resampled stored values through the image's grey chain and the window in force."""
        assert self.image is not None
        center, width = self.values_window()
        return GreyChain.of(self.image, self.slice()).grey(raw, Window(center, max(width, 1.0)))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("#000000"))
        if self.image is None:
            painter.setPen(QColor("#9aa0a6"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(20, 20, -20, -20), flags, self.message)
            return
        self._plane()
        pixels = np.ascontiguousarray(self._pixels())
        rows, cols = pixels.shape[:2]
        shown = QImage(pixels.data, cols, rows, cols * 3, QImage.Format.Format_RGB888)
        shown.setDevicePixelRatio(self.devicePixelRatioF())
        painter.drawImage(0, 0, shown)
        if self.view.shown is not MarksShown.HIDDEN:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setOpacity(self.view.opacity)
            for drawn in self._marks:
                self._draw(painter, drawn)
            painter.setOpacity(1.0)
        self._draw_stroke(painter)
        self._draw_text(painter)
        if self.hasFocus():
            painter.setPen(QColor("#5b6067"))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _lines(self, drawn: DrawnMark) -> list[QLineF]:
        """Outline of the mark on this slice, in image coordinates."""
        assert self.image is not None
        key = (drawn.mark.mark_id, self.slice())
        kept = self._outlines.get(key)
        if kept is None or kept[0] is not drawn.mark:
            planes = mark_planes(drawn.mark, self.image.rows, self.image.cols)
            mask = planes.get(self.slice())
            segments = outline_lines(mask) if mask is not None and not mask.empty else []
            kept = drawn.mark, [QLineF(*map(float, s)) for s in segments]
            self._outlines[key] = kept
        return kept[1]

    def _draw(self, painter: QPainter, drawn: DrawnMark) -> None:
        chosen = drawn.strong or drawn.mark.mark_id == self._selected
        color = QColor(drawn.color)
        shape = drawn.mark.shape
        if isinstance(shape, PointShape):
            if shape.z != self.slice():
                return
            self._draw_point(painter, self.to_screen((shape.x, shape.y)), color, drawn, chosen)
            return
        lines = self._lines(drawn)
        if not lines:
            return
        zoom, (cx, cy) = self.zoom(), self.center()
        painter.save()
        painter.translate(self.width() / 2, self.height() / 2)
        painter.scale(zoom, zoom)
        painter.translate(-cx, -cy)
        casing = QPen(QColor(0, 0, 0, 190), 4.0 if chosen else 3.0)
        casing.setCosmetic(True)
        pen = QPen(color, 2.2 if chosen else 1.3, LINE_STYLES[drawn.side])
        pen.setCosmetic(True)
        for one in (casing, pen):
            painter.setPen(one)
            painter.drawLines(lines)
        painter.restore()
        if self.view.shown is MarksShown.FILLED or drawn.hatch is not None:
            self._fill(painter, drawn, color)
        if drawn.label and (chosen or zoom > 0.25):
            corner = self.to_screen((lines[0].x1(), lines[0].y1()))
            self._tag(painter, corner, drawn.label, color)

    def _fill(self, painter: QPainter, drawn: DrawnMark, color: QColor) -> None:
        """Hatch rather than tint: the pixels below stay what they are."""
        assert self.image is not None
        mask = mark_planes(drawn.mark, self.image.rows, self.image.cols).get(self.slice())
        if mask is None:
            return
        path = QPainterPath()
        for start, length in mask.runs.tolist():
            row, col = divmod(start, mask.cols)
            top, bottom = (
                self.to_screen((col - 0.5, row - 0.5)),
                self.to_screen((col + length - 0.5, row + 0.5)),
            )
            path.addRect(QRectF(top, bottom))
        shade = QColor(color)
        shade.setAlpha(90 if drawn.hatch is None else 200)
        pattern = drawn.hatch or HATCHES[drawn.side]
        painter.fillPath(path, QBrush(shade, pattern))

    def _draw_point(
        self, painter: QPainter, at: QPointF, color: QColor, drawn: DrawnMark, chosen: bool
    ) -> None:
        size = 8.0 if chosen else 6.0
        for pen in (QPen(QColor(0, 0, 0, 190), 3.5), QPen(color, 1.6, LINE_STYLES[drawn.side])):
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(at, size, size)
            painter.drawPoint(at)
        if drawn.label:
            self._tag(painter, at + QPointF(size, -size), drawn.label, color)

    def _tag(self, painter: QPainter, at: QPointF, text: str, color: QColor) -> None:
        path = QPainterPath()
        path.addText(at + QPointF(3, -4), self.font(), text)
        painter.strokePath(path, QPen(QColor(0, 0, 0, 200), 3))
        painter.fillPath(path, color)

    def _draw_stroke(self, painter: QPainter) -> None:
        if self._tool is not None and self._tool.uses_radius and self._pointer is not None:
            radius = self._radius() * self.zoom()
            painter.setPen(QColor("#ffffff"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(self.to_screen(self._pointer), radius, radius)
        if self._stroke is None:
            return
        painted = self._stroke.painted()
        if painted is not None:
            bits, (row0, col0) = painted
            tint = np.zeros((*bits.shape, 4), np.uint8)
            tint[bits > 0] = (255, 255, 255, 90)
            data = np.ascontiguousarray(tint)
            picture = QImage(data.data, bits.shape[1], bits.shape[0], bits.shape[1] * 4,
                             QImage.Format.Format_RGBA8888)  # fmt: skip
            corner = self.to_screen((col0 - 0.5, row0 - 0.5))
            far = self.to_screen((col0 + bits.shape[1] - 0.5, row0 + bits.shape[0] - 0.5))
            painter.drawImage(QRectF(corner, far), picture)
        points = [self.to_screen(p) for p in self._stroke.outline()]
        if len(points) > 1:
            for pen in (QPen(QColor("#000000"), 3), QPen(QColor("#ffffff"), 1.3)):
                painter.setPen(pen)
                painter.drawPolyline(points)

    def _radius(self) -> int:
        assert self.image is not None
        return self.surface_for(self.image, self.slice()).radius if self.surface_for else 1

    def _draw_text(self, painter: QPainter) -> None:
        assert self.image is not None
        image = self.image
        top = image.number
        if image.kind is ImageKind.PHOTOGRAPH:
            top += "  " + (str(image.eye) if image.eye else tr("eye unknown"))
            if image.field:
                top += "  " + tr("field {field}", field=image.field)
        else:
            top += "  " + tr("slice {n}/{total}", n=self.slice() + 1, total=image.slices)
            if not image.is_target:
                top += "  " + tr("view only")
        self._text(painter, QPointF(10, 20), top)
        bottom = f"{self.zoom():.2f}x"
        if image.samples == 1:
            center, width = self.values_window()
            bottom += f"   W {width:.0f}  L {center:.0f}"
        if image.spacing is not None and image.spacing.kind is SpacingKind.NOMINAL:
            bottom += "   " + tr("nominal mm")
        elif image.spacing is not None and image.spacing.kind is SpacingKind.DETECTOR:
            bottom += "   " + tr("mm at detector")
        self._text(painter, QPointF(10, self.height() - 10), bottom)

    def _text(self, painter: QPainter, at: QPointF, text: str) -> None:
        """Light text with a dark edge: it is read on lung and on bone."""
        path = QPainterPath()
        path.addText(at, self.font(), text)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.strokePath(path, QPen(QColor(0, 0, 0, 200), 3))
        painter.fillPath(path, QColor("#d6d8da"))

    # mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus()
        self.focused.emit(self)
        if self.image is None:
            return
        at = event.position()
        if event.button() == Qt.MouseButton.MiddleButton:
            self._drag = ("pan", at, self.center())
        elif event.button() == Qt.MouseButton.RightButton:
            self._drag = ("zoom", at, (self.zoom(),))
        elif event.button() == Qt.MouseButton.LeftButton:
            if self._tool is not None and self.surface_for is not None:
                self._press(self.to_image(at))
            else:
                self._drag = ("window", at, self.values_window())

    def _press(self, point: Point) -> None:
        assert self.image is not None and self._tool is not None and self.surface_for is not None
        if self._stroke is None:
            self._stroke = self._tool.stroke(self.surface_for(self.image, self.slice()))
        self._stroke.grip = GRIP_PX / self.zoom()
        if self._stroke.press(point):
            self._stroke = None
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._drag is not None:
            self._dragged(at)
            return
        if self.image is None:
            return
        self._pointer = self.to_image(at)
        if self._stroke is not None:
            self._stroke.move(self._pointer, bool(event.buttons() & Qt.MouseButton.LeftButton))
        if self._tool is not None:
            self.update()
        self.read_out.emit(self._read(self._pointer))

    def _dragged(self, at: QPointF) -> None:
        assert self._drag is not None
        what, start, was = self._drag
        dx, dy = at.x() - start.x(), at.y() - start.y()
        if what == "pan":
            zoom = self.zoom()
            self.view.set(zoom=zoom, center=(was[0] - dx / zoom, was[1] - dy / zoom))
        elif what == "zoom":
            center = self.center()
            self.view.set(zoom=min(40.0, max(0.02, was[0] * 1.01 ** (-dy))), center=center)
        elif abs(dx) + abs(dy) > 3:
            step = max(1.0, was[1] / 300)
            # To the right widens, up raises the level (darkens), as most viewers have it.
            self.view.set(window=(was[0] - dy * step, max(1.0, was[1] + dx * step)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._drag is not None:
            what, start, _ = self._drag
            self._drag = None
            moved = event.position() - start
            if what == "window" and abs(moved.x()) + abs(moved.y()) <= 3:
                self._clicked(self.to_image(event.position()))
            return
        if self._stroke is not None and event.button() == Qt.MouseButton.LeftButton:
            if self._stroke.release(self.to_image(event.position())):
                self._stroke = None
            self.update()

    def _clicked(self, point: Point) -> None:
        """Choose the mark under the pointer, the smallest first."""
        assert self.image is not None
        x, y = round(point[0]), round(point[1])
        hits = []
        for drawn in self._marks:
            shape = drawn.mark.shape
            if isinstance(shape, PointShape):
                gap = self.to_screen((shape.x, shape.y)) - self.to_screen(point)
                if shape.z == self.slice() and gap.manhattanLength() < 12:
                    hits.append((0, drawn.mark.mark_id))
                continue
            mask = mark_planes(drawn.mark, self.image.rows, self.image.cols).get(self.slice())
            if mask is not None and mask.contains(y, x):
                hits.append((mask.area, drawn.mark.mark_id))
        self.mark_clicked.emit(min(hits)[1] if hits else "")

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._stroke is not None:
            if self._stroke.close():
                self._stroke = None
            self.update()
        elif self._tool is None and event.button() == Qt.MouseButton.LeftButton:
            self.alone_wanted.emit(self)
        else:
            self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.image is None:
            return
        delta = event.angleDelta().y() or event.angleDelta().x()
        steps = 1 if delta > 0 else -1
        keys = event.modifiers()
        if self.image.slices > 1 and not keys & Qt.KeyboardModifier.ControlModifier:
            jump = 10 if keys & Qt.KeyboardModifier.ShiftModifier else 1
            self.go_to_slice(self.slice() - steps * jump)
        else:
            self.zoom_at(event.position(), 1.2**steps)
        event.accept()

    def go_to_slice(self, z: int) -> None:
        if self.image is not None:
            self.view.set(z=min(max(0, z), self.image.slices - 1))

    # keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if self._stroke is not None:
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._stroke.close():
                self._stroke = None
            elif key == Qt.Key.Key_Backspace:
                self._stroke.back()
            elif key == Qt.Key.Key_Escape:
                self._stroke = None
            else:
                event.ignore()
            self.update()
            return
        slices = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -10,
                  Qt.Key.Key_PageDown: 10}  # fmt: skip
        if key in slices and self.image is not None and self.image.slices > 1:
            self.go_to_slice(self.slice() + slices[Qt.Key(key)])
            return
        event.ignore()

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self.read_out.emit("")
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._buffer = None

    def _read(self, point: Point) -> str:
        """Pixel and value under the pointer."""
        assert self.image is not None
        x, y = round(point[0]), round(point[1])
        if not (0 <= x < self.image.cols and 0 <= y < self.image.rows) or not self._levels:
            return ""
        value = self._levels[0][y, x]
        if self.image.samples == 3:
            shown = "RGB " + " ".join(str(int(v)) for v in np.asarray(value).ravel())
        else:
            number = float(value) * self.image.slope + self.image.intercept
            shown = f"{number:g}" + (" HU" if self.image.modality == "CT" else "")
        return f"x {x}  y {y}  {shown}"
