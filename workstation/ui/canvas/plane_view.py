"""One plane through a volume: pixels, the crosshair of the other two, marks cut by it.

Plane and screen: the point (u, v) in mm lies at screen `((u, v) - eye) * zoom + size / 2`; `eye` is
a patient point, so that the picture stands still while the crosshair moves through it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QLineF, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from workstation.display.grey import BACKGROUND, Choice, GreyChain
from workstation.display.volume import (
    Axis,
    LabelBox,
    Plane,
    Projection,
    Sampling,
    Section,
    Vector,
    grid_section,
    label_section,
    shown,
)
from workstation.domain.geometry import ViewTurn, edges_of_plane
from workstation.domain.image import Image, Window
from workstation.domain.masks import Mask
from workstation.i18n import tr
from workstation.ui.canvas.painting import outline_lines
from workstation.ui.canvas.reslice import Reslicer, samples_across
from workstation.ui.canvas.writing import badges
from workstation.ui.state.mouse import Drag, mouse_roles
from workstation.ui.state.mpr_state import MprState
from workstation.ui.state.view_state import MarksShown, ViewState
from workstation.ui.window_choices import in_force

# The axes of the planes as other viewers have them, toned for the dark room.
AXIS_COLORS = {Axis.AXIAL: "#d0504a", Axis.CORONAL: "#4fae5a", Axis.SAGITTAL: "#c4bc46"}
OUTSIDE = -1e9
# Screen pixels around the crosshair that take hold of it.
GRIP_PX = 8.0
# Less movement than this, in screen pixels, is a click.
CLICK_PX = 3.0
# Samples of the voxels that take about a fiftieth of a second.
SAMPLES_AT_ONCE = 500_000


@dataclass(frozen=True, slots=True)
class VolumeMark:
    """A mark as the planes show it: a region of voxels, or a patient point."""

    name: str
    color: str
    region: LabelBox | None = None
    point: Vector | None = None


class PlaneView(QWidget):
    """`state` has the planes, `view` the window and whether marks show; both are shared."""

    read_out = Signal(str)
    alone_wanted = Signal(object)

    def __init__(
        self, axis: Axis, image: Image, state: MprState, view: ViewState, reslicer: Reslicer
    ) -> None:
        super().__init__()
        self.axis = axis
        self.zoom: float | None = None
        self._image = image
        self._state = state
        self._view = view
        self._reslicer: Reslicer | None = reslicer
        self._eye: Vector | None = None
        self._marks: tuple[VolumeMark, ...] = ()
        self._buffer: tuple[object, npt.NDArray[np.generic], npt.NDArray[np.bool_]] | None = None
        self._table: tuple[Choice, npt.NDArray[np.uint8]] | None = None
        self._fine: _Fine | None = None
        self._drag: tuple[str, QPointF, tuple[float, ...]] | None = None
        self._held = Qt.MouseButton.NoButton
        self._refine = QTimer(self)
        self._refine.setInterval(0)
        self._refine.timeout.connect(self._refine_part)
        chain = GreyChain.of(image)
        floats = state.volume.voxels.dtype.kind == "f"
        self._chain = replace(chain, slope=1.0, intercept=0.0, padding=None) if floats else chain
        few = state.volume.voxels[:: max(1, image.slices // 8)]
        self._range = self._chain.full_range(few)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 100)
        state.changed.connect(self.update)
        view.changed.connect(self.update)

    def release(self) -> None:
        """Let go of the voxels."""
        self._refine.stop()
        self._reslicer = self._buffer = self._fine = None

    def set_marks(self, marks: Sequence[VolumeMark]) -> None:
        self._marks = tuple(marks)
        self.update()

    def fit(self) -> None:
        """The whole volume in the pane."""
        self.zoom = self._eye = None
        self.update()

    # geometry

    @property
    def plane(self) -> Plane:
        return self._state.planes[self.axis]

    def eye(self) -> tuple[float, float]:
        """The plane point (u, v) in the middle of the pane, in mm."""
        u, v, _ = self.plane.from_patient(self._eye or self._state.volume.center)
        return u, v

    def scale(self) -> float:
        """Screen pixels per mm."""
        if self.zoom is not None:
            return self.zoom
        width, height = self._extent()
        return max(1e-3, min(self.width() / width, self.height() / height) * 0.96)

    def _extent(self) -> tuple[float, float]:
        """Width and height in mm of what the volume covers on a plane of this turn."""
        volume = self._state.volume
        size = np.array(volume.voxels.shape[::-1])
        plane = self.plane
        extents = []
        for direction in (plane.right, plane.down):
            along = np.abs(volume.to_patient_matrix[:3, :3].T @ np.array(direction))
            extents.append(float(along @ size))
        return extents[0], extents[1]

    def to_plane(self, at: QPointF) -> tuple[float, float]:
        scale, (u, v) = self.scale(), self.eye()
        return (at.x() - self.width() / 2) / scale + u, (at.y() - self.height() / 2) / scale + v

    def to_screen(self, u: float, v: float) -> QPointF:
        scale, (eu, ev) = self.scale(), self.eye()
        return QPointF((u - eu) * scale + self.width() / 2, (v - ev) * scale + self.height() / 2)

    def to_patient(self, at: QPointF) -> Vector:
        return self.plane.to_patient(*self.to_plane(at))

    def _sampling(self) -> Sampling:
        """One sample for each device pixel, at its centre."""
        ratio = self.devicePixelRatioF()
        cols, rows = max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))
        u0, v0 = self.to_plane(QPointF(0.5 / ratio, 0.5 / ratio))
        return Sampling(u0, v0, 1 / (self.scale() * ratio), cols, rows)

    # pixels

    def _values(self) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.bool_]]:
        """Stored values at every device pixel, and where there are none; kept until it moves."""
        state, sampling = self._state, self._sampling()
        key = (self.plane, state.thickness_mm, state.projection, sampling)
        if self._buffer is not None and self._buffer[0] == (key, False):
            return self._buffer[1:]
        if self._buffer is not None and self._buffer[0] == (key, True):
            self._ask_for_fine(key)
            return self._buffer[1:]
        self._fine = None
        section = grid_section(state.volume, self.plane, state.thickness_mm, state.projection)
        if section is not None:
            self._keep((key, False), shown(section, sampling, OUTSIDE))
        else:
            self._oblique(key, sampling)
        assert self._buffer is not None
        return self._buffer[1:]

    def _oblique(self, key: object, sampling: Sampling) -> None:
        """An oblique plane at once; a slab coarse at once and the rest when there is time."""
        assert self._reslicer is not None
        state = self._state
        first = _no_finer(sampling, min(state.volume.spacing) / 2)
        count, _ = samples_across(state.volume, state.thickness_mm)
        work = first.cols * first.rows * count
        coarse = work > SAMPLES_AT_ONCE
        if coarse:
            factor = math.sqrt(work / SAMPLES_AT_ONCE)
            first = _no_finer(sampling, first.step_mm * factor)
        values = self._reslicer.values(
            self.plane, first, state.thickness_mm, state.projection, OUTSIDE
        )
        self._keep((key, coarse), _spread(values, first, sampling))
        if coarse:
            self._ask_for_fine(key)

    def _ask_for_fine(self, key: object) -> None:
        if not self._state.moving and not self._refine.isActive():
            self._fine = _Fine(key, _no_finer(self._sampling(), min(self._state.volume.spacing)))
            self._refine.start()

    def _refine_part(self) -> None:
        """A few rows of the slab, then let the window live; shown when all are there."""
        fine, state = self._fine, self._state
        if fine is None or state.moving or self._reslicer is None:
            self._refine.stop()
            return
        count, _ = samples_across(state.volume, state.thickness_mm)
        part = fine.next_part(max(1, SAMPLES_AT_ONCE // (count * fine.sampling.cols)))
        fine.rows.append(
            self._reslicer.values(self.plane, part, state.thickness_mm, state.projection, OUTSIDE)
        )
        if fine.done:
            self._refine.stop()
            whole = _spread(np.concatenate(fine.rows), fine.sampling, self._sampling())
            self._keep((fine.key, False), whole)
            self._fine = None
            self.update()

    def _keep(self, key: object, values: npt.NDArray[np.float32]) -> None:
        # One part in a thousand of what lies beyond is too much to show a value.
        outside = values < OUTSIDE / 1000
        kind = self._state.volume.voxels.dtype
        if kind.kind == "f":
            kept: npt.NDArray[np.generic] = values
        else:
            most = np.iinfo(kind)
            kept = np.rint(np.clip(values, most.min, most.max)).astype(kind)
        self._buffer = (key, kept, outside)

    def choice(self) -> Choice:
        """The window in force, as the slices have it: by hand, else of those the file offers, else
        the range of its values."""
        return in_force(self._view, self._chain) or self._range

    def _grey(self) -> npt.NDArray[np.uint8]:
        values, outside = self._values()
        if values.dtype.kind == "f":
            grey = self._chain.levels(values, self.choice())
        else:
            grey = self._looked_up(values, self.choice())
        if self._view.inverted:
            grey = np.asarray(255 - grey, np.uint8)
        grey[outside] = BACKGROUND
        return grey

    def _looked_up(self, values: npt.NDArray[np.generic], choice: Choice) -> npt.NDArray[np.uint8]:
        """Through the chain's table, which is made once for a window."""
        if self._table is None or self._table[0] != choice:
            self._table = choice, self._chain.table(values.dtype, choice)
        places = values.view(f"u{values.dtype.itemsize}")
        return np.asarray(cv2.LUT(places, self._table[1]), np.uint8)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._reslicer is None:
            painter.fillRect(self.rect(), QColor("#000000"))
            return
        grey = self._grey()
        rows, cols = grey.shape
        picture = QImage(grey.data, cols, rows, cols, QImage.Format.Format_Grayscale8)
        picture.setDevicePixelRatio(self.devicePixelRatioF())
        painter.drawImage(0, 0, picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._view.shown is not MarksShown.HIDDEN:
            painter.setOpacity(self._view.opacity)
            for mark in self._marks:
                self._draw_mark(painter, mark)
            painter.setOpacity(1.0)
        self._draw_crosshair(painter)
        self._draw_text(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        if self.hasFocus():
            painter.setPen(QColor("#5b6067"))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _draw_mark(self, painter: QPainter, mark: VolumeMark) -> None:
        color = QColor(mark.color)
        if mark.point is not None:
            u, v, w = self.plane.from_patient(mark.point)
            if abs(w) <= max(self._state.thickness_mm, max(self._state.volume.spacing)) / 2:
                for pen in (QPen(QColor(0, 0, 0, 190), 3.5), QPen(color, 1.6)):
                    painter.setPen(pen)
                    painter.drawEllipse(self.to_screen(u, v), 6, 6)
            return
        assert mark.region is not None
        ratio = self.devicePixelRatioF()
        found = label_section(self._state.volume, self.plane, mark.region, self._sampling())
        if found is None:
            return
        bits, col0, row0 = found
        lines = [
            QLineF(*((float(v) + 0.5 + offset) / ratio
                     for v, offset in zip(segment, (col0, row0, col0, row0), strict=True)))
            for segment in outline_lines(Mask.from_array(bits))
        ]  # fmt: skip
        for pen in (QPen(QColor(0, 0, 0, 190), 3.0), QPen(color, 1.3)):
            painter.setPen(pen)
            painter.drawLines(lines)

    # crosshair

    def _lines(self) -> dict[Axis, tuple[QPointF, float]]:
        """For each other plane the direction of its line on the screen, as angle in radians."""
        mine = self.plane
        middle = self.to_screen(0.0, 0.0)
        out = {}
        for axis, other in self._state.planes.items():
            if axis is not self.axis:
                along = np.cross(mine.normal, other.normal)
                angle = math.atan2(float(along @ mine.down), float(along @ mine.right))
                out[axis] = (middle, angle)
        return out

    def _grips(self, middle: QPointF, angle: float) -> tuple[QPointF, QPointF]:
        """Where the ends of a line are taken hold of."""
        reach = 0.36 * min(self.width(), self.height())
        offset = QPointF(math.cos(angle), math.sin(angle)) * reach
        return middle + offset, middle - offset

    def _draw_crosshair(self, painter: QPainter) -> None:
        far = float(self.width() + self.height())
        for axis, (middle, angle) in self._lines().items():
            color = QColor(AXIS_COLORS[axis])
            way = QPointF(math.cos(angle), math.sin(angle))
            for pen in (QPen(QColor(0, 0, 0, 150), 2.6), QPen(color, 1.1)):
                painter.setPen(pen)
                for sign in (1, -1):
                    painter.drawLine(middle + way * (10.0 * sign), middle + way * (far * sign))
            painter.setBrush(color)
            painter.setPen(QPen(QColor(0, 0, 0, 150), 1.0))
            for grip in self._grips(middle, angle):
                painter.drawEllipse(grip, 3.5, 3.5)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            self._draw_slab(painter, middle, way, color)

    def _draw_slab(self, painter: QPainter, middle: QPointF, way: QPointF, color: QColor) -> None:
        """The two borders of what the other plane's slab takes in."""
        half = self._state.thickness_mm / 2 * self.scale()
        if half < 2:
            return
        far = float(self.width() + self.height())
        pen = QPen(color, 0.8, Qt.PenStyle.DashLine)
        painter.setPen(pen)
        across = QPointF(-way.y(), way.x()) * half
        for sign in (1, -1):
            start = middle + across * sign
            painter.drawLine(start - way * far, start + way * far)

    # text

    def _draw_text(self, painter: QPainter) -> None:
        names = {
            Axis.AXIAL: tr("Axial"), Axis.CORONAL: tr("Coronal"), Axis.SAGITTAL: tr("Sagittal"),
        }  # fmt: skip
        title = names[self.axis]
        if not self._state.is_standard(self.axis):
            title = tr("{plane}, oblique", plane=title)
        self._text(painter, QPointF(8, 18), title, AXIS_COLORS[self.axis])
        component = {Axis.SAGITTAL: 0, Axis.CORONAL: 1, Axis.AXIAL: 2}[self.axis]
        position = round(self._state.center[component], 1) + 0.0  # never "-0.0"
        self._text(painter, QPointF(8, 36), f"{'xyz'[component]} {position:.1f} mm")
        volume = self._state.volume
        if volume.tilt_deg:
            note = tr("gantry tilt {tilt}°, corrected", tilt=f"{volume.tilt_deg:.1f}")
            self._text(painter, QPointF(8, 54), note)
        bottom = f"{self.scale():.2f} px/mm"
        if self._view.inverted:
            bottom = f"{badges(ViewTurn(), True)}   {bottom}"
        choice = self.choice()
        if isinstance(choice, Window):
            bottom += f"   W {choice.width:.0f}  L {choice.center:.0f}"
        self._text(painter, QPointF(8, self.height() - 8), bottom)
        if self._state.thickness_mm > 0:
            slab = slab_text(self._state.thickness_mm, self._state.projection)
            self._text(painter, QPointF(8, self.height() - 26), slab)
        self._letters(painter)

    def _letters(self, painter: QPainter) -> None:
        letters = edges_of_plane(self.plane.right, self.plane.down)
        font = painter.font()
        font.setBold(True)
        painter.save()
        painter.setFont(font)
        width, height = self.width(), self.height()
        measure = painter.fontMetrics()
        # Beside the lines of the crosshair as it is at the start.
        for text, at in (
            (letters.left, QPointF(8, height / 2 - 10)),
            (letters.right, QPointF(width - 8 - measure.horizontalAdvance(letters.right),
                                    height / 2 - 10)),
            (letters.top, QPointF(width / 2 + 10, 18)),
            (letters.bottom, QPointF(width / 2 + 10, height - 8)),
        ):  # fmt: skip
            self._text(painter, at, text)
        painter.restore()

    def _text(self, painter: QPainter, at: QPointF, text: str, color: str = "#d6d8da") -> None:
        """Light text with a dark edge: it is read on lung and on bone."""
        painter.setPen(QColor(0, 0, 0))
        for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            painter.drawText(at + QPointF(dx, dy), text)
        painter.setPen(QColor(color))
        painter.drawText(at, text)

    # mouse

    def _grip(self, at: QPointF, shift: bool) -> str:
        """What the pointer would take hold of: "turn", "cross" or nothing."""
        for middle, angle in self._lines().values():
            if any(QLineF(at, grip).length() <= GRIP_PX + 4 for grip in self._grips(middle, angle)):
                return "turn"
            way = at - middle
            off = abs(way.x() * math.sin(angle) - way.y() * math.cos(angle))
            if off <= GRIP_PX:
                return "turn" if shift else "cross"
        return ""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus()
        if self._drag is not None:
            return
        at, roles = event.position(), mouse_roles()
        self._held = event.button()
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        grip = self._grip(at, shift) if event.button() is roles.first else ""
        if grip:
            self._drag = (grip, at, (self._angle(at),))
            self._state.set_moving(True)
            return
        what = roles.drag(event.button())
        choice = self.choice()
        window = (choice.center, choice.width) if isinstance(choice, Window) else (0.0, 1.0)
        was = {Drag.PAN: self.eye(), Drag.ZOOM: (self.scale(),), Drag.WINDOW: window}
        self._drag = (what, at, was.get(what, (0.0,)))

    def _angle(self, at: QPointF) -> float:
        middle = self.to_screen(0.0, 0.0)
        return math.atan2(at.y() - middle.y(), at.x() - middle.x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._drag is None:
            shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            cursor = {
                "turn": Qt.CursorShape.SizeAllCursor, "cross": Qt.CursorShape.CrossCursor,
            }.get(self._grip(at, shift), Qt.CursorShape.ArrowCursor)  # fmt: skip
            self.setCursor(cursor)
            self.read_out.emit(self._read(at))
            return
        self._dragged(at)

    def _dragged(self, at: QPointF) -> None:
        assert self._drag is not None
        what, start, was = self._drag
        dx, dy = at.x() - start.x(), at.y() - start.y()
        if what == "cross":
            self._state.move_to(self.to_patient(at))
        elif what == "turn":
            angle = self._angle(at)
            self._drag = (what, start, (angle,))
            # Screen right, down and the normal are a right-handed frame, as is u, v, w.
            self._state.turn(self.axis, angle - was[0])
        elif what == Drag.PAN:
            scale = self.scale()
            self._eye = self.plane.to_patient(was[0] - dx / scale, was[1] - dy / scale)
            self.zoom = scale
            self.update()
        elif abs(dx) + abs(dy) <= CLICK_PX:
            return
        elif what == Drag.ZOOM:
            self._set_zoom(was[0] * 1.01 ** (-dy))
        elif what == Drag.SLICES:
            steps = round(dy / 8)
            self._drag = (what, start, (steps,))
            self._state.step(self.axis, steps - round(was[0]))
        elif what == Drag.WINDOW:
            step = max(1.0, was[1] / 300)
            level = was[0] - dy * step * mouse_roles().level_sign
            self._view.set(window=(level, max(1.0, was[1] + dx * step)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._drag is None or event.button() is not self._held:
            return
        what, start, _ = self._drag
        self._drag = None
        self._state.set_moving(False)
        moved = event.position() - start
        click = self._held is mouse_roles().first and what not in ("cross", "turn")
        if click and abs(moved.x()) + abs(moved.y()) <= CLICK_PX:
            self._state.move_to(self.to_patient(event.position()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() is mouse_roles().first:
            self.alone_wanted.emit(self)

    def _set_zoom(self, zoom: float) -> None:
        self._eye = self._eye or self._state.volume.center
        self.zoom = min(60.0, max(0.05, zoom))
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.angleDelta().y() or event.angleDelta().x()
        steps = 1 if delta > 0 else -1
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._set_zoom(self.scale() * 1.2**steps)
        else:
            jump = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            self._state.step(self.axis, -steps * jump)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -10,
                 Qt.Key.Key_PageDown: 10}  # fmt: skip
        if event.key() in steps:
            self._state.step(self.axis, steps[Qt.Key(event.key())])
        else:
            event.ignore()

    def leaveEvent(self, event: QEvent) -> None:
        self.read_out.emit("")

    def _read(self, at: QPointF) -> str:
        """The patient point under the pointer and the value there: of the voxel it lies in, or of
        the slab as it is shown."""
        if self._reslicer is None:
            return ""
        point = self.to_patient(at)
        volume, unit = self._state.volume, " HU" if self._image.modality == "CT" else ""
        place = "  ".join(f"{n} {v:.1f}" for n, v in zip("xyz", point, strict=True)) + " mm"
        if self._state.thickness_mm <= 0:
            value = volume.value_at(point)
            return f"{place}   {value:g}{unit}" if value is not None else place
        values, outside = self._values()
        ratio = self.devicePixelRatioF()
        col, row = int(at.x() * ratio), int(at.y() * ratio)
        if not (0 <= row < values.shape[0] and 0 <= col < values.shape[1]) or outside[row, col]:
            return place
        number = float(values[row, col]) * volume.slope + volume.intercept
        slab = slab_text(self._state.thickness_mm, self._state.projection)
        return f"{place}   {number:.0f}{unit} ({slab})"


class _Fine:
    """A slab on its way: the rows that are there."""

    def __init__(self, key: object, sampling: Sampling) -> None:
        self.key = key
        self.sampling = sampling
        self.rows: list[npt.NDArray[np.float32]] = []
        self._next = 0

    def next_part(self, rows: int) -> Sampling:
        one = self.sampling
        count = min(rows, one.rows - self._next)
        part = replace(one, v0=one.v0 + self._next * one.step_mm, rows=count)
        self._next += count
        return part

    @property
    def done(self) -> bool:
        return self._next >= self.sampling.rows


def _no_finer(sampling: Sampling, step_mm: float) -> Sampling:
    """The same field with samples at least `step_mm` apart."""
    if step_mm <= sampling.step_mm:
        return sampling
    factor = step_mm / sampling.step_mm
    cols, rows = math.ceil(sampling.cols / factor) + 1, math.ceil(sampling.rows / factor) + 1
    return Sampling(sampling.u0, sampling.v0, step_mm, cols, rows)


def _spread(
    values: npt.NDArray[np.float32], held: Sampling, wanted: Sampling
) -> npt.NDArray[np.float32]:
    """Values of one sampling at the places of a finer one."""
    if held == wanted:
        return values
    return shown(Section(values, held.u0, held.v0, held.step_mm, held.step_mm), wanted, OUTSIDE)


def slab_text(thickness_mm: float, projection: Projection) -> str:
    """A slab as it is named beside a picture."""
    size = f"{thickness_mm:g}"
    return {
        Projection.MAXIMUM: tr("MIP {size} mm", size=size),
        Projection.MINIMUM: tr("MinIP {size} mm", size=size),
        Projection.MEAN: tr("mean of {size} mm", size=size),
    }[projection]
