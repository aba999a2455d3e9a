"""One pane: an image, its marks and the tool in hand.

Where things lie is `transform()` and nothing else (`display/view.py`); pixels come from
`picture.py`, marks from `marks.py`, text from `writing.py`. Here they are put on top of each
other, and what hand and keys do is handed on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFontMetricsF,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from workstation.display.grey import GreyChain
from workstation.display.kernels import Pixels
from workstation.display.view import FIT, ViewTransform, aspect_of
from workstation.domain.errors import WorkstationError
from workstation.domain.geometry import EdgeLetters, edges_of
from workstation.domain.hanging import Anchor
from workstation.domain.image import Image
from workstation.domain.viewing import PhotoLook
from workstation.i18n import tr
from workstation.messages import sentence
from workstation.ui.canvas import writing
from workstation.ui.canvas.layer import Layer
from workstation.ui.canvas.looks import Looks
from workstation.ui.canvas.marks import DrawnMark, MarksLayer
from workstation.ui.canvas.picture import PanePicture, device_rect
from workstation.ui.canvas.planes import Plane, prepared
from workstation.ui.canvas.tool import Point, Stroke, Surface, Tool
from workstation.ui.state.equalised import Equalised
from workstation.ui.state.mouse import Drag, mouse_roles
from workstation.ui.state.view_state import MarksShown, ViewState

# The plane; None while it is on its way.
LoadPlane = Callable[[Image, int], Plane | Pixels | None]

# Keys that close, shorten or give up the stroke under way.
STROKE_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Backspace, Qt.Key.Key_Escape)
# Screen pixels around a point that still hit it.
GRIP_PX = 10.0
# Less movement than this, in screen pixels, is a click.
CLICK_PX = 3.0
LENS_PX = 240
# The preview of painted pixels: white, alpha 90, premultiplied.
TINT = np.int32(0x5A5A5A5A)


@dataclass(frozen=True)
class _Dragging:
    """A drag under way: what it does, and how all was when it began."""

    what: Drag
    button: Qt.MouseButton
    start: QPointF
    view: ViewTransform
    window: tuple[float, float]
    z: int
    look: PhotoLook


class ImageView(QWidget):
    """`set_image`, `set_marks`, `set_tool`; `lens` says how many times the magnifier enlarges
    (0: none)."""

    read_out = Signal(str)
    focused = Signal(object)
    mark_clicked = Signal(str)
    alone_wanted = Signal(object)
    # A click of the second button, in global coordinates.
    menu_wanted = Signal(QPoint)

    def __init__(self, view: ViewState, load: LoadPlane, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = view
        self.image: Image | None = None
        self._stored_edges = EdgeLetters()
        self.surface_for: Callable[[Image, int], Surface] | None = None
        self.message = ""
        self.anchor = Anchor.CENTER
        self._load = load
        self._plane: tuple[tuple[str, int], Plane] | None = None
        self._problem = ""
        self._picture = PanePicture()
        self._looks = Looks()
        self._placed: tuple[tuple[object, ...], ViewTransform] | None = None
        self._layer = MarksLayer()
        self.layers: list[Layer] = []
        self._held_by: Layer | None = None
        self._equalised = Equalised(self, prepared)
        self._equalised.ready.connect(self.update)
        self._lens = 0.0
        self._lens_picture = PanePicture()
        self._tool: Tool | None = None
        self._stroke: Stroke | None = None
        self._drag: _Dragging | None = None
        self._pointer: Point | None = None
        self._turned_wheel = 0
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        # Chinese input methods would swallow the letter keys.
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 120)
        view.changed.connect(self.update)

    # what is shown

    def set_image(self, image: Image | None) -> None:
        self.image = image
        self._stored_edges = EdgeLetters() if image is None else edges_of(image)
        self._plane = None
        self._picture.forget()
        self._lens_picture.forget()
        self._layer.forget()
        self._stroke = None
        self.update()

    def set_marks(self, marks: Sequence[DrawnMark], selected: str = "") -> None:
        self._layer.show(marks, selected)
        self.update()

    @property
    def marks(self) -> tuple[DrawnMark, ...]:
        return self._layer.marks

    def set_tool(self, tool: Tool | None) -> None:
        self._tool = tool
        self._stroke = None
        self.setCursor(Qt.CursorShape.CrossCursor if tool else Qt.CursorShape.ArrowCursor)
        self.update()

    @property
    def tool(self) -> Tool | None:
        return self._tool

    @property
    def stroke(self) -> Stroke | None:
        return self._stroke

    @property
    def stroke_open(self) -> bool:
        return self._stroke is not None

    @property
    def lens(self) -> float:
        return self._lens

    def set_lens(self, times: float) -> None:
        """A magnifier under the pointer that enlarges what is seen so many times; 0 for none."""
        self._lens = times
        self.update()

    @property
    def has_picture(self) -> bool:
        """Whether the pixels wanted are there."""
        return self.image is not None and self._current() is not None

    def plane_arrived(self, image_id: str, z: int) -> None:
        """Paint, if that is what is waited for."""
        if self.image is not None and (self.image.image_id, self.slice()) == (image_id, z):
            self.update()

    # geometry

    def transform(self) -> ViewTransform:
        """Where the image is on the screen now."""
        made_of = (self.width(), self.height(), self.devicePixelRatioF(), self.image, self.anchor,
                   self.view.center, self.view.zoom, self.view.turn)  # fmt: skip
        if self._placed is None or self._placed[0] != made_of:
            self._placed = made_of, self._place()
        return self._placed[1]

    def _place(self) -> ViewTransform:
        size = (float(self.width()), float(self.height()))
        ratio, turn = self.devicePixelRatioF(), self.view.turn
        if self.image is None:
            return ViewTransform(size, self.view.center, self.view.zoom or 1.0, turn, ratio=ratio)
        view = ViewTransform(
            size, self.view.center, self.view.zoom or 1.0, turn, aspect_of(self.image), ratio
        )
        if self.view.zoom is not None:
            return view
        view = view.fitted(self.image.rows, self.image.cols)
        if self.anchor is Anchor.CENTER or turn.is_changed:
            return view
        return view.leaning(self.image.rows, self.image.cols, to_left=self.anchor is Anchor.LEFT)

    def zoom(self) -> float:
        """Screen pixels per image pixel, along the side on which pixels are shorter."""
        return self.transform().zoom

    def center(self) -> Point:
        return self.transform().center

    def to_image(self, at: QPointF | QPoint) -> Point:
        return self.transform().to_image((at.x(), at.y()))

    def to_screen(self, point: Point) -> QPointF:
        return QPointF(*self.transform().to_screen(point))

    def look_from(self, view: ViewTransform) -> None:
        """Take zoom and place of a transform."""
        self.view.set(zoom=view.zoom, center=view.center)

    def zoom_at(self, at: QPointF, factor: float) -> None:
        """Zoom keeping the image point under `at` where it is."""
        self.look_from(self.transform().zoomed((at.x(), at.y()), factor))

    def fit(self) -> None:
        self.view.set(zoom=None)

    def full_size(self) -> None:
        """One image pixel on one device pixel, none blurred."""
        if self.image is not None:
            view = self.transform()
            exact = replace(view, zoom=1.0 / view.ratio)
            self.look_from(exact.on_grid(self.image.rows, self.image.cols))

    def show_box(self, x0: float, y0: float, x1: float, y1: float, z: int) -> None:
        """Bring a box of the image to the middle, with four times its size around it."""
        if self.image is None:
            return
        view = self.transform()
        across = max(x1 - x0, 1.0) * 4, max(y1 - y0, 1.0) * 4
        near = view.fit_zoom(round(across[1]), round(across[0])) / FIT
        zoom = max(view.fit_zoom(self.image.rows, self.image.cols), min(near, 4.0))
        self.view.set(zoom=zoom, center=((x0 + x1) / 2, (y0 + y1) / 2), z=z)

    def show_point(self, point: Point, z: int) -> None:
        """Bring an image point to the middle, at least at its own size."""
        self.view.set(zoom=max(self.zoom(), 1.0), center=point, z=z)

    def slice(self) -> int:
        return min(self.view.z, self.image.slices - 1) if self.image else 0

    def values_window(self) -> tuple[float, float]:
        """(centre, width) in modality values."""
        if self.image is None:
            return self.view.window or (128.0, 256.0)
        plane = self._current()
        stored = plane.stored if plane else None
        return self._looks.window(self.image, self.slice(), self.view, stored)

    def edges(self) -> EdgeLetters:
        """The patient's sides at the four edges, as the picture is turned now."""
        return self._stored_edges.seen(self.view.turn)

    # painting

    def _current(self) -> Plane | None:
        """The plane to be shown, if it is there; never another one's."""
        assert self.image is not None
        wanted = (self.image.image_id, self.slice())
        if self._plane is not None and self._plane[0] == wanted:
            return self._plane[1]
        self._plane = None
        self._problem = ""
        try:
            found = self._load(self.image, self.slice())
        except WorkstationError as error:
            self._problem = sentence(error)
            # The loader keeps it, and must not keep what was being painted.
            error.__traceback__ = None
            return None
        except (OSError, MemoryError):
            self._problem = tr("This image cannot be read.")
            return None
        if found is None:
            return None
        self._plane = wanted, found if isinstance(found, Plane) else prepared(found)
        return self._plane[1]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        dirty = event.rect()
        if self.image is None:
            painter.fillRect(dirty, QColor("#000000"))
            writing.message(painter, self.rect(), self.message)
            return
        view = self.transform()
        plane = self._current()
        if plane is None:
            painter.fillRect(dirty, QColor("#000000"))
            writing.message(painter, self.rect(), self._problem or tr("Loading …"))
        else:
            plane = self._equalised.of(plane.stored, self.view.look) or plane
            look = self._looks.of(self.image, self.slice(), self.view, plane.stored)
            size = (self.image.rows, self.image.cols)
            self._picture.draw(painter, view, plane, plane.levels, size, look, dirty)
            self._layer.draw(
                painter, self.image, self.slice(), view, self.view.shown, self.view.opacity,
                self.font(),
            )  # fmt: skip
            self._draw_layers(painter)
            self._draw_stroke(painter, view, dirty)
        self._draw_text(painter, view)
        if plane is not None and self._lens and self._pointer is not None:
            self._draw_lens(painter, view, plane)
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QColor("#5b6067"))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _draw_layers(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for layer in self.layers:
            if self.view.shown is not MarksShown.HIDDEN:
                layer.paint(painter, self)
            layer.always(painter, self)

    def _draw_stroke(self, painter: QPainter, view: ViewTransform, dirty: QRect) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._tool is not None and self._tool.uses_radius and self._pointer is not None:
            painter.setPen(QColor("#ffffff"))
            painter.drawEllipse(self._ring(view, self._pointer))
        if self._stroke is None:
            return
        self._draw_painted(painter, view, dirty)
        points = [QPointF(*view.to_screen(p)) for p in self._stroke.outline()]
        if len(points) > 1:
            for pen in (QPen(QColor("#000000"), 3), QPen(QColor("#ffffff"), 1.3)):
                painter.setPen(pen)
                painter.drawPolyline(points)

    def _draw_painted(self, painter: QPainter, view: ViewTransform, dirty: QRect) -> None:
        """Tint the device pixels that lie in painted pixels; only those that are to be painted."""
        painted = self._stroke.painted() if self._stroke is not None else None
        if painted is None:
            return
        bits, (row0, col0) = painted
        box = self._box_on_screen(view, row0, col0, *bits.shape)
        part = device_rect(dirty.intersected(box), view.ratio)
        if part.isEmpty():
            return
        linear, offset = view.to_device()
        xs = (np.arange(part.x(), part.x() + part.width()) - offset[0], 0)
        ys = (np.arange(part.y(), part.y() + part.height()) - offset[1], 1)
        swapped = view.turn.swaps_sides
        for_cols, for_rows = (ys, xs) if swapped else (xs, ys)
        cols = np.floor(for_cols[0] / linear[for_cols[1], 0] + 0.5).astype(np.intp) - col0
        rows = np.floor(for_rows[0] / linear[for_rows[1], 1] + 0.5).astype(np.intp) - row0
        inside = ((rows >= 0) & (rows < bits.shape[0]))[:, None]
        inside = inside & ((cols >= 0) & (cols < bits.shape[1]))[None, :]
        seen = bits[np.clip(rows, 0, bits.shape[0] - 1)][:, np.clip(cols, 0, bits.shape[1] - 1)]
        seen = (seen > 0) & inside
        tint = np.where(seen.T if swapped else seen, TINT, np.int32(0))
        tint = np.ascontiguousarray(tint)
        picture = QImage(tint.data, tint.shape[1], tint.shape[0], tint.strides[0],
                         QImage.Format.Format_ARGB32_Premultiplied)  # fmt: skip
        painter.save()
        painter.scale(1 / view.ratio, 1 / view.ratio)
        painter.drawImage(part.topLeft(), picture)
        painter.restore()

    def _draw_text(self, painter: QPainter, view: ViewTransform) -> None:
        assert self.image is not None
        metrics = QFontMetricsF(self.font())
        lines = self._lines(view)
        for line in lines:
            writing.write(painter, line.at, line.text)
        letters = self.edges()
        for edge, place in writing.letter_places(self.rect(), letters, metrics, lines).items():
            at = place.bottomLeft() - QPointF(0, metrics.descent())
            writing.write(painter, at, getattr(letters, edge))

    def _lines(self, view: ViewTransform) -> list[writing.Line]:
        """What is written in the corners."""
        assert self.image is not None
        return writing.lines(
            self.rect(),
            QFontMetricsF(self.font()),
            writing.head_line(self.image, self.slice()),
            writing.foot_line(self.image, view.percent, self.values_window()),
            writing.badges(self.view.turn, self.view.inverted),
        )

    def _draw_lens(self, painter: QPainter, view: ViewTransform, plane: Plane) -> None:
        assert self.image is not None and self._pointer is not None
        place = self._lens_place(view, self._pointer)
        lens = replace(
            view, size=(float(LENS_PX), float(LENS_PX)), center=self._pointer,
            zoom=view.zoom * self._lens,
        )  # fmt: skip
        look = self._looks.of(self.image, self.slice(), self.view, plane.stored)
        room = QRect(0, 0, LENS_PX, LENS_PX)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.translate(place.topLeft())
        painter.setClipRect(room, Qt.ClipOperation.IntersectClip)
        size = (self.image.rows, self.image.cols)
        self._lens_picture.draw(painter, lens, plane, plane.levels, size, look, room)
        painter.setPen(writing.TEXT)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(room.adjusted(0, 0, -1, -1))
        painter.restore()

    # what has to be painted anew

    def _ring(self, view: ViewTransform, at: Point) -> QRectF:
        """The brush on the screen; an ellipse where pixels are not square."""
        radius = self._radius()
        (a, b), (c, d) = view.linear
        wide, tall = radius * (abs(a) + abs(b)), radius * (abs(c) + abs(d))
        x, y = view.to_screen(at)
        return QRectF(x - wide, y - tall, 2 * wide, 2 * tall)

    def _lens_place(self, view: ViewTransform, at: Point) -> QRectF:
        """Around the pointer, on the grid of device pixels."""
        x, y = view.to_screen(at)
        left, top = (round((v - LENS_PX / 2) * view.ratio) / view.ratio for v in (x, y))
        return QRectF(left, top, LENS_PX, LENS_PX)

    @staticmethod
    def _box_on_screen(view: ViewTransform, row: int, col: int, rows: int, cols: int) -> QRect:
        """The screen rectangle of a box of image pixels."""
        first = QPointF(*view.to_screen((col - 0.5, row - 0.5)))
        last = QPointF(*view.to_screen((col + cols - 0.5, row + rows - 0.5)))
        return QRectF(first, last).normalized().toAlignedRect()

    def _moving(self, view: ViewTransform) -> QRect:
        """What follows the pointer: brush, line and lens, where they are now."""
        place = QRectF()
        if self._pointer is not None:
            if self._tool is not None and self._tool.uses_radius and self.image is not None:
                place = place.united(self._ring(view, self._pointer))
            if self._lens:
                place = place.united(self._lens_place(view, self._pointer))
        for point in self._stroke.outline() if self._stroke is not None else ():
            place = place.united(_spot(view.to_screen(point)))
        return place.toAlignedRect().adjusted(-4, -4, 4, 4) if not place.isNull() else QRect()

    def _painted_box(self, view: ViewTransform) -> QRect:
        painted = self._stroke.painted() if self._stroke is not None else None
        if painted is None:
            return QRect()
        bits, (row, col) = painted
        return self._box_on_screen(view, row, col, *bits.shape)

    def _radius(self) -> int:
        assert self.image is not None
        return self.surface_for(self.image, self.slice()).radius if self.surface_for else 1

    # mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus()
        self.focused.emit(self)
        if self.image is None:
            return
        at, roles = event.position(), mouse_roles()
        if event.button() is roles.first:
            self._held_by = self._taking(at)
            if self._held_by is not None:
                self.update()
                return
            if self._tool is not None and self.surface_for is not None:
                self._press(self.to_image(at))
                return
        what = roles.drag(event.button())
        self._drag = _Dragging(
            what,
            event.button(),
            at,
            self.transform(),
            self.values_window(),
            self.slice(),
            self.view.look,
        )

    def _taking(self, at: QPointF) -> Layer | None:
        """The layer that takes a press, while marks are shown."""
        if self.view.shown is MarksShown.HIDDEN:
            return None
        return next((layer for layer in self.layers if layer.press(self, at)), None)

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
        if self._held_by is not None:
            self._held_by.drag(self, at)
            return
        if self._drag is not None:
            self._dragged(at)
            return
        if self.image is None:
            return
        view = self.transform()
        before, painted = self._moving(view), self._painted_box(view)
        self._pointer = view.to_image((at.x(), at.y()))
        if self._stroke is not None:
            self._stroke.move(self._pointer, bool(event.buttons() & mouse_roles().first))
        dirty = before.united(self._moving(view))
        now = self._painted_box(view)
        if not painted.united(dirty).contains(now):
            dirty = dirty.united(now)
        if self._stroke is not None and self._stroke.whole_pane:
            self.update()
        elif not dirty.isEmpty():
            self.update(dirty)
        self.read_out.emit(self._read(self._pointer))

    def _dragged(self, at: QPointF) -> None:
        assert self._drag is not None
        drag = self._drag
        dx, dy = at.x() - drag.start.x(), at.y() - drag.start.y()
        if drag.what is Drag.PAN:
            # By whole device pixels: what is on the screen already is moved, not read anew.
            ratio = drag.view.ratio
            self.look_from(drag.view.moved((round(dx * ratio) / ratio, round(dy * ratio) / ratio)))
            return
        if abs(dx) + abs(dy) <= CLICK_PX:
            return
        if drag.what is Drag.ZOOM:
            middle = (self.width() / 2, self.height() / 2)
            self.look_from(drag.view.zoomed(middle, 1.01 ** (-dy)))
        elif drag.what is Drag.SLICES:
            self.go_to_slice(drag.z + round(dy / 8))
        elif drag.what is Drag.WINDOW and self.image is not None and self.image.samples == 3:
            # As with a window: to the right softens, up darkens.
            up = dy * mouse_roles().level_sign
            self.view.set(look=drag.look.moved(up / 4, -dx / 4))
        elif drag.what is Drag.WINDOW:
            center, width = drag.window
            step = max(1.0, width / 300)
            level = center - dy * step * mouse_roles().level_sign
            # To the right widens, up raises the level (darkens), as most viewers have it.
            self.view.set(window=(level, max(1.0, width + dx * step)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._held_by is not None:
            held, self._held_by = self._held_by, None
            held.release(self)
            return
        if self._drag is not None:
            drag = self._drag
            if event.button() != drag.button:
                return
            self._drag = None
            moved = event.position() - drag.start
            if abs(moved.x()) + abs(moved.y()) <= CLICK_PX:
                self._clicked(event)
            return
        if self._stroke is not None and event.button() is mouse_roles().first:
            if self._stroke.release(self.to_image(event.position())):
                self._stroke = None
            self.update()

    def _clicked(self, event: QMouseEvent) -> None:
        """Choose the mark under the pointer, the smallest first; or open the menu."""
        assert self.image is not None
        if event.button() is mouse_roles().second:
            self.menu_wanted.emit(event.globalPosition().toPoint())
        elif event.button() is mouse_roles().first:
            view = self.transform()
            point = view.to_image((event.position().x(), event.position().y()))
            self.mark_clicked.emit(self._layer.under(point, self.image, self.slice(), view))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The menu's own key opens it; the right button may be dragging."""
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            self.menu_wanted.emit(event.globalPos())
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._stroke is not None:
            if self._stroke.close():
                self._stroke = None
            self.update()
        elif self._tool is None and event.button() is mouse_roles().first:
            self.alone_wanted.emit(self)
        else:
            self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.image is None:
            return
        event.accept()
        self._turned_wheel += event.angleDelta().y() or event.angleDelta().x()
        notches = int(self._turned_wheel / 120)
        self._turned_wheel -= notches * 120
        if not notches:
            return
        keys = event.modifiers()
        if self.image.slices > 1 and not keys & Qt.KeyboardModifier.ControlModifier:
            jump = 10 if keys & Qt.KeyboardModifier.ShiftModifier else 1
            self.go_to_slice(self.slice() - notches * jump)
        else:
            self.zoom_at(event.position(), 1.2**notches)

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
        if self.image is None or self.image.slices == 1:
            event.ignore()
            return
        far = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        near = 10 if far else 1
        here, last = self.slice(), self.image.slices - 1
        places = {Qt.Key.Key_Up: here - near, Qt.Key.Key_Down: here + near,
                  Qt.Key.Key_PageUp: here - 10, Qt.Key.Key_PageDown: here + 10,
                  Qt.Key.Key_Home: 0, Qt.Key.Key_End: last}  # fmt: skip
        if key in places:
            self.go_to_slice(places[Qt.Key(key)])
        else:
            event.ignore()

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self.read_out.emit("")
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and self._stroke is not None:
            if isinstance(event, QKeyEvent) and event.key() in STROKE_KEYS:
                event.accept()  # the stroke's, before any shortcut's
                return True
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._explain(event)
            return True
        return super().event(event)

    def _explain(self, event: QHelpEvent) -> None:
        """The long form of the letters at an edge."""
        letters = self.edges()
        written = self._lines(self.transform()) if self.image is not None else ()
        metrics = QFontMetricsF(self.font())
        places = writing.letter_places(self.rect(), letters, metrics, written)
        for edge, place in places.items():
            if place.adjusted(-6, -6, 6, 6).contains(QPointF(event.pos())):
                words = writing.letters_in_words(getattr(letters, edge))
                QToolTip.showText(event.globalPos(), words, self)
                return
        QToolTip.hideText()

    def _read(self, point: Point) -> str:
        """Pixel and value under the pointer."""
        assert self.image is not None
        x, y = round(point[0]), round(point[1])
        plane = self._current()
        if plane is None or not (0 <= x < self.image.cols and 0 <= y < self.image.rows):
            return ""
        value = plane.stored[y, x]
        if self.image.samples == 3:
            shown = "RGB " + " ".join(str(int(v)) for v in np.asarray(value).ravel())
        else:
            chain = GreyChain.of(self.image, self.slice())
            shown = f"{float(chain.modality(np.asarray(value))):g}"
            shown += " HU" if self.image.modality == "CT" else ""
        return f"x {x}  y {y}  {shown}"


def _spot(at: Point) -> QRectF:
    return QRectF(at[0] - 1, at[1] - 1, 2, 2)
